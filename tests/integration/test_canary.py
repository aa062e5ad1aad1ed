"""Nothing personal lies about: whole journeys of two canary persons, and a search of all that they leave behind."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask import Flask, Response
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.domain.connections import default_connection_id
from app.domain.ids import wire_id
from app.domain.jobs import enqueue
from app.logs import JsonFormatter
from app.models import Job, Onboarding, PrefillData, utcnow
from tests.support.canary import Canaries, database_contents, encodings
from tests.support.canary_person import (
    ADDRESS,
    BANK,
    BROWSER,
    CITY,
    EDITED_EMAIL,
    EMAIL,
    METADATA,
    PHONE,
    STATE,
    TYPED,
    canaries,
    persona_file,
)
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator, serve
from tests.support.journeys import Consumer
from tests.support.local_server import Received, Reply, local_server
from tests.support.tenants import MadeTenant

HOOK_SECRET = "hook-secret-canary-90c2"
TOKEN_NAMES = ("link_token", "public_token", "access_token", "userId", "item_id")


class RecordingClient(CheckedClient):
    """Keeps what a proxy, a browser's history or an access log would keep: addresses and headers, no bodies."""

    seen: list[str] = []
    bound: set[str] = set()

    def open(self, *args: Any, **named: Any) -> TestResponse:
        named["environ_base"] = {"REMOTE_ADDR": ADDRESS}
        response = super().open(*args, **named)
        self.seen.append(response.request.url)
        for name, value in response.headers:
            if name == "Set-Cookie":
                self.bound.add(value.partition("=")[2].partition(";")[0])
            else:
                self.seen.append(f"{name}: {value}")
        return response


@dataclass
class Evidence:
    """What was left behind besides the database, and the secrets that were handed out on the way."""

    lines: list[str] = field(default_factory=list)
    error_pages: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    handed_out: set[str] = field(default_factory=set)

    def leaks(self, database_url: str) -> list[str]:
        """Every canary in every place."""
        wanted = canaries().also("provider token", self.tokens)
        everything = wanted.also("secret of ours", self.handed_out | RecordingClient.bound)
        found = []
        for where, content in database_contents(database_url).items():
            found += everything.found_in(where, content)
        found += everything.found_in("log", "\n".join(self.lines).encode())
        found += everything.found_in("error page", "\n".join(self.error_pages).encode())
        found += wanted.found_in("address or header", "\n".join(RecordingClient.seen).encode())
        return found


@pytest.fixture
def evidence() -> Evidence:
    RecordingClient.seen, RecordingClient.bound = [], set()
    return Evidence()


@pytest.fixture
def emulator(tmp_path: Path, evidence: Evidence) -> Iterator[Emulator]:
    """Emulators of their own, which know the canary person alone; the tokens they give out are noted."""
    with serve(personas=persona_file(tmp_path)) as served:
        served.app.after_request(lambda response: _note_tokens(response, evidence))
        yield served


def _note_tokens(response: Response, evidence: Evidence) -> Response:
    if response.is_json:
        evidence.tokens |= set(_tokens(response.get_json(silent=True)))
    return response


def _tokens(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in TOKEN_NAMES and isinstance(inner, str):
                yield inner
            yield from _tokens(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tokens(inner)


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    return {**more_settings, "PREFILL_LOG_LEVEL": "DEBUG", "PREFILL_SPINWHEEL__WEBHOOK_SECRET": HOOK_SECRET}


@pytest.fixture
def app(app: Flask, evidence: Evidence) -> Iterator[Flask]:
    """The app with its log kept. What the emulators' own server writes does not count."""
    app.test_client_class = RecordingClient

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "werkzeug":
                evidence.lines.append(self.format(record))

    handler = Keep()
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield app
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def start(tenant: MadeTenant, browser: Callable[[], Consumer], evidence: Evidence) -> Callable[[str], Consumer]:
    """A consumer at the first form of a new onboarding, with canaries in what the tenant sends along."""

    def begin(member: str) -> Consumer:
        _, token = tenant.onboard(member, state=STATE, metadata={"note": METADATA})
        evidence.handed_out |= {token, tenant.api_key, HOOK_SECRET}
        consumer = browser()
        consumer.headers = {"User-Agent": BROWSER}
        consumer.open(token)
        return consumer

    return begin


def _break(consumer: Consumer, evidence: Evidence, target: str, act: Callable[[], Any]) -> None:
    """Let one function of ours fail with personal data in its message."""
    page = consumer.page
    with mock.patch(target, side_effect=ValueError(f"cannot take {PHONE} {TYPED['email']} {json.dumps(TYPED)}")):
        act()
    assert consumer.status == 500
    evidence.error_pages.append(consumer.page)
    consumer.page = page


def _through_layer(consumer: Consumer, tenant: MadeTenant, evidence: Evidence) -> None:
    emulator = consumer.emulator
    consumer.start("503 555", ("3", "29", "1957"))
    assert consumer.status == 422
    emulator.control("POST", "/faults", _fault("spinwheel", "500", 1))
    consumer.start("(503) 555-0147", ("3", "29", "1957"))
    consumer.start("(503) 555-0147", ("3", "29", "1957"))
    _break(consumer, evidence, "app.consumer.code.confirm_code", lambda: consumer.confirm("123456"))
    consumer.confirm("000000")
    consumer.confirm()
    for kind in ("500", "503_html", "429"):
        emulator.control("POST", "/faults", _fault("plaid", kind, 1))
        consumer.open_bank()
        emulator.control("DELETE", "/faults")
    link_token = consumer.open_bank()
    told = {"name": "SELECT_INSTITUTION", "view_name": "CONSENT", "exit_status": PHONE, "institution_name": BANK}
    consumer.post_json(consumer.url("bank", "events"), {"events": [told, {"name": EMAIL, "view_name": CITY}]})
    public_token = consumer.share_at_bank(link_token, PHONE)
    evidence.tokens.add(public_token)
    with mock.patch("app.domain.bank_fetch.merge", side_effect=ValueError(f"of {PHONE}")):
        answer = consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
        consumer.worker.run_due()
    _run_again(consumer, tenant)
    consumer.get(answer.get_json()["location"])
    assert consumer.heading == "May we look at your credit file?"
    consumer.answer_credit_file("yes")
    assert consumer.heading == "Check your details"


def _run_again(consumer: Consumer, tenant: MadeTenant) -> None:
    """As if the waiting time of every job that failed were over."""
    consumer.worker.run_due()
    with tenant.services.database.session() as session:
        for job in session.scalars(select(Job).where(Job.state == "pending", Job.last_error.is_not(None))):
            job.due_at = utcnow()
    consumer.worker.run_due()


def _provider_calls(consumer: Consumer, tenant: MadeTenant) -> None:
    """Spinwheel tells us something about a person; once with a wrong secret, and once with half a body."""
    wire = wire_id("connection", default_connection_id(tenant.scope, "spinwheel"))
    body = json.dumps({"eventType": "user.updated", "userId": "u-1", "phone": PHONE, "email": EMAIL}).encode()
    for secret, sent, status in ((HOOK_SECRET, body, 202), (PHONE, body, 401), (HOOK_SECRET, body[:-5], 401)):
        headers = {"X-Webhook-Secret": secret, "Content-Type": "application/json"}
        assert consumer.client.post(f"/hooks/spinwheel/{wire}", data=sent, headers=headers).status_code == status
    consumer.worker.run_due()


def _fault(provider: str, kind: str, times: int) -> dict[str, object]:
    return {"provider": provider, "operation": "*", "fault": kind, "times": times}


def _review_and_share(consumer: Consumer, evidence: Evidence) -> None:
    consumer.post(consumer.url("reveal", "ssn_last_four"))
    consumer.get(consumer.url())
    form = {**consumer.filled_form(), "email": EDITED_EMAIL}
    _break(consumer, evidence, "app.consumer.form.save_answers", lambda: consumer.post(consumer.url("review"), **form))
    consumer.post(consumer.url("review", "save"), **form)
    consumer.get(consumer.url())
    consumer.post(consumer.url("review"), **{**form, "email": "no email"})
    assert consumer.status == 422
    consumer.post(consumer.url("review"), **form)
    assert consumer.heading.startswith("All done")
    consumer.post(consumer.url("feedback"), how="easy")
    consumer.get(consumer.url("copy"))


def _by_hand(consumer: Consumer, evidence: Evidence) -> None:
    consumer.start("(503) 555-0163", ("9", "17", "1961"))
    consumer.post(consumer.url("by-hand"))
    form = {**consumer.filled_form(), **TYPED, "address_state": "OR"}
    form |= {"date_of_birth_month": "9", "date_of_birth_day": "17", "date_of_birth_year": "1961"}
    form |= {"phone_number": "(503) 555-0163"}
    _break(consumer, evidence, "app.consumer.form.save_answers", lambda: consumer.post(consumer.url("manual"), **form))
    consumer.post(consumer.url("manual"), **{**form, "email": "no email"})
    assert consumer.status == 422
    consumer.post(consumer.url("manual"), **form)
    assert consumer.heading == "Check your details"
    consumer.post(consumer.url("review"), **consumer.filled_form())
    assert consumer.heading.startswith("All done")


def test_two_whole_journeys_leave_nothing_readable(
    start: Callable[[str], Consumer], tenant: MadeTenant, evidence: Evidence, database_url: str
) -> None:
    def echo(request: Received) -> Reply:
        return Reply(500 if len(receiver.received) % 3 else 204, request.body + PHONE.encode())

    with local_server(echo) as receiver:
        evidence.handed_out.add(tenant.endpoint(f"{receiver.url}/hook?secret=in-the-address-31b7"))
        evidence.handed_out.add("in-the-address-31b7")
        first = start("member-1")
        _through_layer(first, tenant, evidence)
        _review_and_share(first, evidence)
        second = start("member-2")
        _by_hand(second, evidence)
        _provider_calls(second, tenant)
        headers = {**tenant.headers, "Idempotency-Key": "k-1"}
        _tenant_looks(first, headers)
    assert receiver.received
    bodies = b"\n".join(request.body for request in receiver.received)
    assert canaries().found_in("callback", bodies) == []
    assert len(evidence.error_pages) == 3
    assert any("unexpected fault" in line for line in evidence.lines)
    assert any("job bank.fetch" in line for line in evidence.lines)
    assert len(evidence.tokens) >= 5
    assert evidence.leaks(database_url) == []


def test_the_hash_of_a_replaced_value_tells_nothing_without_the_key(
    start: Callable[[str], Consumer], tenant: MadeTenant, evidence: Evidence
) -> None:
    """Four digits and birth dates are quickly tried, so a hash that all its parts are known of would give them away."""
    consumer = start("member-1")
    _through_layer(consumer, tenant, evidence)
    _review_and_share(consumer, evidence)
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        data = session.scalars(select(PrefillData)).one()
    told = data.provenance["/personal_info/email"]["original_hash"]
    for salt in (data.onboarding_id.bytes, data.onboarding_id.hex.encode(), str(data.onboarding_id).encode()):
        for key in (salt, salt + b"email"):
            for value in (EMAIL, json.dumps(EMAIL), f"email:{json.dumps(EMAIL)}"):
                guesses = (hmac.new(key, value.encode(), hashlib.sha256), hashlib.sha256(key + value.encode()))
                assert told not in [guess.hexdigest() for guess in guesses]


def _tenant_looks(consumer: Consumer, headers: dict[str, str]) -> None:
    client = consumer.client
    result = client.get(f"/api/v1/onboardings/{consumer.onboarding}/result", headers=headers)
    assert result.get_json()["prefill"]["personal_info"]["phone_number"] == PHONE
    prefill = {"personal_info": {"phone_number": PHONE, "email": TYPED["email"]}}
    body = {"external_user_id": "member-3", "state": STATE, "metadata": {"note": METADATA}, "prefill": prefill}
    for _ in range(2):
        assert client.post("/api/v1/onboardings", json=body, headers=headers).status_code == 201
    wrong = {**body, "prefill": {"personal_info": {"email": 7, "phone_number": [PHONE]}}}
    assert client.post("/api/v1/onboardings", json=wrong, headers=headers).status_code == 422


# ---------- The search itself ----------
LEAKS: dict[str, Callable[[MadeTenant], None]] = {
    "a log line": lambda _: logging.getLogger("app.errors").error("could not text %s", PHONE),
    "a job": lambda tenant: _plant_job(tenant),
    "progress": lambda tenant: _plant_progress(tenant),
}


def _plant_job(tenant: MadeTenant) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        enqueue(session, "bank.fetch", tenant.scope, {"who": base64.b64encode(f"for {PHONE}.".encode()).decode()})


def _plant_progress(tenant: MadeTenant) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = session.scalars(select(Onboarding)).one()
        onboarding.progress = {"last_four": TYPED["ssn_last_four"]}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_search_finds_one_planted_leak(
    start: Callable[[str], Consumer], tenant: MadeTenant, evidence: Evidence, database_url: str, leak: str
) -> None:
    start("member-1")
    assert evidence.leaks(database_url) == []
    LEAKS[leak](tenant)
    found = evidence.leaks(database_url)
    expected = {"a log line": "log: phone", "a job": "jobs.payload: phone", "progress": "onboardings.progress: typed"}
    assert any(each.startswith(expected[leak]) for each in found)


@pytest.mark.parametrize("name", sorted(canaries().values))
def test_every_canary_is_found_in_every_encoding(name: str) -> None:
    forms = canaries().values[name]
    alone = Canaries({name: forms})
    assert alone.found_in("nothing", b"0 +1 2026-11-24T05:26:57.593700Z 5937a a5937 48213") == []
    for form in forms:
        assert alone.found_in("plain", f'{{"x": "{form}"}}'.encode())
        if len(form) < 6:
            continue
        for shift in range(3):
            wrapped = base64.b64encode(b"x" * shift + form.encode() + b"tail")
            assert alone.found_in("base64", b"data:" + wrapped) or len(form) < 9
        for encoding, needle in encodings(form):
            assert alone.found_in(encoding, b"{" + needle + b"}")
