"""What one credential has at Plaid: templates, tokens, Items and Link sessions. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account, Bank, Transaction
from app.emulators.persona_models import LayerField, Persona

SESSION_TOKEN_LIFE = timedelta(minutes=30)
LINK_TOKEN_LIFE = timedelta(hours=4)
UPDATE_TOKEN_LIFE = timedelta(minutes=30)
PUBLIC_TOKEN_LIFE = timedelta(minutes=30)
# Those that /link/token/get lists.
LISTED_TOKEN_LIFE = timedelta(hours=6)
# Sandbox Items ask for a new sign-in after this time.
LOGIN_LIFE = timedelta(days=30)
DEFAULT_PRODUCTS = ["auth", "identity", "liabilities", "transactions"]


@dataclass
class Template:
    """A Layer template as the Dashboard makes it. A field in neither list is not asked for."""

    template_id: str
    required: list[LayerField] = field(default_factory=lambda: ["name", "date_of_birth", "address", "ssn"])
    optional: list[LayerField] = field(default_factory=list)
    accounts: Literal["required", "optional", "skip"] = "optional"
    products: list[str] = field(default_factory=lambda: list(DEFAULT_PRODUCTS))
    webhook: str | None = None

    @property
    def fields(self) -> list[LayerField]:
        return [*self.required, *self.optional]


@dataclass
class LinkToken:
    """`template` is None for ordinary Link; `access_token` is set in update mode."""

    token: str
    client_id: str
    created_at: datetime
    expires_at: datetime
    webhook: str | None = None
    template: Template | None = None
    client_name: str = "this app"
    products: list[str] = field(default_factory=list)
    phone_number: str | None = None
    access_token: str | None = None
    language: str | None = None
    country_codes: list[str] = field(default_factory=list)
    redirect_uri: str | None = None
    institution_id: str | None = None
    # Account type -> the subtypes that may be shared; None lets everything through.
    account_filters: dict[str, list[str]] | None = None
    multi_item: bool = False
    selects_accounts: bool = False
    spent: bool = False


@dataclass
class Entry:
    """One transaction of an Item's ledger."""

    transaction_id: str
    account_id: str
    transaction: Transaction


@dataclass
class Item:
    """One log-in at one bank. `accounts` maps account ids to what the bank says of each."""

    item_id: str
    access_token: str
    bank: Bank
    accounts: dict[str, Account]
    products: list[str]
    created_at: datetime
    signed_in_at: datetime
    webhook: str | None = None
    login_required: bool = False
    persona: Persona | None = None
    ledger: list[Entry] = field(default_factory=list)
    ledger_end: datetime | None = None


@dataclass
class PublicToken:
    token: str
    access_token: str
    expires_at: datetime
    spent: bool = False


@dataclass
class ProfileToken:
    """What /user_account/session/get answers for a shared Layer session."""

    token: str
    expires_at: datetime
    answer: dict[str, Any]
    phone_number: str


@dataclass
class PlaidState:
    templates: dict[str, Template] = field(default_factory=dict)
    link_tokens: dict[str, LinkToken] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    public_tokens: dict[str, PublicToken] = field(default_factory=dict)
    profile_tokens: dict[str, ProfileToken] = field(default_factory=dict)
    # Phone number -> (field, when) of every edit made in a review pane.
    edits: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)


@dataclass
class Switches:
    """How the environment behaves where the real one varies or fails."""

    drop_early_submit: bool = False
    second_layer_ready: bool = False
    shuffle_events: bool = False
    late_events: bool = False
    oauth_redirect: bool = False
    # The addresses that the Dashboard would allow; None allows every well-formed one.
    redirect_uris: list[str] | None = None
    products_ready_after_seconds: float = 0


def state_of(shared: Emulators, client_id: str) -> PlaidState:
    """The state of one credential; the first look makes the default template."""
    default = Template(shared.settings.plaid_template_id)
    return shared.store.state("plaid", client_id, lambda: PlaidState(templates={default.template_id: default}))


def switches(shared: Emulators) -> Switches:
    return shared.store.state("plaid-switches", "all", Switches)


def find_link_token(shared: Emulators, token: str) -> LinkToken | None:
    """The token, whoever's it is: the browser shows no other credential."""
    for _, state in shared.store.states("plaid", PlaidState):
        if token in state.link_tokens:
            return state.link_tokens[token]
    return None
