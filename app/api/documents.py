"""Answers: what a tenant's server reads of an onboarding. Each name is listed, none taken from a row."""

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.cursors import write_cursor
from app.domain.ids import wire_id
from app.domain.onboardings import current_status
from app.domain.signing import client_token, return_token
from app.models import Onboarding, User
from app.models.vault import vault
from app.web import settings


def wire_time(moment: dt.datetime | None) -> str | None:
    """RFC 3339 in UTC, with `Z`."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def document(session: Session, onboarding: Onboarding) -> dict[str, Any]:
    """One onboarding in full, with a fresh return token."""
    return {
        **_row(onboarding, session.get_one(User, onboarding.user_id).external_user_id),
        "state": vault(session).open(onboarding, "state"),
        "metadata": vault(session).open(onboarding, "metadata"),
        "return_token": return_token(session, onboarding, settings().app_url),
    }


def created_document(
    session: Session, onboarding: Onboarding, token: str, link_expires_at: dt.datetime
) -> dict[str, Any]:
    """What is told once: the launch link and the token for native apps."""
    return {
        **document(session, onboarding),
        **link_document(onboarding, token, link_expires_at),
        "client_token": client_token(session, onboarding, settings().app_url),
    }


def link_document(onboarding: Onboarding, token: str, link_expires_at: dt.datetime) -> dict[str, Any]:
    """A launch link."""
    return {
        "id": wire_id("onboarding", onboarding.id),
        "url": f"{settings().app_url}/o/{token}",
        "link_expires_at": wire_time(link_expires_at),
    }


def page_document(session: Session, found: list[Onboarding], limit: int) -> dict[str, Any]:
    """A page of a list. `found` holds one more than `limit` where there are more."""
    shown, more = found[:limit], len(found) > limit
    wanted = select(User).where(User.id.in_({onboarding.user_id for onboarding in shown}))
    names = {user.id: user.external_user_id for user in session.scalars(wanted)}
    return {
        "data": [_row(onboarding, names[onboarding.user_id]) for onboarding in shown],
        "has_more": more,
        "next_cursor": write_cursor((shown[-1].created_at, shown[-1].id)) if more else None,
    }


def _row(onboarding: Onboarding, external_user_id: str) -> dict[str, Any]:
    return {
        "id": wire_id("onboarding", onboarding.id),
        "status": current_status(onboarding),
        "step": onboarding.step,
        "mode": onboarding.mode,
        "external_user_id": external_user_id,
        "user_id": wire_id("user", onboarding.user_id),
        "reference": onboarding.reference,
        "locale": onboarding.locale,
        "return_url": onboarding.return_url,
        "embed_origin": onboarding.embed_origin,
        "reason": onboarding.reason,
        "created_at": wire_time(onboarding.created_at),
        "started_at": wire_time(onboarding.started_at),
        "phone_verified_at": wire_time(onboarding.phone_verified_at),
        "completed_at": wire_time(onboarding.completed_at),
        "ended_at": wire_time(onboarding.ended_at),
        "expires_at": wire_time(onboarding.expires_at),
    }
