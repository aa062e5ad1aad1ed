"""How a try to prove the phone ended, in words the pages have sentences for."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """How a try ended. `problem` is None on success, else a word the page has a sentence for.

    `by_call`: it was about a call, not a text.

    `challenge`: what the browser has to solve first. `held`: why no text is sent though the page looks as if.
    """

    problem: str | None = None
    tries_left: int | None = None
    wait_seconds: int | None = None
    token: str | None = field(default=None, repr=False)
    challenge: str | None = field(default=None, repr=False)
    held: str | None = None
    by_call: bool = False
