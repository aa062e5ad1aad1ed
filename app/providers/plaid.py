"""Plaid: Layer, Link and the data endpoints, over plaid-python 46.

plaid-python's request models build the bodies, so a field its version does not know fails here and
not at Plaid. Its HTTP client is not used: it has no deadline, reads without a limit and keeps the
last reply of every caller in `api_client.last_response`. The base caller sends, and replies are
read by `plaid_reading`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from plaid.api_client import ApiClient
from plaid.model.accounts_get_request import AccountsGetRequest
from plaid.model.auth_get_request import AuthGetRequest
from plaid.model.country_code import CountryCode
from plaid.model.identity_get_request import IdentityGetRequest
from plaid.model.institutions_get_by_id_request import InstitutionsGetByIdRequest
from plaid.model.institutions_get_by_id_request_options import InstitutionsGetByIdRequestOptions
from plaid.model.item_get_request import ItemGetRequest
from plaid.model.item_public_token_exchange_request import ItemPublicTokenExchangeRequest
from plaid.model.item_remove_request import ItemRemoveRequest
from plaid.model.liabilities_get_request import LiabilitiesGetRequest
from plaid.model.link_token_create_request import LinkTokenCreateRequest
from plaid.model.link_token_create_request_user import LinkTokenCreateRequestUser
from plaid.model.products import Products
from plaid.model.session_token_create_request import SessionTokenCreateRequest
from plaid.model.session_token_create_request_user import SessionTokenCreateRequestUser
from plaid.model.transactions_sync_request import TransactionsSyncRequest
from plaid.model.user_account_session_get_request import UserAccountSessionGetRequest
from plaid.model.webhook_verification_key_get_request import WebhookVerificationKeyGetRequest

from app.providers import plaid_reading as reading
from app.providers.base import HttpCaller, Request, Timeouts
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.observations import Debt
from app.providers.plaid_errors import classify
from app.providers.plaid_records import (
    AccountNumbers,
    AccountOwners,
    Institution,
    ItemAccounts,
    ItemStatus,
    Jwk,
    LayerSession,
    LinkedItem,
    LinkToken,
    TransactionChanges,
)
from app.providers.reading import Json

PROVIDER = "plaid"
CLIENT_NAME_LIMIT = 30
_PAGE = 500
_RESTARTS = 2
_ODD_SHAPE = Meaning(Kind.DATA_VALIDATION, Reason.PROVIDER_DOWN, retryable=True)

Answer = TypeVar("Answer")


class PlaidClient:
    """One connection's Plaid. Methods raise `ProviderError`; those that only read may repeat a failed try."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secret: str,
        *,
        connection_key: str,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "PLAID-CLIENT-ID": client_id,
            "PLAID-SECRET": secret,
            "Plaid-Version": "2020-09-14",
            "Content-Type": "application/json",
            "User-Agent": "Prefill",
        }
        self._caller = HttpCaller(PROVIDER, connection_key, classify, timeouts=timeouts)

    def create_layer_session(self, template_id: str, client_user_id: str, webhook: str | None = None) -> LinkToken:
        """A token for one Layer attempt; its `expires_at` is Plaid's own (about 30 minutes)."""
        user = SessionTokenCreateRequestUser(client_user_id=client_user_id)
        body = SessionTokenCreateRequest(template_id=template_id, user=user, **_given(webhook=webhook))
        return self._ask("/session/token/create", body, reading.link_token)

    def get_layer_session(self, public_token: str) -> LayerSession:
        """What the person shared in Layer; asked once, because nobody says that the token works twice."""
        body = UserAccountSessionGetRequest(public_token=public_token)
        return self._ask("/user_account/session/get", body, reading.layer_session)

    def create_link_token(
        self,
        client_user_id: str,
        client_name: str,
        *,
        products: Sequence[str] = (),
        optional_products: Sequence[str] = (),
        country_codes: Sequence[str] = ("US",),
        language: str = "en",
        phone_number: str | None = None,
        webhook: str | None = None,
        redirect_uri: str | None = None,
        access_token: str | None = None,
    ) -> LinkToken:
        """A token for ordinary Link; with `access_token` and no products it is update mode.

        A bank is offered only if it has all `products`; of `optional_products` it gives what it has.
        """
        user = LinkTokenCreateRequestUser(client_user_id=client_user_id, **_given(phone_number=phone_number))
        body = LinkTokenCreateRequest(
            client_name=client_name[:CLIENT_NAME_LIMIT],
            language=language,
            country_codes=[CountryCode(code) for code in country_codes],
            user=user,
            **_given(
                products=[Products(product) for product in products] or None,
                optional_products=[Products(product) for product in optional_products] or None,
                webhook=webhook,
                redirect_uri=redirect_uri,
                access_token=access_token,
            ),
        )
        return self._ask("/link/token/create", body, reading.link_token)

    def exchange_public_token(self, public_token: str) -> LinkedItem:
        """The Item of an ordinary Link session; never repeated by itself."""
        body = ItemPublicTokenExchangeRequest(public_token=public_token)
        return self._ask("/item/public_token/exchange", body, reading.linked_item)

    def get_accounts(self, access_token: str) -> ItemAccounts:
        body = AccountsGetRequest(access_token=access_token)
        return self._ask("/accounts/get", body, reading.item_accounts, safe=True)

    def get_identity(self, access_token: str) -> tuple[AccountOwners, ...]:
        """Who the bank says owns each account."""
        body = IdentityGetRequest(access_token=access_token)
        return self._ask("/identity/get", body, reading.account_owners, safe=True)

    def get_auth(self, access_token: str) -> tuple[AccountNumbers, ...]:
        """Account and routing numbers; empty when no account of the Item has any."""
        body = AuthGetRequest(access_token=access_token)
        return self._ask_or_nothing("/auth/get", body, reading.account_numbers)

    def get_liabilities(self, access_token: str) -> tuple[Debt, ...]:
        """Debts at this bank; empty when the Item holds none."""
        body = LiabilitiesGetRequest(access_token=access_token)
        return self._ask_or_nothing("/liabilities/get", body, reading.debts)

    def sync_transactions(self, access_token: str, cursor: str = "", *, max_pages: int = 10) -> TransactionChanges:
        """All changes since `cursor` in pages of 500; starts again when the data moved under the pages."""
        for _ in range(_RESTARTS):
            try:
                return self._all_pages(access_token, cursor, max_pages)
            except ProviderError as error:
                if error.code != "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION":
                    raise
        return self._all_pages(access_token, cursor, max_pages)

    def get_item(self, access_token: str) -> ItemStatus:
        return self._ask("/item/get", ItemGetRequest(access_token=access_token), reading.item_status, safe=True)

    def remove_item(self, access_token: str) -> None:
        """Ends the access token; an Item that is already gone is as good."""
        body = ItemRemoveRequest(access_token=access_token)
        try:
            self._ask("/item/remove", body, lambda reply: reply, safe=True)
        except ProviderError as error:
            if error.code != "ITEM_NOT_FOUND":
                raise

    def get_institution(self, institution_id: str, country_codes: Sequence[str] = ("US",)) -> Institution:
        body = InstitutionsGetByIdRequest(
            institution_id=institution_id,
            country_codes=[CountryCode(code) for code in country_codes],
            options=InstitutionsGetByIdRequestOptions(include_optional_metadata=True),
        )
        return self._ask("/institutions/get_by_id", body, reading.institution, safe=True)

    def get_webhook_key(self, kid: str) -> Jwk | None:
        """The public JWK that signs webhooks under this key id; None when Plaid knows no such key."""
        body = WebhookVerificationKeyGetRequest(key_id=kid)
        try:
            return self._ask("/webhook_verification_key/get", body, reading.webhook_key, safe=True)
        except ProviderError as error:
            if error.code == "INVALID_WEBHOOK_VERIFICATION_KEY_ID":
                return None
            raise

    def _all_pages(self, access_token: str, cursor: str, max_pages: int) -> TransactionChanges:
        whole: TransactionChanges | None = None
        for _ in range(max_pages):
            since = whole.cursor if whole else cursor
            body = TransactionsSyncRequest(access_token=access_token, count=_PAGE, **_given(cursor=since or None))
            page = self._ask("/transactions/sync", body, reading.transaction_changes, safe=True)
            whole = page if whole is None else _joined(whole, page)
            if whole.is_complete:
                break
        if whole is None:
            raise ValueError("max_pages must be at least 1")
        return whole

    def _ask_or_nothing(
        self, path: str, body: Any, read: Callable[[Json], tuple[Answer, ...] | None]
    ) -> tuple[Answer, ...]:
        try:
            return self._ask(path, body, read, safe=True)
        except ProviderError as error:
            if error.reason is Reason.NO_ACCOUNTS:
                return ()
            raise

    def _ask(self, path: str, body: Any, read: Callable[[Json], Answer | None], *, safe: bool = False) -> Answer:
        content = json.dumps(ApiClient.sanitize_for_serialization(body)).encode()
        request = Request(path[1:], "POST", self._base_url + path, self._headers, content, safe)
        answer = read(self._caller.call(request))
        if answer is None:
            raise self._caller.error(request, "unexpected_shape", _ODD_SHAPE)
        return answer


def _given(**optional: Any) -> dict[str, Any]:
    """Only what was given: Plaid's models do not take None for a missing field."""
    return {name: value for name, value in optional.items() if value is not None}


def _joined(before: TransactionChanges, page: TransactionChanges) -> TransactionChanges:
    return replace(
        page,
        added=before.added + page.added,
        modified=before.modified + page.modified,
        removed=before.removed + page.removed,
    )
