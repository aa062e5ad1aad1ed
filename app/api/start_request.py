"""The body of `POST /onboardings`."""

import datetime as dt
import json
import re
from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints

from app.api.known_data import KnownData
from app.api.reading import Strict
from app.domain.onboardings import NewOnboarding
from app.domain.tenant_settings import Requirement
from app.domain.urls import check_embed_origin, check_link, check_return_url

METADATA_BYTES = 4096
SHORTEST_SECONDS = 300
LONGEST_SECONDS = 30 * 86_400
STEPS = (["phone", "code", "bank", "review"], ["phone", "code", "review"])

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SOCIAL_SECURITY = re.compile(r"\d{3}-\d{2}-\d{4}")
_PHONE_SIGNS = re.compile(r"[+(\d][\d\s().\-]{6,}")


def check_external_user_id(text: str) -> str:
    """An opaque id. What names a person would stand readable in the database and in every callback.

    Raises:
        ValueError: says what is wrong.
    """
    if not text.isprintable() or text != text.strip():
        raise ValueError("must hold printable characters, without spaces around them")
    if _EMAIL.search(text):
        raise ValueError("looks like an e-mail address; send an opaque id of your own")
    if _SOCIAL_SECURITY.fullmatch(text):
        raise ValueError("looks like a Social Security number; send an opaque id of your own")
    if _is_phone(text):
        raise ValueError("looks like a phone number; send an opaque id of your own")
    return text


def _is_phone(text: str) -> bool:
    if not _PHONE_SIGNS.fullmatch(text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, "US"))
    except phonenumbers.NumberParseException:
        return False


def _check_steps(steps: list[str]) -> list[str]:
    if steps not in STEPS:
        raise ValueError("must be phone, code, bank, review in this order; only bank may be left out")
    return steps


def _check_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) > METADATA_BYTES:
        raise ValueError(f"must be at most {METADATA_BYTES} bytes as compact JSON")
    return metadata


ExternalUserId = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(check_external_user_id)]
ReturnUrl = Annotated[str, StringConstraints(max_length=2048), AfterValidator(check_return_url)]
EmbedOrigin = Annotated[str, StringConstraints(max_length=255), AfterValidator(check_embed_origin)]
Metadata = Annotated[dict[str, Any], AfterValidator(_check_metadata)]
Link = Annotated[str, StringConstraints(max_length=2048), AfterValidator(check_link)]


class DisclosureLinks(Strict):
    """Where the tenant's own words stand; what is left out stays as in its settings."""

    terms_url: Link | None = None
    privacy_url: Link | None = None


class StartRequest(Strict):
    """A new onboarding."""

    external_user_id: ExternalUserId
    return_url: ReturnUrl | None = None
    embed_origin: EmbedOrigin | None = None
    state: Annotated[str, StringConstraints(max_length=512)] | None = None
    prefill: KnownData | None = Field(default=None, repr=False)
    fields: dict[str, Requirement] = {}
    steps: Annotated[list[str], AfterValidator(_check_steps)] = STEPS[0]
    locale: Literal["en", "es"] | None = None
    disclosures: DisclosureLinks = DisclosureLinks()
    metadata: Metadata | None = Field(default=None, repr=False)
    expires_in: int = Field(default=7 * 86_400, ge=SHORTEST_SECONDS, le=LONGEST_SECONDS, strict=True)

    def wanted(self) -> NewOnboarding:
        """The same, as the domain takes it.

        Raises:
            Problem: 422, a known value is not one.
        """
        return NewOnboarding(
            external_user_id=self.external_user_id,
            return_url=self.return_url,
            embed_origin=self.embed_origin,
            state=self.state,
            given=self.prefill.values() if self.prefill else {},
            locked=tuple(self.prefill.locked) if self.prefill else (),
            fields=dict(self.fields),
            with_bank="bank" in self.steps,
            disclosures=self.disclosures.model_dump(exclude_none=True),
            locale=self.locale,
            metadata=self.metadata,
            expires_in=dt.timedelta(seconds=self.expires_in),
        )
