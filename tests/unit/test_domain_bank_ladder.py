"""Which rung comes next, and what an exit from Plaid's window means."""

import pytest

from app.consumer import sentences
from app.domain.bank_exits import CODES, REASONS, SPENT, STATUSES, Exit, why_left
from app.domain.bank_opening import next_rung
from app.providers.plaid_errors import CODES as PLAID_CODES


@pytest.mark.parametrize(
    ("progress", "layer", "connected", "rung"),
    [
        ({}, True, False, "layer_phone"),
        ({}, False, False, "link"),
        ({"layer": "refused"}, True, False, "link"),
        ({"layer": "left"}, True, False, "link"),
        ({}, True, True, "link"),
        ({"item": "0" * 32}, True, True, "link_update"),
        ({"item": "0" * 32, "layer": "refused"}, False, False, "link_update"),
    ],
)
def test_the_next_rung(progress: dict[str, str], layer: bool, connected: bool, rung: str) -> None:
    assert next_rung(progress, layer=layer, connected=connected) == rung


@pytest.mark.parametrize(
    ("left", "why"),
    [
        (Exit(), "closed"),
        (Exit("requires_code"), "closed"),
        (Exit("institution_not_found"), "bank_not_found"),
        (Exit("requires_oauth"), "sign_in_unfinished"),
        (Exit("requires_credentials", "INVALID_CREDENTIALS", "ITEM_ERROR"), "login_refused"),
        (Exit("institution_not_found", "INSTITUTION_DOWN", "INSTITUTION_ERROR"), "bank_unavailable"),
        (Exit(None, "SOMETHING_NEW", "INSTITUTION_ERROR"), "bank_unavailable"),
        (Exit(None, "SOMETHING_NEW", "API_ERROR"), "trouble"),
        (Exit(None, "SOMETHING_NEW", None), "trouble"),
        (Exit(None, "INVALID_LINK_TOKEN", "INVALID_INPUT"), "link_expired"),
    ],
)
def test_why_the_window_was_left(left: Exit, why: str) -> None:
    assert why_left(left) == why


def test_every_reason_has_words_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_", lambda text, **_: text)
    usual = sentences.exit_words("closed")
    words = {*STATUSES.values(), *CODES.values(), *REASONS.values(), "trouble", "link_expired"} - {"closed"}
    assert [why for why in words if sentences.exit_words(why) == usual] == []


def test_every_code_of_plaid_s_means_something() -> None:
    known = {*STATUSES.values(), *CODES.values(), *REASONS.values(), "trouble", "link_expired", "closed"}
    assert {why_left(Exit(None, code)) for code in (*PLAID_CODES, *SPENT)} <= known
