"""The small rules that live in the screens' values."""

from __future__ import annotations

import pytest

from app.consumer import wording
from app.consumer.screen_parts import Field, Piece, Source, words
from tests.unit.screen_samples import ACCOUNTS, ADDRESS, HOME, REVIEW_WRONG, START_WRONG, identity, page, start_phone


def test_words_are_read_into_pieces() -> None:
    text = words("Tap **Go** to [agree](https://a.example/x) now.", "Second.")
    assert text.paragraphs[0] == (
        Piece("Tap "),
        Piece("Go", strong=True),
        Piece(" to "),
        Piece("agree", href="https://a.example/x"),
        Piece(" now."),
    )
    assert text.plain == "Tap Go to agree now.\nSecond."


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://a"])
def test_a_link_of_another_kind_stays_text(href: str) -> None:
    pieces = words(f"See [this]({href}).").paragraphs[0]
    assert [piece.href for piece in pieces] == [None, None, None]
    assert "".join(piece.text for piece in pieces).startswith("See this")


@pytest.mark.parametrize("href", ["https://a.example", "/terms", "#terms", "mailto:a@b.example", "tel:+1503"])
def test_a_link_of_a_safe_kind_is_one(href: str) -> None:
    assert words(f"[x]({href})").paragraphs[0] == (Piece("x", href=href),)


def test_agreements_name_the_button_and_the_tenant() -> None:
    shared = wording.share_agreement(identity, tenant_short="Acme", terms_url="/terms")
    assert shared.plain == (
        "By tapping Share with Acme you send what you see here, without what you left out. Full terms"
    )
    credit = wording.credit_agreement(identity, tenant="Acme Credit Union", terms_url="/terms")
    assert credit.plain.startswith("I authorize Acme Credit Union to obtain my credit report")
    code = wording.code_agreement(identity, tenant="Acme", terms_url="/t", privacy_url="/p")
    assert [piece.href for piece in code.paragraphs[0] if piece.href] == ["/t", "/p"]


def test_the_rail_knows_its_place() -> None:
    assert page(now=2).step_number == 2
    assert page(now=5).step_number is None


def test_ids_and_targets_follow_the_kind() -> None:
    assert Field(key="first_name", label="x").target == "first-name"
    assert Field(key="debts.0.Name", label="x").id == "debts-0-name"
    assert Field(key="birth", label="x", kind="date").target == "birth-month"
    assert Field(key="tenure", label="x", kind="radio").target == "tenure-1"
    assert ADDRESS.target == "address-1"
    assert Field(key="home", label="x", kind="address", parts=HOME).target == "street"


def test_a_locked_date_leads_to_its_one_box() -> None:
    assert Field(key="birth", label="x", kind="date", state="locked", error="Wrong").target == "birth"


def test_date_parts_split_what_is_known() -> None:
    assert Field(key="d", label="x", kind="date", value="1988-04-27").date_parts == ("04", "27", "1988")
    assert Field(key="d", label="x", kind="date").date_parts == ("", "", "")
    typed = Field(key="d", label="x", kind="date", value="", typed=("13", "1", "88"))
    assert typed.date_parts == ("13", "1", "88")


def test_what_cannot_be_typed_into() -> None:
    assert Field(key="a", label="x", state="locked").read_only
    assert Field(key="a", label="x", state="disputed").read_only
    assert Field(key="a", label="x", reveal_url="/r").read_only
    assert not Field(key="a", label="x", state="edited", source=Source("yours")).read_only


def test_errors_come_in_the_order_of_the_page() -> None:
    assert [link.target for link in REVIEW_WRONG.errors] == [
        "housing-cost",
        "email",
        "address-1",
        "tenure-1",
        "old-street",
        "since-month",
    ]
    assert [link.target for link in START_WRONG.errors] == ["phone", "birth-month"]
    assert start_phone().errors == ()


def test_a_ledger_shows_its_switch_only_when_one_may_be_left_out() -> None:
    assert ACCOUNTS.ledgers[0].can_leave_out
