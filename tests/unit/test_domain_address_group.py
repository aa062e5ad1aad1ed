"""Who stands behind an address."""

import pytest

from app.domain.limits import CONVERSIONS, SENDS, WRONG_CODES, address_group

# Spinwheel switches a number off for a day after the eleventh text, and a text off after the fifth wrong code.
PROVIDER_SENDS_A_DAY = 10


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_one_household_is_one_address(address: str, group: str) -> None:
    assert address_group(address) == group


def test_our_budgets_for_a_number_end_before_the_provider_s() -> None:
    daily = [budget.count for budget in SENDS if budget.scope == "send:phone" and budget.period.days == 1]
    assert daily
    assert max(daily) < PROVIDER_SENDS_A_DAY
    assert WRONG_CODES.count / max(daily) < 5, "wrong codes for each text"


def test_one_place_cannot_use_up_the_day_of_a_number() -> None:
    by_scope = {(budget.scope, budget.period.days): budget.count for budget in SENDS}
    assert by_scope["send:pair", 1] < by_scope["send:phone", 1]


def test_a_challenge_comes_before_a_refusal() -> None:
    assert all(rule.challenge_from < rule.refuse_from for rule in CONVERSIONS)
