"""The query of `GET /onboardings`."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from app.api.cursors import Place, read_cursor
from app.api.reading import Strict
from app.domain.flow import Status
from app.domain.onboardings import Listing


class SearchRequest(Strict):
    """Filters; all of them must hold. `created_after` and `created_before` leave out the moment itself."""

    status: Status | None = None
    external_user_id: str | None = Field(default=None, min_length=1, max_length=255)
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
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
