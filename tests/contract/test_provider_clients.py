"""Both clients against the emulators: the way through, and the ways it fails."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.providers import spinwheel as module
from app.providers.base import Timeouts
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.plaid import PlaidClient
from app.providers.plaid_observations import bank_accounts, bank_observations, layer_observations
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_observations import credit_file_observations, profile_observations
from tests.contract.plaid_drive import Link, sandbox_item

MARIA, BORN = "+14155550011", "1975-01-18"
QUICK = Timeouts(connect=1, read=0.5, total=1)


def plaid(emulator: Any, timeouts: Timeouts | None = None, **changes: str) -> PlaidClient:
    """A connection key of its own for every client, so that no test opens another one's breaker."""
    settings = emulator.settings
    keys = {"client_id": settings.plaid_client_id, "secret": settings.plaid_secret, **changes}
    return PlaidClient(f"{emulator.url}/plaid", **keys, connection_key=str(uuid4()), timeouts=timeouts)


def spinwheel(emulator: Any, timeouts: Timeouts | None = None, api_key: str = "") -> SpinwheelClient:
    return SpinwheelClient(
        f"{emulator.url}/spinwheel",
        f"{emulator.url}/spinwheel-secure",
        api_key or emulator.settings.spinwheel_api_key,
        connection_key=str(uuid4()),
        timeouts=timeouts,
    )


def failure(call: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        call()
    return caught.value


def judged(call: Callable[[], object]) -> tuple[str, Reason]:
    error = failure(call)
    return error.code, error.reason


def layer_public_token(emulator: Any, client: PlaidClient, phone_number: str = MARIA) -> str:
    made = client.create_layer_session(emulator.settings.plaid_template_id, "u-1", "http://127.0.0.1:9/hook")
    assert 0 < (made.expires_at - datetime.now(UTC)).total_seconds() < 3600
    link = Link(emulator, made.token).through_code(phone_number)
    link.act("share", account=re.findall(r'name="account" value="([\d-]+)"', link.pane))
    return link.public_token


def test_all_the_way_through_layer(emulator: Any) -> None:
    client = plaid(emulator)
    session = client.get_layer_session(layer_public_token(emulator, client))
    now = datetime.now(UTC)
    seen = {entry.field: entry for entry in layer_observations(session, now)}
    assert (seen["phone_number"].value, seen["phone_number"].verified) == (MARIA, True)
    assert (seen["first_name"].value, seen["last_name"].value) == ("Maria", "Ortiz Reyes")
    assert (seen["date_of_birth"].value, seen["ssn_last_four"].value) == (BORN, "0011")
    assert len(session.items) == 2
    token = session.items[0].access_token
    held, owners = client.get_accounts(token), client.get_identity(token)
    accounts = bank_accounts(held, client.get_auth(token), owners)
    checking = next(account for account in accounts if account.mask == "4021")
    assert (checking.available, checking.routing_number) == ("3184.62", "011401533")
    assert checking.account_number
    assert checking.owners == ("Maria E Ortiz Reyes",)
    found = {entry.field: entry.value for entry in bank_observations(owners, now, expected_name="Maria Ortiz Reyes")}
    assert (found["first_name"], found["last_name"]) == ("Maria E", "Ortiz Reyes")
    assert found["phone_number"] == MARIA
    assert found["address"] == {
        "street": "1427 Larkspur St", "unit": "Apt 3", "city": "San Leandro", "state": "CA",
        "postal_code": "94577", "country": "US",
    }  # fmt: skip


def test_what_an_item_holds(emulator: Any) -> None:
    client, token = plaid(emulator), sandbox_item(emulator)
    item = client.get_item(token)
    assert (item.institution_id, item.error_code) == ("ins_109508", None)
    institution = client.get_institution("ins_109508")
    assert institution.name == item.institution_name == "First Platypus Bank"
    assert {debt.kind for debt in client.get_liabilities(token)} >= {
        "credit_card",
        "student_loan",
        "home_loan",
    }
    changes = client.sync_transactions(token)
    assert changes.is_complete
    assert changes.added
    assert client.sync_transactions(token, changes.cursor).added == ()
    client.remove_item(token)
    client.remove_item(token)
    assert judged(lambda: client.get_accounts(token)) == ("ITEM_NOT_FOUND", Reason.ACCESS_REVOKED)


def test_pages_of_transactions_are_joined_and_bounded(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, token = plaid(emulator), sandbox_item(emulator)
    whole = client.sync_transactions(token)
    monkeypatch.setattr("app.providers.plaid._PAGE", max(1, len(whole.added) // 3))
    joined = client.sync_transactions(token)
    assert joined.added == whole.added
    first = client.sync_transactions(token, max_pages=1)
    assert not first.is_complete
    assert first.added == whole.added[: len(first.added)]
    rest = client.sync_transactions(token, first.cursor)
    assert first.added + rest.added == whole.added


def test_ordinary_link_and_update_mode(emulator: Any) -> None:
    client, token = plaid(emulator), sandbox_item(emulator)
    made = client.create_link_token("u-1", "A very long name of a credit union", products=["auth"], phone_number=MARIA)
    assert made.token.startswith("link-sandbox-")
    assert client.create_link_token("u-1", "Acme", access_token=token).token != made.token
    more = client.create_link_token("u-1", "Acme", products=["identity"], optional_products=["auth", "liabilities"])
    assert more.token.startswith("link-sandbox-")
    assert judged(lambda: client.create_link_token("u-1", "Acme")) == ("MISSING_FIELDS", Reason.UNEXPECTED)
    assert judged(lambda: client.exchange_public_token("public-sandbox-none")) == (
        "INVALID_PUBLIC_TOKEN", Reason.LINK_EXPIRED,
    )  # fmt: skip
    assert judged(lambda: client.get_layer_session("profile-sandbox-none"))[1] is Reason.LINK_EXPIRED


def test_webhook_keys(emulator: Any) -> None:
    kid = emulator.control("POST", "/plaid/webhook-key/rotate")["kid"]
    key = plaid(emulator).get_webhook_key(kid)
    assert key is not None
    assert (key["kid"], key["crv"], key["expired_at"]) == (kid, "P-256", None)
    assert plaid(emulator).get_webhook_key(str(uuid4())) is None


def test_plaid_refuses(emulator: Any) -> None:
    wrong_keys = plaid(emulator, secret="wrong")
    error = failure(lambda: wrong_keys.create_layer_session("template_1", "u"))
    assert (error.code, error.kind, error.reason) == (
        "INVALID_API_KEYS",
        Kind.AUTHENTICATION,
        Reason.NOT_CONFIGURED,
    )
    assert "wrong" not in repr(error) + str(error)
    client = plaid(emulator)
    assert judged(lambda: client.create_layer_session("template_unknown", "u")) == (
        "INVALID_FIELD",
        Reason.UNEXPECTED,
    )
    assert judged(lambda: client.get_accounts("access-sandbox-none")) == (
        "INVALID_ACCESS_TOKEN",
        Reason.ACCESS_REVOKED,
    )
    token = sandbox_item(emulator)
    emulator.control("POST", "/clock", {"advance_seconds": 31 * 86400})
    assert judged(lambda: client.get_accounts(token)) == ("ITEM_LOGIN_REQUIRED", Reason.LOGIN_REQUIRED)
    assert client.get_item(token).error_code == "ITEM_LOGIN_REQUIRED"


FAULTS = [
    ("slow", "timeout", Reason.PROVIDER_SLOW),
    ("hang", "timeout", Reason.PROVIDER_SLOW),
    ("drop", "connection_broken", Reason.PROVIDER_DOWN),
    ("503_html", "http_503", Reason.PROVIDER_DOWN),
]


def add_fault(emulator: Any, provider: str, operation: str, fault: str, **more: Any) -> None:
    body = {"provider": provider, "operation": operation, "fault": fault, "seconds": 2, **more}
    emulator.control("POST", "/faults", body)


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        *FAULTS,
        ("500", "INTERNAL_SERVER_ERROR", Reason.PROVIDER_DOWN),
        ("429", "RATE_LIMIT", Reason.PROVIDER_BUSY),
    ],
)
def test_plaid_in_trouble(emulator: Any, fault: str, code: str, reason: Reason) -> None:
    add_fault(emulator, "plaid", "*", fault)
    started = time.monotonic()
    client = plaid(emulator, QUICK)
    error = failure(lambda: client.create_layer_session(emulator.settings.plaid_template_id, "u"))
    assert (error.code, error.reason, error.retryable) == (code, reason, True)
    assert time.monotonic() - started < 1.9
    emulator.control("DELETE", "/faults")
    assert client.create_layer_session(emulator.settings.plaid_template_id, "u").token


def test_a_read_survives_one_stumble_and_an_exchange_is_not_repeated(emulator: Any) -> None:
    client, token = plaid(emulator), sandbox_item(emulator)
    add_fault(emulator, "plaid", "/accounts/get", "500", times=1)
    assert client.get_accounts(token).accounts
    add_fault(emulator, "plaid", "/item/public_token/exchange", "500", times=1)
    assert judged(lambda: client.exchange_public_token("public-sandbox-none"))[1] is Reason.PROVIDER_DOWN


def connected(client: SpinwheelClient, phone_number: str = MARIA, born: str = BORN, ext: str = "acme-1") -> str:
    now = datetime.now(UTC)
    sent = client.connect_sms(phone_number, born, consent_at=now, ext_user_id=ext)
    assert sent.connection_id
    assert 290 < (sent.expires_at - now).total_seconds() < 310
    return client.verify_sms(sent.user_id, "123456").user_id


def test_all_the_way_through_spinwheel(emulator: Any) -> None:
    client, now = spinwheel(emulator), datetime.now(UTC)
    sent = client.connect_sms(MARIA, BORN, consent_at=now, ext_user_id="acme-1")
    done = client.verify_sms(sent.user_id, "123456")
    assert done.profile is not None
    seen = {entry.field: entry for entry in profile_observations(done.profile, done.user_id, now)}
    assert (seen["phone_number"].value, seen["phone_number"].verified) == (MARIA, True)
    assert (seen["first_name"].value, seen["last_name"].value) == ("Maria Elena", "Ortiz Reyes")
    assert client.get_user(done.user_id).credit_file is None
    file = client.debt_profile(done.user_id)
    assert file.score is not None
    assert {debt.kind for debt in file.debts} == {
        "credit_card", "auto_loan", "home_loan", "personal_loan", "student_loan", "other",
    }  # fmt: skip
    assert all(debt.creditor and debt.balance for debt in file.debts)
    told = {entry.field for entry in credit_file_observations(file, now)}
    assert told >= {"first_name", "last_name", "date_of_birth", "ssn_last_four", "address"}
    stored = client.get_user(done.user_id)
    assert stored.credit_file is not None
    assert {debt.record_id for debt in stored.credit_file.debts} == {debt.record_id for debt in file.debts}
    assert judged(lambda: client.debt_profile(done.user_id)) == (
        "DAILY_USER_REQUEST_LIMIT_REACHED", Reason.REPORT_DAILY_LIMIT,
    )  # fmt: skip
    client.delete_user(done.user_id)
    client.delete_user(done.user_id)
    assert judged(lambda: client.get_user(done.user_id)) == ("USER_NOT_FOUND", Reason.ACCESS_REVOKED)


def test_a_returning_user_connects_by_id(emulator: Any) -> None:
    client = spinwheel(emulator)
    user_id = connected(client)
    again = client.connect_sms(MARIA, BORN, consent_at=datetime.now(UTC), user_id=user_id)
    assert again.user_id == user_id


def test_codes_that_are_wrong_late_or_too_many(emulator: Any) -> None:
    client, now = spinwheel(emulator), datetime.now(UTC)
    user_id = client.connect_sms(MARIA, BORN, consent_at=now, ext_user_id="acme-1").user_id
    for _ in range(5):
        assert judged(lambda: client.verify_sms(user_id, "000000")) == ("INCORRECT", Reason.WRONG_CODE)
    assert judged(lambda: client.verify_sms(user_id, "123456")) == (
        "MAX_ATTEMPTS_REACHED",
        Reason.TOO_MANY_CODES,
    )
    emulator.control("POST", "/clock", {"advance_seconds": 600})
    assert judged(lambda: client.verify_sms(user_id, "123456"))[1] in (
        Reason.CODE_EXPIRED,
        Reason.TOO_MANY_CODES,
    )
    assert judged(lambda: client.verify_sms("unknown", "123456"))[0] == "USER_NOT_FOUND"


@pytest.mark.parametrize(
    ("phone", "born", "reason"),
    [
        (MARIA, "1976-01-18", Reason.IDENTITY_MISMATCH),
        ("+12065550147", "1996-07-02", Reason.NOT_ELIGIBLE),
        ("+17185550190", "1969-04-30", Reason.NUMBER_UNSUPPORTED),
    ],
)
def test_identities_that_do_not_match(emulator: Any, phone: str, born: str, reason: Reason) -> None:
    assert failure(lambda: connected(spinwheel(emulator), phone, born)).reason is reason


@pytest.mark.parametrize(
    ("phone", "born", "reason"),
    [
        ("+16175550118", "1982-12-05", Reason.REPORT_FROZEN),
        ("+17135550133", "1979-09-14", Reason.REPORT_LOCKED),
        ("+16025550144", "1988-02-20", Reason.REPORT_FRAUD_ALERT),
    ],
)
def test_reports_that_a_bureau_holds_back(emulator: Any, phone: str, born: str, reason: Reason) -> None:
    client = spinwheel(emulator)
    user_id = connected(client, phone, born)
    assert failure(lambda: client.debt_profile(user_id)).reason is reason


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [*FAULTS, ("500", "http_500", Reason.PROVIDER_DOWN), ("429", "TOO_MANY_REQUESTS", Reason.TOO_MANY_CODES)],
)
def test_spinwheel_in_trouble(emulator: Any, fault: str, code: str, reason: Reason) -> None:
    client = spinwheel(emulator, QUICK)
    add_fault(emulator, "spinwheel", "*", fault)
    error = failure(lambda: connected(client))
    assert (error.code, error.reason, error.retryable) == (code, reason, True)
    calls = emulator.control("GET", "/calls")["calls"]
    assert len([call for call in calls if "connect" in str(call)]) <= 1
    emulator.control("DELETE", "/faults")


def test_a_wrong_key_says_so(emulator: Any) -> None:
    error = failure(lambda: connected(spinwheel(emulator, api_key="sk-wrong-key")))
    assert (error.kind, error.reason, error.http_status) == (Kind.AUTHENTICATION, Reason.NOT_CONFIGURED, 401)
    assert "sk-wrong-key" not in repr(error) + str(error)


def test_the_report_may_take_its_time(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = spinwheel(emulator, QUICK)
    user_id = connected(client)
    add_fault(emulator, "spinwheel", "*", "slow", times=1)
    assert client.debt_profile(user_id).debts
    monkeypatch.setattr(module, "ASSUMPTIONS", replace(module.ASSUMPTIONS, report_seconds=0.5))
    other = connected(client, ext="acme-2")
    add_fault(emulator, "spinwheel", "*", "slow", times=1)
    assert judged(lambda: client.debt_profile(other)) == ("timeout", Reason.PROVIDER_SLOW)
