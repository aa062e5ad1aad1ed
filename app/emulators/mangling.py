"""Answers that lie: a field left out, null where a value was, a word nobody has documented, another type.

Pointers are JSON pointers; `*` stands for every member of a list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNKNOWN_WORD = "SOMETHING_NEW"


@dataclass(frozen=True)
class Usual:
    """What a fault without a pointer changes: a field the operation is about, and one that holds a documented word."""

    field: str
    word: str


USUAL: dict[tuple[str, str], Usual] = {
    ("plaid", "/session/token/create"): Usual("/link/link_token", "/link/expiration"),
    ("plaid", "/link/token/create"): Usual("/link_token", "/expiration"),
    ("plaid", "/user_account/session/get"): Usual("/identity", "/identity/address/country"),
    ("plaid", "/item/public_token/exchange"): Usual("/access_token", "/item_id"),
    ("plaid", "/item/get"): Usual("/item/item_id", "/item/update_type"),
    ("plaid", "/item/remove"): Usual("/request_id", "/request_id"),
    ("plaid", "/accounts/get"): Usual("/accounts/*/account_id", "/accounts/*/type"),
    ("plaid", "/identity/get"): Usual("/accounts/*/owners", "/accounts/*/owners/*/emails/*/type"),
    ("plaid", "/auth/get"): Usual("/numbers", "/accounts/*/subtype"),
    ("plaid", "/liabilities/get"): Usual("/liabilities", "/liabilities/credit/*/aprs/*/apr_type"),
    ("plaid", "/transactions/sync"): Usual("/next_cursor", "/transactions_update_status"),
    ("plaid", "/institutions/get_by_id"): Usual("/institution/name", "/institution/products/*"),
    ("plaid", "/webhook_verification_key/get"): Usual("/key/x", "/key/alg"),
    ("spinwheel", "/v1/users/connect/sms"): Usual("/data/userId", "/data/connectionStatus"),
    ("spinwheel", "/v1/users/{userId}/connect/sms/verify"): Usual("/data/userId", "/data/connectionStatus"),
    ("spinwheel", "/v1/users/{userId}/debtProfile"): Usual("/data/userId", "/data/creditReports/*/sourceBureau"),
    ("twilio", "/v2/Services/{ServiceSid}/Verifications"): Usual("/sid", "/status"),
    ("twilio", "/v2/Services/{ServiceSid}/VerificationCheck"): Usual("/status", "/status"),
    ("twilio", "/2010-04-01/Accounts/{AccountSid}/Messages.json"): Usual("/sid", "/status"),
    ("spinwheel", "/v1/users/connect/preverified/phoneNumber"): Usual("/data/userId", "/data/connectionStatus"),
    ("spinwheel", "/v1/users"): Usual("/data/userId", "/data/creditReports/*/sourceBureau"),
    ("twilio", "/v2/Services/{ServiceSid}/Verifications/{Sid}"): Usual("/status", "/status"),
}


def mangle(body: dict[str, Any], kind: str, provider: str, operation: str, pointer: str | None) -> None:
    """Change `body` in place as `missing_field`, `null_value`, `unknown_enum` or `wrong_type` asks."""
    if pointer is None:
        pointer = _usual(body, kind, provider, operation)
    for holder, key in list(_places(body, pointer.split("/")[1:])):
        if kind == "missing_field":
            del holder[key]
        elif kind == "null_value":
            holder[key] = None
        elif kind == "unknown_enum":
            holder[key] = UNKNOWN_WORD
        else:
            holder[key] = "text" if isinstance(holder[key], dict | list) else {"unexpected": True}


def _usual(body: dict[str, Any], kind: str, provider: str, operation: str) -> str:
    usual = USUAL.get((provider, operation))
    if usual is None:
        return "/" + next(iter(body), "")
    return usual.word if kind == "unknown_enum" else usual.field


def _places(value: Any, parts: list[str]) -> Iterator[tuple[Any, Any]]:
    """Holder and key of each place; the last of a list first, so that deleting one moves no other."""
    head, *rest = (part.replace("~1", "/").replace("~0", "~") for part in parts)
    keys: list[Any] = []
    if isinstance(value, dict) and head in value:
        keys = [head]
    elif isinstance(value, list):
        keys = [n for n in reversed(range(len(value))) if head in ("*", str(n))]
    for key in keys:
        if rest:
            yield from _places(value[key], rest)
        else:
            yield value, key
