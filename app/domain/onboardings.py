"""Onboardings as a tenant's server sees them: create, link, read, cancel."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.domain.events import record
from app.domain.flow import OPEN, Status, make_move
from app.domain.jobs import enqueue
from app.domain.launch import add_link
from app.domain.numbers import country_of
from app.domain.prefill.fields import FIELDS
from app.domain.tenant_settings import FlowSettings, newest_settings, read_settings
from app.models import Onboarding, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.security.tokens import new_reference

LINK_LIFETIME = dt.timedelta(hours=1)


class RequestError(Exception):
    """A tenant's request that cannot be met: `pointer` names the part, `code` is stable."""

    def __init__(self, code: str, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.pointer = code, detail, pointer


class EndedError(Exception):
    """The onboarding is over: completed, canceled, expired or failed."""


@dataclass(frozen=True)
class NewOnboarding:
    """What a tenant asks for. `given` maps field keys to values it already knows; `locked` names those that stay."""

    external_user_id: str
    return_url: str | None = None
    embed_origin: str | None = None
    state: str | None = None
    given: dict[str, Any] = field(default_factory=dict, repr=False)
    locked: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    with_bank: bool = True
    disclosures: dict[str, str] = field(default_factory=dict)
    locale: str | None = None
    metadata: dict[str, Any] | None = field(default=None, repr=False)
    expires_in: dt.timedelta = dt.timedelta(days=7)


def create_onboarding(session: Session, scope: Scope, wanted: NewOnboarding) -> tuple[Onboarding, str, dt.datetime]:
    """A new onboarding and the token of its launch link, which is shown once.

    Raises:
        RequestError: the return URL or embed origin is not on the tenant's list, or a locked field has no value.
    """
    settings = newest_settings(session)
    flow, _ = read_settings(settings)
    _check_places(flow, wanted)
    _check_fields(flow, wanted)
    user = _find_or_add_user(session, scope, wanted.external_user_id)
    onboarding = _row(scope, user, settings.version, flow, wanted)
    _seal_what_was_given(session, onboarding, wanted)
    session.add(onboarding)
    session.flush()
    record(session, onboarding, "onboarding.created")
    enqueue(
        session,
        "onboarding.expire",
        scope,
        {"onboarding_id": str(onboarding.id)},
        due_at=onboarding.expires_at,
        dedupe_key=f"onboarding.expire:{onboarding.id}",
    )
    token, link_expires_at = add_launch_link(session, onboarding)
    return onboarding, token, link_expires_at


def _row(scope: Scope, user: User, version: int, flow: FlowSettings, wanted: NewOnboarding) -> Onboarding:
    now = utcnow()
    return Onboarding(
        tenant_id=scope.tenant_id,
        mode=scope.mode,
        user_id=user.id,
        settings_version=version,
        status=Status.CREATED.value,
        step="phone",
        stage="form",
        reference=new_reference(),
        locale=wanted.locale if wanted.locale in flow.locales else flow.locales[0],
        return_url=wanted.return_url,
        embed_origin=wanted.embed_origin,
        asked={
            "fields": {key: req for key, req in {**flow.fields, **wanted.fields}.items() if req != "off"},
            "bank": wanted.with_bank,
            "disclosures": {**flow.disclosures.model_dump(), **wanted.disclosures},
        },
        progress={},
        expires_at=now + wanted.expires_in,
        last_active_at=now,
    )


def _check_places(flow: FlowSettings, wanted: NewOnboarding) -> None:
    if wanted.return_url is not None and wanted.return_url not in flow.return_urls:
        raise RequestError("return_url_not_allowed", "This URL is not on your list of return URLs.", "/return_url")
    if wanted.embed_origin is not None and wanted.embed_origin not in flow.embed_origins:
        raise RequestError(
            "embed_origin_not_allowed", "This origin is not on your list of embed origins.", "/embed_origin"
        )


def _check_fields(flow: FlowSettings, wanted: NewOnboarding) -> None:
    phone = wanted.given.get("phone_number")
    if phone is not None and country_of(phone) not in flow.countries:
        pointer = "/prefill/personal_info/phone_number"
        raise RequestError("country_not_accepted", "Your settings do not accept this country.", pointer)
    for key in wanted.fields:
        if key not in FIELDS:
            raise RequestError("unknown_field", f"There is no field named {key}.", f"/fields/{key}")
    for position, key in enumerate(wanted.locked):
        if key not in wanted.given:
            raise RequestError(
                "locked_without_value", f"{key} is locked but has no value.", f"/prefill/locked/{position}"
            )


def _find_or_add_user(session: Session, scope: Scope, external_user_id: str) -> User:
    user = session.scalars(select(User).where(User.external_user_id == external_user_id)).one_or_none()
    if user is None:
        user = User(tenant_id=scope.tenant_id, mode=scope.mode, external_user_id=external_user_id)
        session.add(user)
        session.flush()
    return user


def _seal_what_was_given(session: Session, onboarding: Onboarding, wanted: NewOnboarding) -> None:
    keep = vault(session)
    keep.seal(onboarding, "state", wanted.state)
    keep.seal(onboarding, "metadata", wanted.metadata)
    if wanted.given:
        keep.seal(onboarding, "given", {"values": wanted.given, "locked": list(wanted.locked)})
    keep.seal(onboarding, "phone_number", wanted.given.get("phone_number"))
    keep.seal(onboarding, "date_of_birth", wanted.given.get("date_of_birth"))


def add_launch_link(session: Session, onboarding: Onboarding) -> tuple[str, dt.datetime]:
    """A fresh single-use token; earlier unused ones stay valid until they expire."""
    expires_at = min(utcnow() + LINK_LIFETIME, onboarding.expires_at)
    return add_link(session, onboarding, "launch", expires_at), expires_at


def get_onboarding(session: Session, onboarding_id: uuid.UUID | None) -> Onboarding | None:
    """One of the caller's, or None: another tenant's looks exactly like none."""
    return session.get(Onboarding, onboarding_id) if onboarding_id is not None else None


def current_status(onboarding: Onboarding) -> str:
    """The status as of now: past its time an open onboarding is expired, whether or not the job has run."""
    if onboarding.status in OPEN and onboarding.expires_at <= utcnow():
        return Status.EXPIRED.value
    return onboarding.status


def require_open(onboarding: Onboarding) -> None:
    """Raise `EndedError` unless the consumer may still go on."""
    if current_status(onboarding) not in OPEN:
        raise EndedError(current_status(onboarding))


def cancel_onboarding(session: Session, onboarding: Onboarding) -> None:
    """The tenant ends it; nothing changes where it did so before.

    Raises:
        EndedError: it is over in another way.
        MoveError: the consumer moved it at the same moment.
    """
    if onboarding.status == Status.CANCELED:
        return
    require_open(onboarding)
    end_onboarding(session, onboarding, "cancel", "by_tenant")


def end_onboarding(session: Session, onboarding: Onboarding, move: str, reason: str | None = None) -> None:
    """Cancel, expire or fail, and disconnect the bank."""
    make_move(session, onboarding, move, {"reason": reason} if reason else None, reason=reason, ended_at=utcnow())
    disconnect_bank_later(session, onboarding)


def disconnect_bank_later(session: Session, onboarding: Onboarding, due_at: dt.datetime | None = None) -> None:
    """Have the worker remove this onboarding's bank connections at the provider."""
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    payload = {"onboarding_id": str(onboarding.id)}
    # Not deduplicated: a bank connected after an earlier removal needs one of its own, and repeats are harmless.
    enqueue(session, "bank.remove", scope, payload, due_at=due_at)


@dataclass(frozen=True)
class Listing:
    """Filters of a list call."""

    status: str | None = None
    external_user_id: str | None = None
    created_after: dt.datetime | None = None
    created_before: dt.datetime | None = None
    before: tuple[dt.datetime, uuid.UUID] | None = None
    limit: int = 20


def list_onboardings(session: Session, wanted: Listing) -> list[Onboarding]:
    """Newest first, one more than `limit` where there are more. The cursor survives inserts."""
    statement = select(Onboarding).order_by(Onboarding.created_at.desc(), Onboarding.id.desc())
    if wanted.status:
        statement = statement.where(_status_is(wanted.status, utcnow()))
    if wanted.external_user_id:
        users = select(User.id).where(User.external_user_id == wanted.external_user_id)
        statement = statement.where(Onboarding.user_id.in_(users))
    if wanted.created_after:
        statement = statement.where(Onboarding.created_at > wanted.created_after)
    if wanted.created_before:
        statement = statement.where(Onboarding.created_at < wanted.created_before)
    if wanted.before:
        at, last_id = wanted.before
        older = (Onboarding.created_at < at) | ((Onboarding.created_at == at) & (Onboarding.id < last_id))
        statement = statement.where(older)
    return list(session.scalars(statement.limit(wanted.limit + 1)))


def _status_is(status: str, now: dt.datetime) -> ColumnElement[bool]:
    """The status as `current_status` tells it."""
    if status == Status.EXPIRED:
        return (Onboarding.status == status) | (Onboarding.status.in_(OPEN) & (Onboarding.expires_at <= now))
    if status in OPEN:
        return (Onboarding.status == status) & (Onboarding.expires_at > now)
    return Onboarding.status == status
