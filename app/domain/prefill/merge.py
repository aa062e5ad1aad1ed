"""The choice: per field the first source of its declared order that said anything. Locked > consumer > sources."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.observations import Known
from app.domain.prefill.fields import CONSUMER, FIELDS, LISTS, TENANT


@dataclass(frozen=True)
class Chosen:
    """A field's value and why: its source, and what it replaced when the consumer changed it."""

    key: str
    value: Any = dataclasses.field(repr=False)
    source: str
    source_record: str
    observed_at: datetime
    verified: bool
    alternatives: int = 0
    locked: bool = False
    original: "Chosen | None" = None

    @property
    def edited(self) -> bool:
        """Whether the consumer put this in the place of what a source said."""
        return self.source == CONSUMER and self.original is not None


def merge(known: Iterable[Known], locked: Iterable[str] = ()) -> dict[str, Chosen]:
    """One value for every single-valued field that any source has; lists are not merged here."""
    by_field: dict[str, list[Known]] = {}
    for said in known:
        if said.field in FIELDS and said.field not in LISTS:
            by_field.setdefault(said.field, []).append(said)
    locks = set(locked)
    return {key: _choose(key, said, key in locks) for key, said in by_field.items()}


def _choose(key: str, said: list[Known], locked: bool) -> Chosen:
    order = (TENANT, *FIELDS[key].sources) if locked else (*FIELDS[key].sources, TENANT)
    typed = [known for known in said if known.source == CONSUMER]
    ranked = sorted(
        (known for known in said if known.source in order),
        key=lambda known: (order.index(known.source), -known.observed_at.timestamp()),
    )
    best = _chosen(key, ranked[0], ranked, locked) if ranked else None
    if locked and best is not None:
        return best
    if typed:
        answer = _chosen(key, typed[-1], ranked, locked)
        return dataclasses.replace(answer, original=best)
    if best is None:
        return _chosen(key, said[-1], said, locked)
    return best


def _chosen(key: str, known: Known, ranked: list[Known], locked: bool) -> Chosen:
    others = {repr(other.value) for other in ranked if other.value != known.value}
    return Chosen(
        key, known.value, known.source, known.source_record, known.observed_at, known.verified, len(others), locked
    )
