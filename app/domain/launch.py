"""Launch links and bindings: how a browser comes to hold an onboarding."""

import datetime as dt
import hmac
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.flow import Status, make_move
from app.models import Binding, LaunchLink, Onboarding, Tenant, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.security.tokens import new_token

IDLE = dt.timedelta(minutes=30)
ABSOLUTE = dt.timedelta(hours=4)
# Idle time is written at most this often, so that reading pages costs no writes.
TOUCH_EVERY = dt.timedelta(minutes=1)
# How long a second press of the same page's button counts as the first one.
DOUBLE_CLICK = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class Consumer:
    """A browser that holds an onboarding, in a `page`, a `frame` or a `window` that a frame opened.

    `proven`: this browser itself entered the code.
    """

    scope: Scope
    onboarding_id: uuid.UUID
    binding_id: uuid.UUID
    place: str
    proven: bool
    stale: bool

    def may_see(self, onboarding: Onboarding) -> bool:
        """Whether personal data may be shown to this browser: it proved the phone, or typed it all itself."""
        return self.proven or onboarding.phone_verified_at is None


@dataclass(frozen=True)
class FoundLink:
    """What a launch token leads to."""

    scope: Scope
    onboarding_id: uuid.UUID
    link_id: uuid.UUID
    usable: bool
    reason: str


def find_link(session: Session, token: str) -> FoundLink | None:
    """The link behind a token of an active tenant, or None. Reading uses nothing up: link scanners open links too."""
    row = session.scalars(
        select(LaunchLink)
        .join(Tenant, Tenant.id == LaunchLink.tenant_id)
        .where(LaunchLink.digest == vault(session).digest(token), Tenant.status == "active")
    ).one_or_none()
    if row is None:
        return None
    reason = "used" if row.used_at else "expired" if row.expires_at <= utcnow() else ""
    return FoundLink(Scope(row.tenant_id, row.mode), row.onboarding_id, row.id, not reason, reason)


def add_link(session: Session, onboarding: Onboarding, purpose: str, expires_at: dt.datetime) -> str:
    """A fresh single-use token. Earlier unused ones stay good, but for those that were shown on a screen."""
    if purpose == "device":
        session.execute(
            update(LaunchLink)
            .where(
                LaunchLink.onboarding_id == onboarding.id,
                LaunchLink.purpose == purpose,
                LaunchLink.used_at.is_(None),
                LaunchLink.expires_at > utcnow(),
            )
            .values(expires_at=utcnow())
            .execution_options(synchronize_session=False)
        )
    token = new_token()
    session.add(
        LaunchLink(
            tenant_id=onboarding.tenant_id,
            mode=onboarding.mode,
            onboarding_id=onboarding.id,
            digest=vault(session).digest(token),
            purpose=purpose,
            expires_at=min(expires_at, onboarding.expires_at),
        )
    )
    return token


def newest_device_link(session: Session, onboarding_id: uuid.UUID) -> LaunchLink | None:
    """The last one that was shown to be scanned."""
    return session.scalars(
        select(LaunchLink)
        .where(LaunchLink.onboarding_id == onboarding_id, LaunchLink.purpose == "device")
        .order_by(LaunchLink.created_at.desc(), LaunchLink.id.desc())
        .limit(1)
    ).one_or_none()


def use_link(session: Session, link: FoundLink, press: str = "") -> bool:
    """Use the link up; False when another request did so first. `press` is what the pressed page alone knows."""
    statement = (
        update(LaunchLink)
        .where(LaunchLink.id == link.link_id, LaunchLink.used_at.is_(None), LaunchLink.expires_at > utcnow())
        .values(used_at=utcnow(), press_digest=_press_digest(session, press) if press else None)
        .returning(LaunchLink.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def pressed_again(session: Session, link: FoundLink, press: str) -> bool:
    """Whether the very page that used this link up a moment ago presses once more, as a double click without script."""
    row = session.get_one(LaunchLink, link.link_id)
    if not press or row.used_at is None or row.press_digest is None or row.used_at + DOUBLE_CLICK <= utcnow():
        return False
    return hmac.compare_digest(row.press_digest, _press_digest(session, press))


def _press_digest(session: Session, press: str) -> bytes:
    return vault(session).digest(f"press:{press}")


def bind(
    session: Session,
    scope: Scope,
    onboarding_id: uuid.UUID,
    *,
    place: str,
    proven: bool = False,
    opener_id: uuid.UUID | None = None,
) -> tuple[str, Consumer]:
    """Tie an onboarding to a browser: the secret for the browser, and the consumer it makes.

    `opener_id`: the binding whose own page opened this one.
    """
    token, now = new_token(), utcnow()
    row = Binding(
        tenant_id=scope.tenant_id,
        mode=scope.mode,
        onboarding_id=onboarding_id,
        digest=vault(session).digest(token),
        place=place,
        opener_id=opener_id,
        phone_proven=proven,
        last_seen_at=now,
        expires_at=now + ABSOLUTE,
    )
    session.add(row)
    session.flush()
    return token, _consumer(row)


def find_consumer(session: Session, token: str) -> Consumer | None:
    """The consumer whose browser holds this secret; None where it is unknown, idle too long, or over."""
    row = session.scalars(select(Binding).where(Binding.digest == vault(session).digest(token))).one_or_none()
    now = utcnow()
    if row is None or row.ended_at is not None or row.expires_at <= now or row.last_seen_at + IDLE <= now:
        return None
    return _consumer(row)


def _consumer(row: Binding) -> Consumer:
    return Consumer(
        Scope(row.tenant_id, row.mode),
        row.onboarding_id,
        row.id,
        row.place,
        row.phone_proven,
        row.last_seen_at + TOUCH_EVERY <= utcnow(),
    )


def touch(session: Session, consumer: Consumer, *, active: bool) -> None:
    """Note that this browser is still there; `active` where a person did something and not only the page asked."""
    now = utcnow()
    _set(session, consumer, last_seen_at=now)
    if active:
        session.execute(
            update(Onboarding)
            .where(Onboarding.id == consumer.onboarding_id)
            .values(last_active_at=now)
            .execution_options(synchronize_session=False)
        )


def renew_binding(session: Session, consumer: Consumer) -> tuple[str, Consumer]:
    """A new secret after the phone was proven; the old one is dead at the server. What was abandoned goes on."""
    onboarding = session.get_one(Onboarding, consumer.onboarding_id)
    if onboarding.status == Status.ABANDONED:
        make_move(session, onboarding, "resume")
    end_binding(session, consumer)
    return bind(session, consumer.scope, consumer.onboarding_id, place=consumer.place, proven=True)


def end_binding(session: Session, consumer: Consumer) -> None:
    """This browser holds the onboarding no longer."""
    _set(session, consumer, ended_at=utcnow())


def end_bindings(session: Session, onboarding_id: uuid.UUID) -> None:
    """No browser holds the onboarding any longer."""
    session.execute(
        update(Binding)
        .where(Binding.onboarding_id == onboarding_id, Binding.ended_at.is_(None))
        .values(ended_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def _set(session: Session, consumer: Consumer, **values: dt.datetime) -> None:
    session.execute(
        update(Binding)
        .where(Binding.id == consumer.binding_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def scope_of(session: Session, onboarding_id: uuid.UUID) -> Scope | None:
    """Whose onboarding an id is, for a browser that lost its secret and will prove the phone again."""
    row = session.scalars(select(LaunchLink).where(LaunchLink.onboarding_id == onboarding_id).limit(1)).one_or_none()
    return Scope(row.tenant_id, row.mode) if row else None


def use_handoff(session: Session, onboarding_id: uuid.UUID, binding_id: uuid.UUID, value: str) -> Consumer | None:
    """Use a one-time value up: the consumer whose page made it, or None where it was used before."""
    row = session.get(Binding, binding_id)
    digest = vault(session).digest(f"handoff:{value}")
    if row is None or row.onboarding_id != onboarding_id or row.ended_at is not None or row.expires_at <= utcnow():
        return None
    if session.scalars(select(LaunchLink).where(LaunchLink.digest == digest)).one_or_none() is not None:
        return None
    mark = LaunchLink(
        tenant_id=row.tenant_id,
        mode=row.mode,
        onboarding_id=onboarding_id,
        digest=digest,
        expires_at=utcnow(),
        used_at=utcnow(),
    )
    # Its mark stands among the used links, where the unique hash lets only one of two through.
    try:
        with session.begin_nested():
            session.add(mark)
    except IntegrityError:
        return None
    return _consumer(row)
