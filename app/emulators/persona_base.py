"""The small parts of a persona that its bank and its credit file share."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Digits9 = Annotated[str, Field(pattern=r"^\d{9}$")]
Phone = Annotated[str, Field(pattern=r"^\+[1-9]\d{7,14}$", description="E.164, such as +14155550011")]
Short = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """Unknown names are refused, so that a misspelt field never passes unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(Part):
    first: Short
    middle: Short | None = None
    last: Short

    @property
    def whole(self) -> str:
        return " ".join(part for part in (self.first, self.middle, self.last) if part)


class Address(Part):
    """`since` and `until`: when the person lived there; no `until` means still."""

    line1: Short
    line2: Short | None = None
    city: Short
    state: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="Two letters, such as CA")]
    zip: Annotated[str, Field(pattern=r"^\d{5}(-\d{4})?$")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    since: date | None = None
    until: date | None = None


class Identity(Part):
    """Who somebody is, or what one provider holds of it. The first address is the current one."""

    name: Name
    former_names: list[Name] = []
    date_of_birth: date | None = Field(default=None, description="Left out: the persona's own")
    emails: list[Short] = []
    ssn: Digits9
    addresses: list[Address] = Field(min_length=1)
