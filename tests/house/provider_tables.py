"""The tables of docs/providers.md, made from the code they tell about.

`python -m tests.house.provider_tables` writes them into the page again; a test compares.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from app import create_app
from app.consumer.sentences import bank_heading, trouble_sentence
from app.providers import plaid_errors, spinwheel_errors, twilio_errors
from app.providers.base import ATTEMPTS, STATUS_MEANINGS, TRANSPORT_MEANINGS
from app.providers.breaker import BreakerRules
from app.providers.bulkheads import SHARES, THREADS, Bulkheads, group_of
from app.providers.errors import Meaning, Reason
from app.providers.shared_breaker import ANSWER_SECONDS, AWAY_SECONDS
from app.providers.spinwheel import ASSUMPTIONS
from app.providers.transport import Timeouts
from app.providers.webhook_keys import KeyCacheRules
from app.providers.webhook_sender import DEADLINE_SECONDS
from app.web import use_locale
from tests.support.faults import OPERATIONS
from tests.support.settings import make_settings

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
REPORT = {
    Reason.REPORT_UNAVAILABLE, Reason.REPORT_FROZEN, Reason.REPORT_LOCKED, Reason.REPORT_FRAUD_ALERT,
    Reason.REPORT_DAILY_LIMIT,
}  # fmt: skip
BANK = {
    Reason.LINK_EXPIRED, Reason.LOGIN_REQUIRED, Reason.ACCESS_REVOKED, Reason.BANK_UNAVAILABLE,
    Reason.BANK_UNSUPPORTED, Reason.NO_ACCOUNTS, Reason.DATA_NOT_READY,
}  # fmt: skip
BOTH = {
    Reason.PROVIDER_DOWN, Reason.PROVIDER_SLOW, Reason.PROVIDER_BUSY, Reason.NOT_CONFIGURED, Reason.UNEXPECTED,
}  # fmt: skip
# These two are said beside the code itself, with the tries that are left.
BESIDE_THE_CODE = {Reason.WRONG_CODE, Reason.CODE_EXPIRED}


def table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def limits() -> str:
    usual = Timeouts()
    rows: list[tuple[object, ...]] = [
        ("connecting", f"{usual.connect:g} s"),
        ("silence on the line", f"{usual.read:g} s"),
        ("the whole call, retries included", f"{usual.total:g} s"),
        ("the same for a credit report", f"{ASSUMPTIONS.report_seconds:g} s"),
        ("bytes of one answer", f"{usual.max_bytes // 1024 // 1024} MiB"),
        ("tries at most", ATTEMPTS),
        ("one try of a callback to a tenant", f"{DEADLINE_SECONDS:g} s"),
        ("look-ups of webhook keys, each connection and minute", KeyCacheRules().fetches_per_minute),
    ]
    return table(("limit", "value"), rows)


def operations() -> str:
    rows: list[tuple[object, ...]] = [
        (each.provider, f"`{each.name}`", group_of(each.provider, each.name), "yes" if each.safe else "no")
        for each in OPERATIONS
    ]
    return table(("provider", "operation", "group", "repeated"), rows)


def breaker() -> str:
    meanings = {
        "window": "seconds that outcomes are remembered",
        "minimum": "calls in it before the breaker judges",
        "rate": "share of outages that opens it",
        "open_seconds": "seconds it stays open before one probe may go",
        "probe_seconds": "seconds the probe's lease lasts, should its process die",
    }
    rules = BreakerRules()
    rows: list[tuple[object, ...]] = [
        (f"`{field.name}`", f"{getattr(rules, field.name):g}", meanings[field.name]) for field in fields(rules)
    ]
    rows += [
        ("Redis answers within", f"{ANSWER_SECONDS:g} s", "or this process judges alone"),
        ("Redis left alone for", f"{AWAY_SECONDS:g} s", "after it did not answer; then one thread asks again"),
    ]
    return table(("rule", "value", "meaning"), rows)


def bulkheads() -> str:
    everything, group, connection = Bulkheads(THREADS).limits
    rows: list[tuple[object, ...]] = [
        ("one group of one connection", SHARES.connection, connection),
        ("one group of a provider", SHARES.group, group),
        ("all provider calls together", SHARES.everything, everything),
    ]
    return table(("of a process's threads may wait on", "share", f"of {THREADS}"), rows)


def _row(provider: str, code: str, meaning: Meaning) -> tuple[object, ...]:
    again = "retryable" if meaning.retryable else "final"
    return provider, f"`{code}`", f"`{meaning.kind}`", again, f"`{meaning.reason}`"


def errors() -> str:
    rows = [_row("any", code, meaning) for code, meaning in {**TRANSPORT_MEANINGS, **STATUS_MEANINGS}.items()]
    rows += [_row("plaid", code, meaning) for code, meaning in plaid_errors.CODES.items()]
    rows += [_row("plaid", f"{kind} (type)", meaning) for kind, meaning in plaid_errors.TYPES.items()]
    rows += [_row("spinwheel", code, meaning) for code, meaning in spinwheel_errors.CODES.items()]
    rows += [_row("twilio", str(code), meaning) for code, meaning in twilio_errors.CODES.items()]
    return table(("provider", "code", "class", "again?", "reason"), rows)


def sentences() -> str:
    """What a consumer reads for each reason: at the code step, at the bank step, in both languages."""
    rows: list[tuple[object, ...]] = []
    for reason in Reason:
        if reason in REPORT:
            rows.append((f"`{reason}`", "credit file", "— (the form comes without it)", "—"))
            continue
        if reason not in BANK | BESIDE_THE_CODE:
            rows.append((f"`{reason}`", "code", *_in_both(lambda reason=reason: trouble_sentence(reason.value))))
        if reason in BANK | BOTH:
            rows.append((f"`{reason}`", "bank", *_in_both(lambda reason=reason: ". ".join(bank_heading(reason.value)))))
    return table(("reason", "where", "English", "Spanish"), rows)


def _in_both(say: Callable[[], str]) -> list[str]:
    said = []
    for locale in ("en", "es"):
        use_locale(locale)
        said.append(say())
    return said


def tables() -> dict[str, str]:
    app = create_app(make_settings("sqlite:////never/opened.db"))
    with app.test_request_context():
        made = {
            "limits": limits(),
            "operations": operations(),
            "breaker": breaker(),
            "bulkheads": bulkheads(),
            "errors": errors(),
            "sentences": sentences(),
        }
    app.extensions["services"].database.dispose()
    return made


def written(page: str, made: dict[str, str]) -> str:
    """The page with these tables between its marks."""
    for name, text in made.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert len(mark.findall(page)) == 1, f"docs/providers.md has no place for the table of {name}"
        page = mark.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), tables()), encoding="utf-8")
