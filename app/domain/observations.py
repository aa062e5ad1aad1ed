"""What each source said, kept as it was said."""

import dataclasses
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.prefill.fields import CONSUMER, TENANT
from app.models import ObservationRow, Onboarding, utcnow
from app.models.vault import vault
from app.providers.observations import Observation


@dataclass(frozen=True)
class Known:
    """One observation, opened."""

    field: str
    value: Any = dataclasses.field(repr=False)
    source: str
    source_record: str
    observed_at: datetime
    verified: bool
    id: uuid.UUID | None = None


def keep_observations(session: Session, onboarding: Onboarding, observations: Iterable[Observation]) -> int:
    """Store observations of fields that are asked for; others are none of our business. How many were kept."""
    asked = onboarding.asked["fields"]
    kept = 0
    for said in observations:
        if said.field in asked:
            keep_value(
                session,
                onboarding,
                said.field,
                said.value,
                said.source,
                said.source_record,
                said.observed_at,
                said.verified,
            )
            kept += 1
    return kept


def keep_value(
    session: Session,
    onboarding: Onboarding,
    name: str,
    value: Any,
    source: str,
    source_record: str,
    observed_at: datetime,
    verified: bool = False,
) -> None:
    """Store one value of one field."""
    row = ObservationRow(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        field=name,
        source=source,
        source_record=source_record[:64],
        verified=verified,
        observed_at=observed_at,
    )
    vault(session).seal(row, "value", value)
    session.add(row)


def keep_answer(session: Session, onboarding: Onboarding, name: str, value: Any) -> None:
    """What the consumer typed; it takes the place of what was typed before."""
    forget_answers(session, onboarding, name)
    keep_value(session, onboarding, name, value, CONSUMER, CONSUMER, utcnow())


def forget_answers(session: Session, onboarding: Onboarding, *names: str) -> None:
    """Take back what the consumer typed for these fields."""
    session.execute(
        delete(ObservationRow)
        .where(
            ObservationRow.onboarding_id == onboarding.id,
            ObservationRow.source == CONSUMER,
            ObservationRow.field.in_(names),
        )
        .execution_options(synchronize_session=False)
    )


def forget_everything(session: Session, onboarding: Onboarding) -> None:
    """Erase all that any source said in this onboarding."""
    session.execute(
        delete(ObservationRow)
        .where(ObservationRow.onboarding_id == onboarding.id)
        .execution_options(synchronize_session=False)
    )


def known_values(session: Session, onboarding: Onboarding) -> list[Known]:
    """Everything any source said in this onboarding, the tenant's own values included, oldest first."""
    keep = vault(session)
    given = keep.open(onboarding, "given") or {"values": {}}
    found = [
        Known(name, value, TENANT, TENANT, onboarding.created_at, False) for name, value in given["values"].items()
    ]
    rows = session.scalars(
        select(ObservationRow)
        .where(ObservationRow.onboarding_id == onboarding.id)
        .order_by(ObservationRow.observed_at, ObservationRow.id)
    )
    found += [
        Known(row.field, keep.open(row, "value"), row.source, row.source_record, row.observed_at, row.verified, row.id)
        for row in rows
    ]
    return found
