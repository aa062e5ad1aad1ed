"""What a tenant decides about its flow and its looks: one JSON document per mode, versioned."""

import re
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.prefill.fields import DEFAULT_ASKED, FIELDS
from app.domain.urls import check_embed_origin, check_return_url
from app.models import SettingsVersion
from app.models.session import Scope

Requirement = Literal["required", "optional", "off"]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Length = Annotated[str, StringConstraints(pattern=r"^\d{1,2}px$")]
COLOUR_TOKENS = frozenset(
    {
        "canvas",
        "masthead",
        "on-masthead",
        "action",
        "action-hover",
        "on-action",
        "action-text",
        "action-tint",
        "accent",
        "focus",
    }
)
SHAPE_TOKENS = frozenset({"radius-control", "radius-card"})
_DEFAULT_FIELDS = cast(dict[str, Requirement], DEFAULT_ASKED)
LOGO = re.compile(r"^[a-z0-9-]+\.svg$")


class Part(BaseModel):
    """Strict: a name that means nothing is refused, so that a typing slip is never silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Disclosures(Part):
    """Where the words behind the consents stand. Empty addresses leave their link out."""

    terms_url: str = ""
    privacy_url: str = ""
    version: str = "1"


class FlowSettings(Part):
    """The journey. Defaults suit a lender in the United States."""

    verification: Literal["spinwheel_sms", "plaid_layer"] = "spinwheel_sms"
    verification_method: Literal["sms", "voice", "both"] = "sms"
    # The fifth wrong code makes a verifier switch the number off for a while.
    max_attempts: int = Field(default=3, ge=1, le=4)
    countries: tuple[Literal["US", "PR"], ...] = ("US",)
    minimum_age: int = Field(default=18, ge=13, le=30)
    credit_report: Literal["off", "when_needed", "on"] = "when_needed"
    bank_in_frame: Literal["popup", "inline"] = "popup"
    bank_products: tuple[Literal["identity", "auth", "liabilities", "transactions"], ...] = Field(
        default=("identity",), min_length=1
    )
    by_hand: bool = True
    leave_out: bool = True
    fields: dict[str, Requirement] = _DEFAULT_FIELDS
    disclosures: Disclosures = Disclosures()
    return_urls: tuple[str, ...] = ()
    embed_origins: tuple[str, ...] = ()
    locales: tuple[Literal["en", "es"], ...] = ("en", "es")
    abandoned_after_minutes: int = Field(default=60, ge=5, le=10_080)
    sends_per_day: int = Field(default=20_000, ge=1, le=1_000_000)
    keep_bank_connection: Literal["until_completed"] | Annotated[int, Field(ge=1, le=730)] = "until_completed"
    next_step_time: str = Field(default="", max_length=120)

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: dict[str, Requirement]) -> dict[str, Requirement]:
        for name in value:
            if name not in FIELDS:
                raise ValueError(f"there is no field named {name}")
        return {**_DEFAULT_FIELDS, **value}

    @field_validator("return_urls")
    @classmethod
    def _exact_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_return_url(url) for url in value)

    @field_validator("embed_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_embed_origin(origin) for origin in value)


class Branding(Part):
    """A tenant's own dress: tokens re-declared, light and dark, a name, a logo, and who helps."""

    name: str = Field(min_length=1, max_length=80)
    short_name: str = Field(min_length=1, max_length=24)
    support_label: str = Field(default="", max_length=60)
    support_href: str = Field(
        default="", pattern=r"^(|tel:\+?[0-9-]{5,20}|mailto:[^\s<>\"]{3,120}|https://[^\s<>\"]{3,300})$"
    )
    logo_light: str = ""
    logo_dark: str = ""
    light: dict[str, Colour] = {}
    dark: dict[str, Colour] = {}
    shape: dict[str, Length] = {}

    @field_validator("light", "dark")
    @classmethod
    def _colour_tokens(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in COLOUR_TOKENS:
                raise ValueError(f"{name} is not a colour a brand may set")
        return value

    @field_validator("shape")
    @classmethod
    def _shape_tokens(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in SHAPE_TOKENS:
                raise ValueError(f"{name} is not a shape a brand may set")
        return value

    @field_validator("logo_light", "logo_dark")
    @classmethod
    def _own_logo(cls, value: str) -> str:
        if value and not LOGO.match(value):
            raise ValueError("a logo is the name of an SVG file this installation serves")
        return value

    def stylesheet(self) -> str:
        """The brand as CSS. Every value was checked, so none can leave its declaration."""
        light = _declarations({**self.light, **self.shape})
        dark = _declarations(self.dark)
        return (
            f":root {{\n{light}}}\n"
            f'@media (prefers-color-scheme: dark) {{\n:root:not([data-theme="light"]) {{\n{dark}}}\n}}\n'
            f':root[data-theme="dark"] {{\n{dark}}}\n'
        )


def _declarations(tokens: dict[str, str]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in sorted(tokens.items()))


def save_settings(session: Session, scope: Scope, flow: FlowSettings, branding: Branding) -> SettingsVersion:
    """A new version; onboardings under way keep the one they began with."""
    newest = session.scalar(select(SettingsVersion.version).order_by(SettingsVersion.version.desc()).limit(1))
    row = SettingsVersion(
        tenant_id=scope.tenant_id,
        mode=scope.mode,
        version=(newest or 0) + 1,
        flow=flow.model_dump(mode="json"),
        branding=branding.model_dump(mode="json"),
    )
    session.add(row)
    session.flush()
    return row


def keep_settings(session: Session, scope: Scope, flow: FlowSettings, branding: Branding) -> None:
    """A new version, unless the newest says the same."""
    newest = session.scalars(select(SettingsVersion).order_by(SettingsVersion.version.desc()).limit(1)).one_or_none()
    if newest is None or read_settings(newest) != (flow, branding):
        save_settings(session, scope, flow, branding)


def newest_settings(session: Session) -> SettingsVersion:
    """The version a new onboarding begins with."""
    return session.scalars(select(SettingsVersion).order_by(SettingsVersion.version.desc()).limit(1)).one()


def settings_of(session: Session, version: int) -> tuple[FlowSettings, Branding]:
    """The settings an onboarding began with. A version never changes, so what was read once is kept."""
    scope: Scope = session.info["scope"]
    key = (scope, version)
    if key not in _KEPT:
        row = session.scalars(select(SettingsVersion).where(SettingsVersion.version == version)).one()
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = read_settings(row)
    return _KEPT[key]


MOST_KEPT = 1000
_KEPT: dict[tuple[Scope, int], tuple[FlowSettings, Branding]] = {}


def find_branding(session: Session, version: int) -> Branding | None:
    """The looks of one version, or None where there is no such version."""
    row = session.scalars(select(SettingsVersion).where(SettingsVersion.version == version)).one_or_none()
    return read_settings(row)[1] if row is not None else None


def read_settings(row: SettingsVersion) -> tuple[FlowSettings, Branding]:
    """A stored version as checked values."""
    flow: dict[str, Any] = row.flow
    return FlowSettings.model_validate(flow), Branding.model_validate(row.branding)
