"""Refreshing liabilities: asked for under an id of the caller's, done after a while, told by polling and webhook."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from app.emulators.context import Emulators
from app.emulators.spinwheel import hooks
from app.emulators.spinwheel.assumptions import REFRESH_AGAIN_AFTER, REFRESH_ID_AS_LIST
from app.emulators.spinwheel.envelope import Body, Refused
from app.emulators.spinwheel.liabilities import KINDS
from app.emulators.spinwheel.state import Refresh, RefreshPart, State, User

Capability = Literal["REALTIME_BALANCE", "STATEMENT_SUMMARY", "ANNUAL_PERCENTAGE_RATE"]


class Wanted(Body):
    """`id` is one id in the documents, and a list of ids where a public client met the real one."""

    id: str | list[str]
    capabilities: list[Capability] = Field(min_length=1)


class RefreshBody(Body):
    extRequestId: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")  # noqa: N815 - their spelling
    creditCards: list[Wanted] = []  # noqa: N815
    autoLoans: list[Wanted] = []  # noqa: N815
    homeLoans: list[Wanted] = []  # noqa: N815
    personalLoans: list[Wanted] = []  # noqa: N815
    studentLoans: list[Wanted] = []  # noqa: N815
    miscellaneousLiabilities: list[Wanted] = []  # noqa: N815


def begin(state: State, shared: Emulators, user: User, body: RefreshBody) -> list[dict[str, Any]]:
    """One transaction for each liability, all in progress. Raises Refused."""
    if not user.connected:
        raise Refused("USER_NOT_CONNECTED")
    if body.extRequestId in state.refreshes:
        raise Refused("BAD_REQUEST", "extRequestId was used before")
    parts = [
        RefreshPart(str(uuid.uuid4()), kind.id_field, one)
        for kind in KINDS
        for wanted in getattr(body, kind.array)
        for one in _ids(wanted, _known(user, kind.array, kind.id_field))
    ]
    if not parts:
        raise Refused("BAD_REQUEST", "Nothing to refresh")
    now = shared.store.now()
    done_at = now + timedelta(seconds=state.switches.refresh_seconds)
    refresh = Refresh(body.extRequestId, user.user_id, now, done_at, state.switches.refresh_fails, parts)
    state.refreshes[body.extRequestId] = refresh
    told = {"extRequestId": refresh.ext_request_id, "refreshTransactionStatus": status_of(refresh, done_at)}
    webhook = hooks.body_of(shared, "REFRESH_TRANSACTION_STATUS", user, told)
    hooks.fire(shared, state, webhook, late_seconds=state.switches.refresh_seconds)
    return [_shown(refresh, part, "IN_PROGRESS") for part in parts]


def poll(state: State, shared: Emulators, user: User, ext_request_id: str) -> list[dict[str, Any]]:
    """How far each transaction is. Raises Refused."""
    refresh = state.refreshes.get(ext_request_id)
    if refresh is None or refresh.user_id != user.user_id:
        raise Refused("NOT_FOUND", "No refresh has this extRequestId")
    status = status_of(refresh, shared.store.now())
    if status == "COMPLETED" and user.report is not None:
        user.updated_on = int(refresh.done_at.timestamp() * 1000)
    return [_shown(refresh, part, status) for part in refresh.parts]


def status_of(refresh: Refresh, now: datetime) -> str:
    if now < refresh.done_at:
        return "IN_PROGRESS"
    return "FAILED" if refresh.fails else "COMPLETED"


def _ids(wanted: Wanted, known: set[str]) -> list[str]:
    ids = wanted.id if isinstance(wanted.id, list) else [wanted.id]
    if isinstance(wanted.id, str) and REFRESH_ID_AS_LIST:
        raise Refused("BAD_REQUEST", "id: must be a list")
    if not ids or set(ids) - known:
        raise Refused("BAD_REQUEST", "id: not a liability of this user")
    return ids


def _known(user: User, array: str, id_field: str) -> set[str]:
    return {str(one[id_field]) for one in (user.report or {}).get(array, [])}


def _shown(refresh: Refresh, part: RefreshPart, status: str) -> dict[str, Any]:
    again = refresh.asked_at + REFRESH_AGAIN_AFTER
    return {
        "refreshTransactionStatus": status,
        "refreshTransactionId": part.transaction_id,
        part.id_field: part.liability_id,
        "nextEligibleRefreshOn": int(again.timestamp() * 1000),
    }
