"""Every client operation under every fault, and with every single field of its true answer turned into a lie.

A client gives its record or one `ProviderError`, in time; nothing else may come out of it, nor out of what reads its
records.
"""

import inspect
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from app.providers import base
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.observations import Observation
from app.providers.plaid import PlaidClient
from app.providers.plaid_observations import bank_accounts, bank_observations, layer_observations
from app.providers.plaid_records import AccountOwners, ItemAccounts, LayerSession
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_observations import credit_file_observations, profile_observations
from app.providers.spinwheel_records import Connected, CreditFile, SpinwheelUser
from app.providers.transport import RawReply, exchange
from app.providers.twilio_verify import TwilioVerifyClient
from tests.contract.plaid_drive import post, sandbox_item
from tests.contract.test_provider_clients import BORN, MARIA, connected, layer_public_token, plaid, spinwheel
from tests.support.emulator import Emulator
from tests.support.faults import DONE, FAULTS, LIES, OPERATIONS, QUICK, Operation, cells, forced

Ask = partial[object]


def twilio(emulator: Emulator) -> TwilioVerifyClient:
    own = emulator.settings
    keys = (own.twilio_account_sid, own.twilio_auth_token, own.twilio_service_sid)
    return TwilioVerifyClient(own.twilio_base_url, *keys, connection_key=str(uuid4()))


def ask_plaid(emulator: Emulator, name: str) -> Ask:
    """A call that is right, with all it needs made beforehand."""
    client, template = plaid(emulator), emulator.settings.plaid_template_id
    if name == "session/token/create":
        return partial(client.create_layer_session, template, "u-1")
    if name == "link/token/create":
        return partial(client.create_link_token, "u-1", "Acme", products=("auth",))
    if name == "user_account/session/get":
        return partial(client.get_layer_session, layer_public_token(emulator, client))
    if name == "item/public_token/exchange":
        wanted = {"institution_id": "ins_109508", "initial_products": ["auth"]}
        made = post(emulator, "/sandbox/public_token/create", wanted).json()
        return partial(client.exchange_public_token, made["public_token"])
    if name == "institutions/get_by_id":
        return partial(client.get_institution, "ins_109508")
    if name == "webhook_verification_key/get":
        return partial(client.get_webhook_key, str(emulator.control("POST", "/plaid/webhook-key/rotate")["kid"]))
    by_token: dict[str, Callable[[str], object]] = {
        "accounts/get": client.get_accounts,
        "identity/get": client.get_identity,
        "auth/get": client.get_auth,
        "liabilities/get": client.get_liabilities,
        "transactions/sync": client.sync_transactions,
        "item/get": client.get_item,
        "item/remove": client.remove_item,
    }
    return partial(by_token[name], sandbox_item(emulator))


def ask_spinwheel(emulator: Emulator, name: str) -> Ask:
    client, now = spinwheel(emulator), datetime.now(UTC)
    if name == "connect_preverified":
        proven: dict[str, Any] = {"verified_at": now, "consent_at": now, "ext_user_id": "acme-1"}
        return partial(client.connect_preverified, MARIA, BORN, by_call=False, **proven)
    if name == "connect_sms":
        return partial(client.connect_sms, MARIA, BORN, consent_at=now, ext_user_id="acme-1")
    if name == "verify_sms":
        sent = client.connect_sms(MARIA, BORN, consent_at=now, ext_user_id="acme-1")
        return partial(client.verify_sms, sent.user_id, "123456")
    user_id = connected(client)
    if name == "get_user":
        client.debt_profile(user_id)
    by_user: dict[str, Callable[[str], object]] = {
        "debt_profile": client.debt_profile,
        "get_user": client.get_user,
        "delete_user": client.delete_user,
    }
    return partial(by_user[name], user_id)


def ask_twilio(emulator: Emulator, name: str) -> Ask:
    client = twilio(emulator)
    if name in ("send_code", "call_code"):
        return partial(client.send_code, MARIA, "sms" if name == "send_code" else "voice", "en")
    sid = client.send_code(MARIA, "sms", "en").sid
    return partial(client.check_code, sid, "123456") if name == "check_code" else partial(client.cancel_code, sid)


ASKS = {"plaid": ask_plaid, "spinwheel": ask_spinwheel, "twilio": ask_twilio}


# A provider that limits texts says so for codes; one that names an unknown state has not connected anybody.
TOLD = (Reason.PROVIDER_DOWN, Reason.PROVIDER_SLOW, Reason.PROVIDER_BUSY, Reason.TOO_MANY_CODES, Reason.NOT_ELIGIBLE)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = replace(QUICK, read=0.15, total=0.25)
    monkeypatch.setattr(base.HttpCaller, "patience", lambda _self, _request: soon)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("operation", "fault"), cells())
def test_a_fault_is_told_in_time_and_by_its_class(emulator: Emulator, operation: Operation, fault: str) -> None:
    ask = ASKS[operation.provider](emulator, operation.name)
    with forced(emulator, operation, fault):
        begun = time.monotonic()
        error = failure_of(ask)
        assert time.monotonic() - begun < 0.9
        tries = emulator.control("GET", "/faults")["faults"][0]["hits"]  # type: ignore[index]
    assert tries == 1 or operation.safe
    if error is None:
        # A lie that is read as an absent value; or something was forgotten, and asked again it was gone already.
        assert fault in LIES or (operation.rung == "upkeep" and fault in DONE)
        return
    assert error.kind is FAULTS[fault]
    assert error.retryable or fault == "unknown_enum"
    assert error.reason in TOLD


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
@pytest.mark.parametrize("fault", ["500", "drop"])
def test_one_stumble_is_survived_where_repeating_is_harmless(
    emulator: Emulator, operation: Operation, fault: str
) -> None:
    ask = ASKS[operation.provider](emulator, operation.name)
    with forced(emulator, operation, fault, times=1):
        error = failure_of(ask)
    assert (error is None) == operation.safe
    assert error is None or error.kind is Kind.NETWORK


def failure_of(ask: Ask) -> ProviderError | None:
    try:
        ask()
    except ProviderError as error:
        return error
    return None


def test_every_method_of_the_clients_is_asked_here(emulator: Emulator) -> None:
    clients = {"plaid": PlaidClient, "spinwheel": SpinwheelClient, "twilio": TwilioVerifyClient}
    asked = {provider: set[str]() for provider in clients}
    for operation in OPERATIONS:
        ask = ASKS[operation.provider](emulator, operation.name)
        asked[operation.provider].add(ask.func.__name__)  # type: ignore[attr-defined]
    for provider, client in clients.items():
        public = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
        assert public == asked[provider], f"{provider}: put it into tests/support/faults.py and ask it here"


# ---------- Every field of a true answer ----------
WORDS = ("SOMETHING_NEW", "", "9" * 5000, "half \ud800", "zero \0", "2026-13-45")
VALUES: tuple[object, ...] = (None, {}, [None], True, -1, Decimal("1e400"), *WORDS)


def shortened(value: Any) -> Any:
    """One of each list is enough to lie about."""
    if isinstance(value, dict):
        return {key: shortened(part) for key, part in value.items()}
    return [shortened(part) for part in value[:1]] if isinstance(value, list) else value


def places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder and key, the inner ones first."""
    for key, part in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(part, dict | list):
            yield from places(part)
        yield holder, key


def lies(body: dict[str, Any]) -> Iterator[str]:
    """`body` with one field left out, or replaced by everything it should not be; true again afterwards."""
    for holder, key in places(body):
        truth = holder[key]
        for value in VALUES:
            holder[key] = value
            yield f"{key} = {str(value)[:30]}"
        del holder[key]
        yield f"{key} left out"
        if isinstance(holder, list):
            holder.insert(key, truth)
        else:
            holder[key] = truth


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_no_lie_about_any_field_is_an_exception_of_another_kind(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    ask = ASKS[operation.provider](emulator, operation.name)
    replies: list[RawReply] = []

    def heard(*arguments: Any) -> RawReply:
        replies.append(exchange(*arguments))
        return replies[-1]

    monkeypatch.setattr(base, "exchange", heard)
    ask()
    body = shortened(json.loads(replies[-1].data))
    monkeypatch.setattr(base, "_json_object", lambda _reply: body)
    monkeypatch.setattr(base, "exchange", lambda *_arguments: replies[-1])
    monkeypatch.setattr(base.logger, "disabled", True)
    told = 0
    for what in lies(body):
        told += 1
        try:
            use(ask())
        except ProviderError as error:
            assert error.kind is Kind.DATA_VALIDATION, what
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    assert told >= len(VALUES)


def use(record: object) -> None:
    """What the product makes of a record: it can be written down, and holds nothing of another type."""
    now = datetime.now(UTC)
    observations: list[Observation] = []
    if isinstance(record, LayerSession):
        observations = layer_observations(record, now)
    elif isinstance(record, ItemAccounts):
        kept(record.item_id, *(asdict(account) for account in bank_accounts(record)))
    elif isinstance(record, CreditFile):
        observations = credit_file_observations(record, now)
        kept(*(asdict(debt) for debt in record.debts))
    elif isinstance(record, SpinwheelUser | Connected) and record.profile is not None:
        observations = profile_observations(record.profile, "1", now)
    elif isinstance(record, tuple) and record and isinstance(record[0], AccountOwners):
        observations = bank_observations(record, now, expected_name="Maria Ortiz")
    elif isinstance(record, tuple):
        kept(*(asdict(part) for part in record))
    kept(*(seen.value for seen in observations), *(seen.source_record for seen in observations))


def kept(*values: object) -> None:
    """As the vault would write it."""
    json.dumps(values, ensure_ascii=False).encode()
