"""The choice between what several sources say: locked, then the consumer, then the declared order."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.observations import Known
from app.domain.prefill.fields import CONSUMER, FIELDS, LISTS, TENANT
from app.domain.prefill.merge import merge

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def said(field: str, source: str, value: Any, minutes: int = 0, *, verified: bool = False) -> Known:
    """One observation."""
    return Known(field, value, source, f"{source}-1", NOON + dt.timedelta(minutes=minutes), verified)


@pytest.mark.parametrize("key", [key for key, spec in FIELDS.items() if spec.sources and key not in LISTS])
def test_the_first_source_of_the_declared_order_wins_whenever_it_spoke(key: str) -> None:
    order = FIELDS[key].sources
    known = [said(key, source, source, minutes) for minutes, source in enumerate(order)]
    assert merge(known)[key].value == order[0]
    assert merge(reversed(known))[key].value == order[0]
    assert merge(known)[key].alternatives == len(order) - 1


def test_of_one_source_the_newest_word_counts() -> None:
    chosen = merge([said("email", "plaid_bank", "old@x.example"), said("email", "plaid_bank", "new@x.example", 5)])
    assert chosen["email"].value == "new@x.example"
    assert chosen["email"].alternatives == 1


def test_what_the_consumer_typed_wins_and_remembers_what_it_replaced() -> None:
    chosen = merge([said("email", "plaid_layer", "a@x.example", verified=True), said("email", CONSUMER, "b@x.example")])
    email = chosen["email"]
    assert (email.value, email.source, email.edited, email.verified) == ("b@x.example", CONSUMER, True, False)
    assert email.original is not None
    assert (email.original.value, email.original.source, email.original.verified) == (
        "a@x.example",
        "plaid_layer",
        True,
    )


def test_what_nobody_else_said_is_typed_and_not_edited() -> None:
    chosen = merge([said("email", CONSUMER, "b@x.example")])["email"]
    assert (chosen.edited, chosen.original, chosen.alternatives) == (False, None, 0)


def test_what_the_tenant_locked_wins_over_the_consumer_and_every_source() -> None:
    known = [
        said("email", TENANT, "locked@x.example"),
        said("email", "plaid_layer", "a@x.example"),
        said("email", CONSUMER, "b@x.example"),
    ]
    email = merge(known, ["email"])["email"]
    assert (email.value, email.source, email.locked) == ("locked@x.example", TENANT, True)


def test_what_the_tenant_gave_without_a_lock_comes_after_every_source() -> None:
    known = [said("email", TENANT, "given@x.example"), said("email", "plaid_bank", "a@x.example")]
    assert merge(known)["email"].value == "a@x.example"
    assert merge(known[:1])["email"].value == "given@x.example"


def test_a_field_only_the_tenant_can_fill_is_filled_by_it() -> None:
    assert merge([said("income", TENANT, "48000.00")])["income"].source == TENANT


def test_lists_and_unknown_fields_are_left_alone() -> None:
    assert merge([said("bank_accounts", "plaid_bank", {}), said("shoe_size", "plaid_bank", "9")]) == {}


SOURCES = st.sampled_from([*FIELDS["email"].sources, CONSUMER, TENANT, "somebody_new"])


@given(st.lists(st.tuples(SOURCES, st.sampled_from("abc"), st.integers(0, 5)), max_size=8), st.booleans())
def test_a_value_is_never_made_up(words: list[tuple[str, str, int]], locked: bool) -> None:
    known = [said("email", source, value, minutes) for source, value, minutes in words]
    chosen = merge(known, ["email"] if locked else [])
    assert bool(chosen) == bool(known)
    if known:
        email = chosen["email"]
        assert (email.source, email.value) in {(word.source, word.value) for word in known}
        assert merge(reversed(known), ["email"] if locked else [])["email"].source == email.source
