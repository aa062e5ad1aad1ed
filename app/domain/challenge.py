"""Proof of work: some tenths of a second of a browser's time for a text, which people never notice and pumping pays.

A challenge is `issued.bits.salt.seal`; nothing is stored until it is used up. Its solution is a number `n` such that
SHA-256 of `seal:n` begins with `bits` zero bits. Whoever runs no script waits instead.
"""

import hashlib
import hmac
import re
import secrets
import uuid

from sqlalchemy.orm import Session

from app.domain.limits import DAY, Budget, spend_one
from app.models import utcnow
from app.models.vault import vault

# Leading zero bits: 65 thousand hashes on average, and four times as many under suspicion.
BITS, BITS_UNDER_SUSPICION = 16, 18
# A solution is good for so many seconds. Without one the wait opens the way, for as long as a page lies idle.
LIFE_SECONDS = 120
WAIT_SECONDS, WAIT_LIFE_SECONDS = 60, 1800
_USED = Budget("used:challenge", 1, DAY)
_FORM = re.compile(r"(?P<head>(?P<issued>\d{1,12})\.(?P<bits>\d{1,2})\.[0-9a-f]{16})\.(?P<seal>[0-9a-f]{32})", re.ASCII)
_SOLUTION = re.compile(r"\d{1,15}", re.ASCII)


def new_challenge(session: Session, onboarding_id: uuid.UUID, binding_id: uuid.UUID, *, suspected: bool) -> str:
    """A challenge for one browser of one onboarding."""
    bits = BITS_UNDER_SUSPICION if suspected else BITS
    head = f"{int(utcnow().timestamp())}.{bits}.{secrets.token_hex(8)}"
    return f"{head}.{_seal(session, head, onboarding_id, binding_id)}"


def pass_challenge(
    session: Session, onboarding_id: uuid.UUID, binding_id: uuid.UUID, challenge: str, solution: str
) -> bool:
    """Whether a challenge of ours was solved, or waited out; then it is used up."""
    parts = _FORM.fullmatch(challenge)
    if parts is None:
        return False
    if not hmac.compare_digest(parts["seal"], _seal(session, parts["head"], onboarding_id, binding_id)):
        return False
    age = utcnow().timestamp() - int(parts["issued"])
    solved = age <= LIFE_SECONDS and solves(parts["seal"], solution, int(parts["bits"]))
    waited = WAIT_SECONDS <= age <= WAIT_LIFE_SECONDS
    return (solved or waited) and spend_one(session, _USED, parts["seal"])


def solves(seal: str, solution: str, bits: int) -> bool:
    """Whether the hash begins with so many zero bits."""
    if _SOLUTION.fullmatch(solution) is None:
        return False
    digest = hashlib.sha256(f"{seal}:{solution}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def _seal(session: Session, head: str, onboarding_id: uuid.UUID, binding_id: uuid.UUID) -> str:
    return vault(session).digest(f"challenge:{head}:{onboarding_id}:{binding_id}")[:16].hex()
