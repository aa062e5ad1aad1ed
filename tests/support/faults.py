"""The fault matrix: every provider operation the product uses, every fault the emulators know, quickly.

    @pytest.mark.parametrize(("operation", "fault"), cells("code", "layer"))
    def test_…(consumer, emulator, quick_providers, operation, fault):
        with forced(emulator, operation, fault):
            consumer.start()

`quick_providers` is a fixture of `tests/integration/conftest.py`: providers are given four tenths of a second, so that
a `hang` or a `drip` costs no more, and each test begins with closed breakers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from app.providers import base
from app.providers.errors import Kind
from app.providers.transport import Request, Timeouts
from tests.support.emulator import Emulator

QUICK = Timeouts(connect=0.3, read=0.25, total=0.4, max_bytes=2_000_000)


@dataclass(frozen=True)
class Operation:
    """`name` is what the client calls it, `path` what the control endpoint does; `rung` is where a consumer meets it.

    `safe`: a stumbling provider is asked again at once, because asking twice changes nothing.
    """

    provider: str
    name: str
    path: str
    rung: str
    safe: bool = False

    def __str__(self) -> str:
        return f"{self.provider}-{self.name.replace('/', '_')}"


_TWILIO = "/v2/Services/{ServiceSid}"


def _plaid(rung: str, *paths: str, safe: bool = False) -> tuple[Operation, ...]:
    return tuple(Operation("plaid", path[1:], path, rung, safe) for path in paths)


def _spinwheel(rung: str, name: str, path: str, *, safe: bool = False) -> Operation:
    return Operation("spinwheel", name, path, rung, safe)


# Rungs: `send` and `judge` a code, the same by `twilio`, `layer` and `link` open the bank's window, `session` and
# `exchange` read what the window gave, `data` is fetched behind it, then the `credit_file`; `preverified` connects a
# phone that Layer proved; nobody waits for `webhook` and `upkeep`.
OPERATIONS: tuple[Operation, ...] = (
    _spinwheel("send", "connect_sms", "/v1/users/connect/sms"),
    _spinwheel("judge", "verify_sms", "/v1/users/{userId}/connect/sms/verify"),
    _spinwheel("preverified", "connect_preverified", "/v1/users/connect/preverified/phoneNumber"),
    Operation("twilio", "send_code", f"{_TWILIO}/Verifications", "twilio"),
    Operation("twilio", "call_code", f"{_TWILIO}/Verifications", "twilio"),
    Operation("twilio", "check_code", f"{_TWILIO}/VerificationCheck", "twilio"),
    Operation("twilio", "cancel_code", f"{_TWILIO}/Verifications/{{Sid}}", "twilio"),
    *_plaid("layer", "/session/token/create"),
    *_plaid("link", "/link/token/create"),
    *_plaid("session", "/user_account/session/get"),
    *_plaid("exchange", "/item/public_token/exchange"),
    *_plaid("data", "/accounts/get", "/identity/get", "/auth/get", "/liabilities/get", safe=True),
    *_plaid("data", "/transactions/sync", "/item/get", "/institutions/get_by_id", safe=True),
    _spinwheel("credit_file", "debt_profile", "/v1/users/{userId}/debtProfile"),
    _spinwheel("credit_file", "get_user", "/v1/users", safe=True),
    *_plaid("webhook", "/webhook_verification_key/get", safe=True),
    *_plaid("upkeep", "/item/remove", safe=True),
    _spinwheel("upkeep", "delete_user", "/v1/users/{userId}", safe=True),
)

_TIMES: dict[str, float] = {"slow": 1.0, "drip": 0.05}
# What each fault is called when it is told: the class of its error. Lies may also be read as an absent value.
FAULTS: dict[str, Kind] = {
    "slow": Kind.NETWORK,
    "hang": Kind.NETWORK,
    "drip": Kind.NETWORK,
    "drop": Kind.NETWORK,
    "cut_headers": Kind.NETWORK,
    "cut_body": Kind.NETWORK,
    "500": Kind.NETWORK,
    "503_html": Kind.NETWORK,
    "429": Kind.RATE_LIMIT,
    "empty_body": Kind.DATA_VALIDATION,
    "huge_body": Kind.DATA_VALIDATION,
    "missing_field": Kind.DATA_VALIDATION,
    "null_value": Kind.DATA_VALIDATION,
    "wrong_type": Kind.DATA_VALIDATION,
    "unknown_enum": Kind.DATA_VALIDATION,
}
LIES = ("missing_field", "null_value", "wrong_type", "unknown_enum")
# The operation was carried out before its answer went wrong.
DONE = frozenset(("drip", "cut_headers", "cut_body", "empty_body", "huge_body", *LIES))


def cells(*rungs: str) -> list[object]:
    """`(operation, fault)` for `parametrize`; of every rung without arguments."""
    return [
        pytest.param(operation, fault, id=f"{operation}-{fault}")
        for operation in OPERATIONS
        if not rungs or operation.rung in rungs
        for fault in FAULTS
    ]


@contextmanager
def forced(
    emulator: Emulator, operation: Operation, fault: str, *, times: int | None = None, pointer: str | None = None
) -> Iterator[None]:
    """The fault holds inside the block, for so many calls; afterwards every fault is gone and no call waits."""
    body: dict[str, object] = {"provider": operation.provider, "operation": operation.path, "fault": fault}
    optional = {"seconds": _TIMES.get(fault), "times": times, "pointer": pointer}
    body |= {name: value for name, value in optional.items() if value is not None}
    emulator.control("POST", "/faults", body)
    try:
        yield
    finally:
        emulator.control("DELETE", "/faults")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every provider call is over in four tenths of a second, whoever makes it, and all breakers are closed."""

    def patience(_self: base.HttpCaller, _request: Request) -> Timeouts:
        return QUICK

    monkeypatch.setattr(base.HttpCaller, "patience", patience)
    base.breakers.made_by(None)
