"""The browser's part of a challenge."""

import hashlib
from itertools import count


def solve(challenge: str) -> str:
    """The number that makes the hash begin with enough zero bits, found as `static/js/proof.js` does."""
    _, bits, _, seal = challenge.split(".")
    limit = 1 << (256 - int(bits))
    begun = hashlib.sha256(f"{seal}:".encode())
    for number in count():
        tried = begun.copy()
        tried.update(str(number).encode())
        if int.from_bytes(tried.digest(), "big") < limit:
            return str(number)
    raise AssertionError("never")
