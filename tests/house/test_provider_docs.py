"""docs/providers.md says what the code does: limits, retries, breakers, bulkheads, errors and what a consumer reads."""

from app.providers.errors import Kind, Reason
from app.providers.plaid_errors import CODES as PLAID
from app.providers.spinwheel_errors import CODES as SPINWHEEL
from tests.house.provider_tables import BANK, BESIDE_THE_CODE, PAGE, tables, written


def test_the_page_is_as_the_code_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, tables()) == page, "run: python -m tests.house.provider_tables"


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    rows = [line.split(" | ") for line in tables()["sentences"].splitlines()[2:]]
    assert {row[0].strip("| `") for row in rows} == set(Reason) - BESIDE_THE_CODE
    for reason, _, english, spanish in rows:
        assert english != spanish.rstrip(" |"), f"{reason} is not translated"


def test_the_four_classes_are_all_used_and_banks_are_told_apart() -> None:
    assert {meaning.kind for meaning in (*PLAID.values(), *SPINWHEEL.values())} == set(Kind)
    assert {meaning.reason for meaning in PLAID.values()} >= BANK
