"""A clock that tests move instead of waiting."""

import datetime as dt

import pytest

MODULES = ("app.domain.limits", "app.domain.send_rules", "app.domain.challenge")


class Clock:
    """Begins at noon, on the border of a window."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += dt.timedelta(**amount)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What limits take for the time."""
    made = Clock()
    for module in MODULES:
        monkeypatch.setattr(f"{module}.utcnow", made)
    return made
