"""Whether another code may be sent: our own limits, which come before the provider's.

What a number has met elsewhere is nobody's business. Where only that stands against a text, none is sent and the page
looks and waits as if one had been: the code is *held*.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.challenge import new_challenge, pass_challenge
from app.domain.consents import Visitor
from app.domain.events import record
from app.domain.flow import allowed, make_move
from app.domain.numbers import number_prefix
from app.domain.outcomes import Outcome
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, PhoneVerificationSession, utcnow
from app.models.vault import vault

log = logging.getLogger("app.domain.send_rules")

# A held code lives as long as a real one.
HELD_LIFE = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Browser:
    """The browser that asks; without `binding_id` it is a tenant's server.

    `challenge` and `solution` answer a challenge. `mistaken`: the number is not the one the onboarding was begun with.
    """

    binding_id: uuid.UUID | None = None
    challenge: str = field(default="", repr=False)
    solution: str = field(default="", repr=False)
    mistaken: bool = False


SERVER = Browser()


def refuse_send(
    services: Services,
    session: Session,
    onboarding: Onboarding,
    phone_number: str,
    visitor: Visitor,
    browser: Browser = SERVER,
    method: str = "sms",
) -> Outcome | None:
    """Why no code is sent to this number now; None counts the one that is about to be sent."""
    own, scale = texts_of(session, onboarding, browser.binding_id), services.limit_scale
    phone_number = _asked_number(session, onboarding, own, phone_number)
    wait = _wait(session, own, phone_number, method)
    if wait > 0:
        return Outcome("too_soon", wait_seconds=wait)
    keys = _keys(onboarding, phone_number, visitor)
    limits.lock(session, keys)
    tally = limits.Tally(session, keys, _scopes(keys))
    problem, why = _trouble(session, onboarding, tally, scale)
    if problem is not None:
        return _refuse(session, onboarding, problem, why)
    # Whoever comes back has proven a phone before, so suspicion does not fall on the first text.
    suspected = tally.suspected(scale) and onboarding.phone_verified_at is None
    if browser.binding_id is not None and (own or suspected):
        answer = (browser.binding_id, browser.challenge, browser.solution)
        if not pass_challenge(session, onboarding.id, *answer):
            asked = new_challenge(session, onboarding.id, browser.binding_id, suspected=suspected)
            return Outcome("prove", challenge=asked)
    if browser.mistaken or (own and _other_number(session, onboarding, own[0])):
        return _hold(session, keys, "other_number")
    if _number_spent(tally, scale):
        if _own_doing(session, own, phone_number) >= limits.SENDS[0].count * scale:
            return _refuse(session, onboarding, "no_more_codes", "number")
        return _hold(session, keys, "held")
    limits.add(session, keys, [scope for scope in _scopes(keys) if scope.startswith("send:")])
    return None


def _keys(onboarding: Onboarding, phone_number: str, visitor: Visitor) -> dict[str, str]:
    """Who is counted. Test and live are apart: a test key must not use up anybody's real number."""
    mode, address = onboarding.mode, limits.address_group(visitor.ip_address)
    keys = {
        "phone": number_key(onboarding, phone_number),
        "prefix": f"{mode}:{number_prefix(phone_number)}",
        "tenant": f"{onboarding.tenant_id}:{mode}",
    }
    # Where a tenant's server asks, its address says nothing about the consumer.
    return {**keys, "ip": f"{mode}:{address}", "pair": f"{mode}:{phone_number}:{address}"} if address else keys


def number_key(onboarding: Onboarding, phone_number: str) -> str:
    """Under which a number is counted, by all tenants of the installation together."""
    return f"{onboarding.mode}:{phone_number}"


def _scopes(keys: dict[str, str]) -> list[str]:
    earned = [f"ok:{subject}" for subject in ("prefix", "ip") if subject in keys]
    return [*(f"send:{subject}" for subject in keys), *earned, limits.WRONG_CODES.scope]


def _trouble(session: Session, onboarding: Onboarding, tally: limits.Tally, scale: int) -> tuple[str | None, str]:
    """What stands against texts as such, whatever the number: a word for the consumer, one for staff."""
    flow, _ = settings_of(session, onboarding.settings_version)
    if tally.count("send:tenant", limits.DAY) >= flow.sends_per_day:
        log.warning("no more texts for the tenant of onboarding %s: its cap of the day is reached", onboarding.id)
        return "texts_paused", "tenant_day"
    if _any_spent(tally, ("send:tenant",), scale):
        return "texts_paused", "tenant_hour"
    if tally.held_back(scale) or _any_spent(tally, ("send:prefix", "send:ip"), scale):
        return "texts_held", "held"
    return None, ""


def _any_spent(tally: limits.Tally, scopes: tuple[str, ...], scale: int) -> bool:
    return any(tally.spent(budget, scale) for budget in limits.SENDS if budget.scope in scopes)


def _number_spent(tally: limits.Tally, scale: int) -> bool:
    return _any_spent(tally, ("send:phone", "send:pair"), scale) or tally.spent(limits.WRONG_CODES, scale)


def _own_doing(session: Session, own: Sequence[PhoneVerificationSession], phone_number: str) -> int:
    since = utcnow() - limits.DAY
    return sum(row.created_at > since and _number(session, row) == phone_number for row in own)


def _refuse(session: Session, onboarding: Onboarding, problem: str, why: str) -> Outcome:
    if allowed(onboarding, "run_out_of_codes"):
        make_move(session, onboarding, "run_out_of_codes", {"why": why})
    else:
        record(session, onboarding, "code.refused", {"why": why})
    return Outcome(problem)


def _hold(session: Session, keys: dict[str, str], why: str) -> Outcome:
    # Nobody was texted, so only who asks is counted.
    if "ip" in keys:
        limits.add(session, keys, ["send:ip"])
    return Outcome(held=why)


def uncount_send(session: Session, onboarding: Onboarding, phone_number: str, visitor: Visitor) -> None:
    """Surely nothing was sent, so it costs nobody's budget. Who asked stays counted: asking is not free."""
    keys = _keys(onboarding, phone_number, visitor)
    limits.add(session, keys, [f"send:{subject}" for subject in keys if subject != "ip"], -1)


def hold_code(
    session: Session,
    onboarding: Onboarding,
    phone_number: str,
    why: str,
    max_attempts: int,
    browser: Browser,
    method: str = "sms",
) -> None:
    """The row of a code that is never sent. Every try fails as a wrong one would."""
    own = texts_of(session, onboarding, browser.binding_id)
    row = PhoneVerificationSession(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        binding_id=browser.binding_id,
        verification_method=method,
        max_attempts=max_attempts,
        expires_at=utcnow() + HELD_LIFE,
    )
    vault(session).seal(row, "phone_number", _asked_number(session, onboarding, own, phone_number))
    session.add(row)
    session.flush()
    if allowed(onboarding, "hold_code") and onboarding.phone_verified_at is None:
        make_move(session, onboarding, "hold_code", {"why": why})
    else:
        record(session, onboarding, "code.refused", {"why": why})


def is_held(row: PhoneVerificationSession) -> bool:
    """Whether this code was never sent: it has a life but no verifier knows it."""
    return row.spinwheel_session_id_sealed is None and row.expires_at > row.created_at


def count_confirmed(session: Session, onboarding: Onboarding, row: PhoneVerificationSession) -> None:
    """A code was entered: its prefix and its address are people, not pumping."""
    prefix = number_prefix(_number(session, row))
    limits.add(session, {"prefix": f"{onboarding.mode}:{prefix}"}, ["ok:prefix"])
    if row.address_hash is not None:
        limits.add_hashed(session, {"ok:ip": row.address_hash})
        row.address_hash = None


def address_hash(session: Session, onboarding: Onboarding, visitor: Visitor) -> bytes | None:
    """The address as the counters know it, to be kept with a text until it is confirmed."""
    address = limits.address_group(visitor.ip_address)
    return limits.address_hash(session, f"{onboarding.mode}:{address}") if address else None


def texts_of(session: Session, onboarding: Onboarding, binding_id: uuid.UUID | None) -> list[PhoneVerificationSession]:
    """The texts this browser may know of, newest first: once the phone was proven only those it asked for itself."""
    statement = (
        select(PhoneVerificationSession)
        .where(PhoneVerificationSession.onboarding_id == onboarding.id)
        .order_by(PhoneVerificationSession.created_at.desc())
    )
    if onboarding.phone_verified_at is not None:
        statement = statement.where(PhoneVerificationSession.binding_id == binding_id)
    return list(session.scalars(statement))


def latest_text(
    session: Session, onboarding: Onboarding, binding_id: uuid.UUID | None
) -> PhoneVerificationSession | None:
    """What this browser asked for last, sent or held."""
    own = texts_of(session, onboarding, binding_id)
    return own[0] if own else None


def latest_code(
    session: Session, onboarding: Onboarding, binding_id: uuid.UUID | None
) -> PhoneVerificationSession | None:
    """The code that this browser waits for: a held one takes nothing away from one that was sent before."""
    own, now = texts_of(session, onboarding, binding_id), utcnow()
    alive = (row for row in own if row.status == "pending" and not is_held(row) and row.expires_at > now)
    proving = (row for row in alive if proves_number(session, onboarding, row))
    return next(proving, own[0] if own else None)


def proves_number(session: Session, onboarding: Onboarding, row: PhoneVerificationSession) -> bool:
    """Whether this text went to the number that the onboarding stands with: one changed since proves it not."""
    return bool(_number(session, row) == vault(session).open(onboarding, "phone_number"))


def seconds_until_resend(
    session: Session,
    onboarding: Onboarding,
    binding_id: uuid.UUID | None,
    phone_number: str | None = None,
    method: str = "sms",
) -> int:
    """Seconds until this browser may ask for another text (or call) to the number of its last one; grows with each."""
    own = texts_of(session, onboarding, binding_id)
    return _wait(session, own, phone_number or _number(session, own[0]), method) if own else 0


def _wait(session: Session, own: Sequence[PhoneVerificationSession], phone_number: str, method: str) -> int:
    if not own or own[0].status == "verified":
        # A verified code is used up: whoever comes back with another browser needs a new one at once.
        return 0
    same = [row for row in own if _number(session, row) == phone_number]
    if not same and len(own) == 1:
        # A slip of the pen is put right at once. Whoever changes the number again and again waits.
        return 0
    last = same[0] if same else own[0]
    # Texts and calls grow apart: the other way may be tried after the first wait.
    sent = max(1, sum(row.verification_method == method for row in same)) if same else len(own) - 1
    wait = limits.RESEND_AFTER[min(sent, len(limits.RESEND_AFTER)) - 1]
    return max(0, wait - int((utcnow() - last.created_at).total_seconds()))


def _number(session: Session, row: PhoneVerificationSession) -> str:
    return str(vault(session).open(row, "phone_number"))


def _asked_number(
    session: Session, onboarding: Onboarding, own: Sequence[PhoneVerificationSession], phone_number: str
) -> str:
    """Whoever came back asks on for the number it typed then."""
    return _number(session, own[0]) if own and onboarding.phone_verified_at is not None else phone_number


def _other_number(session: Session, onboarding: Onboarding, row: PhoneVerificationSession) -> bool:
    """Whether this browser began with another number, so that its next texts are held too."""
    begun_with = vault(session).open(onboarding, "phone_number")
    return onboarding.phone_verified_at is not None and _number(session, row) != begun_with
