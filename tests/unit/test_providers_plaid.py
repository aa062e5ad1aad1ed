"""Plaid's replies, as documented and as broken ones may come, into records and observations."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.providers import plaid_reading as reading
from app.providers.errors import Kind, Reason
from app.providers.observations import Observation
from app.providers.plaid_errors import CODES, classify
from app.providers.plaid_observations import bank_accounts, bank_observations, layer_observations
from app.providers.plaid_records import AccountOwners, Owner

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LAYER: dict[str, Any] = {
    "link_session_id": "5c31d2a0-0000-4000-8000-000000000001",
    "identity": {
        "name": {"first_name": "Leslie", "last_name": "Knope"},
        "address": {
            "street": "123 Main St.", "street2": "", "city": "Pawnee", "region": "IN",
            "postal_code": "41006", "country": "US",
        },
        "email": None,
        "phone_number": "+14157452130",
        "date_of_birth": "1975-01-18",
        "ssn": "987654321",
        "ssn_last_4": "4321",
    },
    "identity_edit_history": {
        "name": {"edits_current": 0, "edits_1d": 0, "edits_30d": 1, "edits_365d": 1, "edits_all_time": 1},
        "official_document": {"ssn": {"edits_current": 2, "edits_1d": 2}},
    },
    "items": [{"item_id": "item", "access_token": "access-sandbox-1"}, {"item_id": "broken"}, None],
    "request_id": "m8MDnv9okwxFNBV",
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "account_id": "acc_1",
    "balances": {"available": 100, "current": Decimal("110.10"), "limit": None, "iso_currency_code": "USD"},
    "mask": "0000",
    "name": "Plaid Checking",
    "official_name": None,
    "subtype": "checking",
    "type": "depository",
}
ITEM = {"item_id": "item_1", "institution_id": "ins_109508", "institution_name": "First Platypus Bank"}


def values(observations: list[Observation]) -> dict[str, Any]:
    return {seen.field: seen.value for seen in observations}


def test_a_layer_session_becomes_observations() -> None:
    session = reading.layer_session(LAYER)
    assert session is not None
    assert [item.access_token for item in session.items] == ["access-sandbox-1"]
    assert session.edit_counts["name"].last_30_days == 1
    assert session.edit_counts["ssn"].current == 2
    found = layer_observations(session, NOW)
    assert values(found) == {
        "first_name": "Leslie",
        "last_name": "Knope",
        "date_of_birth": "1975-01-18",
        "ssn_last_four": "4321",
        "phone_number": "+14157452130",
        "address": {
            "street": "123 Main St.", "unit": None, "city": "Pawnee", "state": "IN",
            "postal_code": "41006", "country": "US",
        },
    }  # fmt: skip
    assert {seen.field for seen in found if seen.verified} == {"phone_number"}
    assert {(seen.source, seen.source_record) for seen in found} == {("plaid_layer", LAYER["link_session_id"])}


def test_a_full_ssn_is_never_kept() -> None:
    without_last_four = {**LAYER, "identity": {"ssn": "987654321"}}
    session = reading.layer_session(without_last_four)
    assert session is not None
    assert session.identity is not None
    assert session.identity.ssn_last_four == "4321"
    assert "98765" not in str(vars(session.identity))


@pytest.mark.parametrize("missing", list(LAYER))
@pytest.mark.parametrize("instead", [None, "text", 7, [], "absent"])
def test_no_missing_or_odd_part_breaks_the_reading(missing: str, instead: object) -> None:
    body = {**LAYER, missing: instead}
    if instead == "absent":
        del body[missing]
    session = reading.layer_session(body)
    assert session is not None
    layer_observations(session, NOW)


def test_records_show_nothing() -> None:
    session = reading.layer_session(LAYER)
    assert session is not None
    shown = repr(session) + str(session.items) + repr(layer_observations(session, NOW))
    for secret in ("access-sandbox", "Leslie", "4321", "1975", "Pawnee", "4157452130"):
        assert secret not in shown


def test_accounts_with_numbers_and_owners() -> None:
    held = reading.item_accounts({"accounts": [ACCOUNT, {"mask": "1"}], "item": ITEM})
    numbers = reading.account_numbers(
        {
            "numbers": {
                "ach": [
                    {
                        "account_id": "acc_1",
                        "account": "1111",
                        "routing": "011401533",
                        "is_tokenized_account_number": True,
                    },
                    {"account_id": "acc_9"},
                ],
                "eft": None,
            }
        }
    )
    assert held is not None
    assert numbers is not None
    owners = [AccountOwners("acc_1", (Owner(("ALBERTA CHARLESON",), (), (), ()),))]
    (account,) = bank_accounts(held, numbers, owners)
    assert (account.available, account.current, account.limit, account.currency) == (
        "100",
        "110.10",
        None,
        "USD",
    )
    assert (account.account_number, account.routing_number, account.is_tokenized) == (
        "1111",
        "011401533",
        True,
    )
    assert account.owners == ("Alberta Charleson",)
    assert account.institution_name == "First Platypus Bank"
    shown = repr(account)
    for secret in ("1111", "011401533", "Alberta", "110.10", "0000", "Platypus"):
        assert secret not in shown


def owner(*names: str, email: str = "a@example.com", phone: str = "2025550123") -> Owner:
    place = reading.address({"street": "2992 CAMERON ROAD", "city": "MALAKOFF", "region": "NY", "country": "US"})
    assert place is not None
    return Owner(names, (email,), (phone,), (place,))


def seen(*accounts: tuple[Owner, ...], expected_name: str | None = None) -> list[Observation]:
    listed = [AccountOwners(f"acc_{place}", owners) for place, owners in enumerate(accounts)]
    return bank_observations(listed, NOW, expected_name=expected_name)


def test_a_single_owner_is_observed_once_over_all_accounts() -> None:
    one = (owner("ALBERTA BOBBETH CHARLESON"),)
    found = seen(one, one)
    assert [entry.field for entry in found] == ["first_name", "last_name", "email", "phone_number", "address"]
    assert values(found)["first_name"] == "Alberta Bobbeth"
    assert values(found)["phone_number"] == "+12025550123"
    assert values(found)["address"]["street"] == "2992 Cameron Road"
    assert {entry.source for entry in found} == {"plaid_bank"}


def test_nothing_is_picked_from_a_joint_account() -> None:
    assert seen((owner("MARY SMITH"), owner("JOHN SMITH"))) == []
    assert seen((owner("MARY SMITH"), owner("JOHN SMITH")), expected_name="Ann Jones") == []
    assert seen((owner("MARY SMITH"), owner("MARY SMITH")), expected_name="Mary Smith") == []
    assert seen((owner("JOHN & MARY SMITH"),), expected_name="Mary Smith") == []
    assert seen((owner(),)) == []


def test_of_a_joint_account_the_expected_owner_is_picked() -> None:
    found = values(
        seen((owner("JOHN SMITH", email="john@example.com"), owner("MARY SMITH")), expected_name="Mary Smith")
    )
    assert (found["first_name"], found["email"]) == ("Mary", "a@example.com")


def test_two_names_in_one_block_give_the_name_alone() -> None:
    found = values(seen((owner("MARY SMITH", "JOHN SMITH"),), expected_name="Mary Smith"))
    assert found == {"first_name": "Mary", "last_name": "Smith"}
    assert seen((owner("MARY SMITH", "JOHN SMITH"),)) == []


def test_primary_contacts_come_first() -> None:
    body = {
        "accounts": [
            {
                "account_id": "acc_1",
                "owners": [
                    {
                        "names": ["A B", 7, ""],
                        "emails": [
                            {"data": "second@x.com", "primary": False},
                            {"data": "first@x.com", "primary": True},
                        ],
                        "phone_numbers": None,
                        "addresses": [{"data": {}}, {"data": None}],
                    }
                ],
            }
        ]
    }
    read = reading.account_owners(body)
    assert read is not None
    (found,) = read[0].owners
    assert found.emails == ("first@x.com", "second@x.com")
    assert found.names == ("A B",)
    assert found.addresses == ()


def test_liabilities_are_joined_with_their_accounts() -> None:
    card = {**ACCOUNT, "account_id": "c", "type": "credit", "subtype": "credit card", "mask": "3333"}
    card["balances"] = {"current": 410, "limit": 2000}
    house = {**ACCOUNT, "account_id": "m", "type": "loan", "subtype": "mortgage"}
    body = {
        "accounts": [ACCOUNT, card, house],
        "item": ITEM,
        "liabilities": {
            "credit": [
                {
                    "account_id": "c",
                    "aprs": [
                        {"apr_type": "balance_transfer_apr", "apr_percentage": 0},
                        {"apr_type": "purchase_apr", "apr_percentage": Decimal("12.5")},
                    ],
                    "minimum_payment_amount": 20,
                }
            ],
            "mortgage": [
                {
                    "account_id": "m",
                    "interest_rate": {"percentage": Decimal("3.99")},
                    "next_monthly_payment": 3141,
                }
            ],
            "student": None,
        },
    }
    debts = reading.debts(body)
    assert debts is not None
    assert [(debt.kind, debt.limit, debt.monthly_payment, debt.rate) for debt in debts] == [
        ("credit_card", "2000", "20", "12.5"),
        ("home_loan", None, "3141", "3.99"),
    ]
    assert reading.debts({**body, "liabilities": None}) == ()


def test_a_page_of_transactions() -> None:
    good = {
        "transaction_id": "t",
        "account_id": "a",
        "amount": Decimal("72.10"),
        "date": "2026-09-24",
        "pending": False,
    }
    page = reading.transaction_changes(
        {
            "next_cursor": "",
            "has_more": True,
            "added": [good, {"amount": 1}],
            "removed": [{"transaction_id": "r"}],
        }
    )
    assert page is not None
    assert [entry.amount for entry in page.added] == ["72.10"]
    assert page.removed == ("r",)
    assert not page.is_complete
    assert reading.transaction_changes({}) is None


@pytest.mark.parametrize(
    "read",
    [
        reading.link_token, reading.linked_item, reading.layer_session, reading.item_accounts,
        reading.account_owners, reading.account_numbers, reading.debts, reading.item_status,
        reading.institution, reading.webhook_key, reading.transaction_changes,
    ],
)  # fmt: skip
def test_an_empty_reply_is_noticed(read: Any) -> None:
    assert read({}) is None
    assert read({"request_id": "x", "link": None, "item": 7, "accounts": None, "key": []}) is None


def test_errors_are_judged_by_code_and_type() -> None:
    def judged(code: str, family: str, status: int = 400) -> tuple[Kind, Reason, bool]:
        found = classify("auth/get", status, {"error_code": code, "error_type": family, "error_message": "secret"})
        assert found is not None
        return found[1].kind, found[1].reason, found[1].retryable

    assert judged("ITEM_LOGIN_REQUIRED", "ITEM_ERROR") == (Kind.AUTHENTICATION, Reason.LOGIN_REQUIRED, False)
    assert judged("RATE_LIMIT", "RATE_LIMIT_EXCEEDED", 429) == (Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, True)
    assert judged("CREDITS_EXHAUSTED", "RATE_LIMIT_EXCEEDED", 429)[2] is False
    assert judged("BRAND_NEW", "ITEM_ERROR") == (Kind.DATA_VALIDATION, Reason.UNEXPECTED, False)
    assert judged("BRAND_NEW", "NEW_FAMILY", 500)[1] is Reason.PROVIDER_DOWN
    for odd in ({}, {"error_code": None}, {"error_code": "<b>"}, {"error_code": "X" * 200}):
        assert classify("auth/get", 400, odd) is None


def test_the_table_knows_only_documented_codes() -> None:
    facts = json.loads((Path(__file__).parents[1] / "contract/data/plaid-error-codes.json").read_text())
    assert set(CODES) <= set(facts)
