"""After sharing: a copy to keep, a way back that can be verified, and consents that can be taken back."""

import hashlib
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app.models import Consent, Event
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import consents, event_types, onboarding_row, result_of, rows
from tests.support.tenants import RETURN_URL, MadeTenant


@pytest.fixture
def done(consumer: Consumer, tenant: MadeTenant) -> tuple[Consumer, object]:
    """A consumer who has shared."""
    onboarding_id, token = tenant.onboard(state="s-7 & more")
    consumer.to_review(token)
    consumer.share()
    return consumer, onboarding_id


Done = tuple[Consumer, object]


def _return_link(consumer: Consumer) -> str:
    found = re.search(rf'href="({re.escape(RETURN_URL)}\?[^"]+)"', consumer.page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_the_way_back_carries_a_word_the_tenant_can_verify(done: Done, tenant: MadeTenant) -> None:
    consumer, _ = done
    query = {name: values[0] for name, values in parse_qs(urlsplit(_return_link(consumer)).query).items()}
    assert set(query) == {"onboarding_id", "status", "state", "return_token"}
    assert (query["onboarding_id"], query["status"], query["state"]) == (consumer.onboarding, "completed", "s-7 & more")
    keys = consumer.client.get("/.well-known/jwks.json").get_json()
    token = jwt.decode(query["return_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
    claims = token.claims
    assert token.header["typ"] == "onboarding-return+jwt"
    assert claims["aud"] == f"ten_{tenant.scope.tenant_id.hex}"
    assert (claims["sub"], claims["status"], claims["state"]) == (consumer.onboarding, "completed", "s-7 & more")
    assert claims["exp"] - claims["iat"] == 600
    assert not {"Maria", "4155550011"} & set(json.dumps(claims).split())


def test_the_copy_says_what_was_shared_and_agreed_to(done: Done, tenant: MadeTenant) -> None:
    consumer, onboarding_id = done
    answer = consumer.client.get(consumer.url("copy"))
    assert "attachment" in answer.headers["Content-Disposition"]
    copy = answer.get_json()
    assert copy["shared_with"] == "Acme Credit Union"
    assert copy["reference"] == onboarding_row(tenant, onboarding_id).reference
    shared = {fact["question"]: fact["answer"] for fact in copy["shared"]}
    assert shared["Last name"] == ["Ortiz Reyes"]
    assert shared["Last four digits of your SSN"] == ["••••"]
    assert "1975-01-18" not in answer.get_data(as_text=True)
    assert "111122223334021" not in answer.get_data(as_text=True)
    hashes = [hashlib.sha256(agreed["text"].encode()).hexdigest() for agreed in copy["agreed"]]
    assert hashes == [consent.text_hash for consent in consents(tenant)]


def test_no_copy_before_the_end_nor_for_strangers(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    assert consumer.client.get(consumer.url("copy")).status_code == 404
    consumer.share()
    stranger = browser()
    stranger.get(consumer.url("copy"))
    assert stranger.status == 401
    assert "Maria" not in stranger.page
    stranger.get(consumer.url())
    assert "Maria" not in stranger.page
    stranger.open(token)
    assert stranger.heading == "This form is done"
    assert "Maria" not in stranger.page


@pytest.mark.parametrize(("how", "score"), [("easy", 5), ("fine", 3), ("hard", 1)])
def test_one_tap_says_how_it_was(done: Done, tenant: MadeTenant, how: str, score: int) -> None:
    consumer, onboarding_id = done
    consumer.post(consumer.url("feedback"), how=how)
    assert consumer.heading == "All done, Maria"
    assert onboarding_row(tenant, onboarding_id).satisfaction == how
    rated = [event for event in rows(tenant, Event) if event.type == "onboarding.rated"]
    assert [event.data["user_satisfaction"] for event in rated] == [score]


def test_a_made_up_rating_is_none(done: Done, tenant: MadeTenant) -> None:
    consumer, onboarding_id = done
    consumer.post(consumer.url("feedback"), how="<script>")
    assert onboarding_row(tenant, onboarding_id).satisfaction is None


def test_the_consent_to_the_credit_file_can_be_taken_back_once(done: Done, tenant: MadeTenant) -> None:
    consumer, onboarding_id = done
    consent = next(consent for consent in consents(tenant) if consent.kind == "credit_file")
    url = consumer.url("consents", str(consent.id), "withdraw")
    consumer.post(url)
    consumer.post(url)
    assert consumer.heading == "All done, Maria"
    assert "Withdraw: Reading your credit file, once" not in consumer.moves
    assert event_types(tenant, onboarding_id).count("consent.withdrawn") == 1
    kept = next(row for row in consents(tenant) if row.kind == "credit_file")
    assert kept.withdrawn_at is not None
    assert (kept.text_hash, kept.given_at) == (consent.text_hash, consent.given_at)


def test_a_consent_of_another_onboarding_cannot_be_taken_back(
    done: Done, browser: Callable[[], Consumer], other_tenant: MadeTenant
) -> None:
    consumer, _ = done
    other = browser()
    _, token = other_tenant.onboard()
    other.prove(token)
    foreign = rows(other_tenant, Consent)[0]
    assert consumer.post(consumer.url("consents", str(foreign.id), "withdraw")).status_code == 404
    assert rows(other_tenant, Consent)[0].withdrawn_at is None


def test_the_done_page_is_the_same_after_a_reload(done: Done) -> None:
    consumer, _ = done
    shown = consumer.text
    consumer.get(consumer.url())
    assert consumer.text == shown


def test_an_embedded_consumer_s_page_carries_the_word_for_the_parent(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard(embed_origin="http://127.0.0.1:8002", return_url=None)
    consumer.prove(token)
    consumer.post(consumer.url("by-hand"))
    consumer.by_hand()
    assert "onboarding-return" not in consumer.page
    consumer.share()
    found = re.search(r'"(eyJ[^"]+)"', consumer.page)
    assert found is not None
    keys = KeySet.import_key_set(consumer.client.get("/.well-known/jwks.json").get_json())
    assert jwt.decode(found[1], keys, algorithms=["ES256"]).header["typ"] == "onboarding-return+jwt"
    assert emulator


def test_the_result_knows_the_person_only_by_ids_outside_the_prefill(done: Done, tenant: MadeTenant) -> None:
    _, onboarding_id = done
    result = result_of(tenant, onboarding_id)
    result.pop("prefill")
    told = json.dumps(result)
    assert not [word for word in ("Maria", "Ortiz", "4155550011", "1975", "Larkspur") if word in told]
