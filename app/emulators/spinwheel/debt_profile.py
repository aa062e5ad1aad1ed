"""Ordering a credit report: one per user and day, and what makes a bureau refuse it."""

from typing import Any, Literal

from pydantic import Field

from app.emulators.spinwheel.assumptions import (
    FILE_REFUSALS,
    REPORT_TYPES,
    SCORE_MODELS,
    SCORE_MODELS_NOT_ENABLED,
)
from app.emulators.spinwheel.envelope import Body, Refused
from app.emulators.spinwheel.liabilities import KINDS
from app.emulators.spinwheel.report import build_report, masked
from app.emulators.spinwheel.state import User
from app.emulators.store import Clock

Bureau = Literal["Equifax", "TransUnion"]


class ReportAsked(Body):
    type: Literal[REPORT_TYPES] = REPORT_TYPES[0]  # type: ignore[valid-type]
    sourceBureau: Bureau | None = None  # noqa: N815 - the provider's spelling


class ScoreAsked(Body):
    model: str = Field(min_length=1, max_length=100)
    sourceBureau: Bureau | None = None  # noqa: N815


class DebtProfileBody(Body):
    """Nothing asked for means the report; a score comes only when asked for."""

    creditReport: ReportAsked | None = None  # noqa: N815
    creditScore: ScoreAsked | None = None  # noqa: N815


def asked_kind(values: list[str]) -> str | None:
    """The query's single `liabilityType`, or None for all."""
    if not values:
        return None
    if len(values) > 1 or values[0] not in {kind.liability_type for kind in KINDS}:
        raise Refused("BAD_REQUEST", "liabilityType must be one of the six kinds")
    return values[0]


def only(data: dict[str, Any], liability_type: str | None) -> dict[str, Any]:
    """Without the arrays and summaries of the other kinds."""
    if liability_type is None:
        return data
    left_out = {name for kind in KINDS if kind.liability_type != liability_type for name in (kind.array, kind.summary)}
    return {key: value for key, value in data.items() if key not in left_out}


def order(user: User, body: DebtProfileBody, clock: Clock) -> dict[str, Any]:
    """The report, kept with the user for later reads. Raises Refused."""
    today = clock.now().date()
    if not user.connected:
        raise Refused("USER_NOT_CONNECTED")
    _check_model(body.creditScore, body.creditReport)
    bureau = _bureau(user, body)
    if user.report_day == today:
        raise Refused("DAILY_USER_REQUEST_LIMIT_REACHED")
    file = user.persona.credit_file
    if file is None:
        raise Refused("CREDIT_REPORT_NOT_FOUND")
    if file.status in FILE_REFUSALS:
        raise Refused(FILE_REFUSALS[file.status])
    user.report_day, user.bureau = today, bureau
    model = body.creditScore.model if body.creditScore else None
    liabilities = body.creditReport is not None or body.creditScore is None
    user.report = build_report(user, file, bureau, model, liabilities, clock)
    user.updated_on = clock.milliseconds()
    return masked({"userId": user.user_id, "extUserId": user.ext_user_id, **user.report}, set())


def _check_model(score: ScoreAsked | None, report: ReportAsked | None) -> None:
    if score is None or score.model in SCORE_MODELS:
        return
    alone = report is None or report.sourceBureau != "TransUnion" or score.sourceBureau != "TransUnion"
    if score.model in SCORE_MODELS_NOT_ENABLED and alone:
        raise Refused("BAD_REQUEST", "A FICO score needs a TransUnion creditReport beside it")
    raise Refused("INVALID_SCORE_MODEL")


def _bureau(user: User, body: DebtProfileBody) -> str:
    """The bureau asked for, else the user's, else the one that holds the file; they must not disagree."""
    parts = [part for part in (body.creditReport, body.creditScore) if part]
    asked = {part.sourceBureau for part in parts if part.sourceBureau}
    if len(asked) > 1 or (user.bureau and asked - {user.bureau}):
        raise Refused("BUREAU_SOURCE_CONFLICT")
    file = user.persona.credit_file
    return next(iter(asked), None) or user.bureau or (file.bureau if file else "TransUnion")
