"""The query of `GET /onboardings`."""

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.api.cursors import Place, read_cursor
from app.api.reading import Strict
from app.domain.flow import Status
from app.domain.onboardings import Listing

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


def read_time(text: str) -> dt.datetime:
    """An RFC 3339 time.

    Raises:
        ValueError: it is none, or has no zone.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("must be a time such as 2026-11-24T05:00:00Z")
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must hold printable characters")
    return text


Time = Annotated[dt.datetime, BeforeValidator(read_time)]


class SearchRequest(Strict):
    """Filters; all of them must hold. `created_after` and `created_before` leave out the moment itself."""

    status: Status | None = None
    external_user_id: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)] | None = None
    created_after: Time | None = None
    created_before: Time | None = None
    limit: int = Field(default=20, ge=1, le=100)
    cursor: Annotated[Place, BeforeValidator(read_cursor)] | None = None

    def listing(self) -> Listing:
        """The same, as the domain takes it."""
        return Listing(
            status=self.status,
            external_user_id=self.external_user_id,
            created_after=self.created_after,
            created_before=self.created_before,
            before=self.cursor,
            limit=self.limit,
        )
