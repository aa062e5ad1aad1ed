"""How a try to prove the phone ended, in words the pages have sentences for."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """How a try ended. `problem` is None on success, else a word the page has a sentence for."""

    problem: str | None = None
    tries_left: int | None = None
    wait_seconds: int | None = None
    token: str | None = field(default=None, repr=False)
