"""Bank connections, accounts, and what each source said about a person."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_by, owned_id


class PlaidItem(TenantOwned, Base):
    """One bank connection at Plaid. Layer hands over several at once, hence a table of its own."""

    __tablename__ = "plaid_items"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        owned_by("onboarding_id", "onboardings"),
        UniqueConstraint("tenant_id", "mode", "onboarding_id", "item_digest"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    item_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    item_id_sealed: Mapped[bytes | None]
    access_token_sealed: Mapped[bytes | None]
    institution_sealed: Mapped[bytes | None]
    fetched_at: Mapped[dt.datetime | None]
    removed_at: Mapped[dt.datetime | None]


class PlaidAccount(TenantOwned, Base):
    """The seed's table. Names, masks, numbers and balances are one sealed document per account."""

    __tablename__ = "plaid_accounts"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        owned_by("onboarding_id", "onboardings"),
        owned_by("plaid_item_id", "plaid_items"),
        UniqueConstraint("tenant_id", "mode", "onboarding_id", "account_digest"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    plaid_item_id: Mapped[uuid.UUID]
    account_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    account_type: Mapped[str] = mapped_column(String(50))
    account_subtype: Mapped[str] = mapped_column(String(50))
    details_sealed: Mapped[bytes | None]
    updated_at: Mapped[dt.datetime | None]


class ObservationRow(TenantOwned, Base):
    """One value of one field, as one source said it at one time. The value is sealed."""

    __tablename__ = "observations"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        owned_by("onboarding_id", "onboardings"),
        Index(None, "tenant_id", "mode", "onboarding_id", "field"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    field: Mapped[str] = mapped_column(String(48))
    source: Mapped[str] = mapped_column(String(32))
    source_record: Mapped[str] = mapped_column(String(64))
    verified: Mapped[bool]
    observed_at: Mapped[dt.datetime]
    value_sealed: Mapped[bytes | None]


class PrefillData(TenantOwned, Base):
    """The merged data set of one onboarding: the seed's four documents, each sealed, and the result once it is final.

    `provenance` names fields, sources and times, never a value.
    """

    __tablename__ = "prefill_data"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        owned_by("onboarding_id", "onboardings"),
        UniqueConstraint("tenant_id", "mode", "onboarding_id"),
        Index(None, "tenant_id", "mode", "user_id"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    personal_info_sealed: Mapped[bytes | None]
    addresses_sealed: Mapped[bytes | None]
    employment_sealed: Mapped[bytes | None]
    financial_info_sealed: Mapped[bytes | None]
    result_sealed: Mapped[bytes | None]
    provenance: Mapped[dict[str, Any]]
    updated_at: Mapped[dt.datetime | None]
