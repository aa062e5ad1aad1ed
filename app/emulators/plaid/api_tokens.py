"""The endpoints that make link tokens, tell what became of them, and hand over what Layer shared."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from app.emulators.plaid import ids, items, link_results, wire
from app.emulators.plaid.call import Call
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.layer import is_eligible
from app.emulators.plaid.phones import normalised, standing
from app.emulators.plaid.sessions import sessions
from app.emulators.plaid.state import (
    LINK_TOKEN_LIFE,
    SESSION_TOKEN_LIFE,
    UPDATE_TOKEN_LIFE,
    LinkToken,
    Template,
    switches,
)

CLIENT_NAME_LIMIT = 30
_LOCAL = ("localhost", "127.0.0.1")


def session_token_create(call: Call) -> dict[str, Any]:
    """A Layer token."""
    _check_user(call.body)
    _check_addresses(call)
    template = _template(call)
    token = LinkToken(
        token=ids.token("link"),
        client_id=call.client_id,
        created_at=call.shared.store.now(),
        expires_at=call.shared.store.now() + SESSION_TOKEN_LIFE,
        webhook=call.body.get("webhook") or template.webhook,
        template=template,
        products=template.products,
    )
    call.state.link_tokens[token.token] = token
    return {"link": {"expiration": wire.moment(token.expires_at), "link_token": token.token}}


def link_token_create(call: Call) -> dict[str, Any]:
    """A token for ordinary Link, or for update mode when an access token is given."""
    body = call.body
    _check_user(body)
    _check_addresses(call)
    if "hosted_link" in body:
        raise PlaidError("INVALID_FIELD", "hosted_link is not supported by this emulator")
    if len(body["client_name"]) > CLIENT_NAME_LIMIT:
        raise PlaidError("INVALID_FIELD", f"client_name must be at most {CLIENT_NAME_LIMIT} characters")
    access_token = _update_of(call)
    now = call.shared.store.now()
    token = LinkToken(
        token=ids.token("link"),
        client_id=call.client_id,
        created_at=now,
        expires_at=now + (UPDATE_TOKEN_LIFE if access_token else LINK_TOKEN_LIFE),
        webhook=body.get("webhook"),
        client_name=body["client_name"],
        products=body.get("products", []),
        phone_number=body.get("user", {}).get("phone_number"),
        access_token=access_token,
        language=body["language"],
        country_codes=body["country_codes"],
        redirect_uri=body.get("redirect_uri"),
        institution_id=body.get("institution_id") or body.get("institution_data", {}).get("institution_id"),
        account_filters=_filters(body),
        multi_item=body.get("enable_multi_item_link", False),
        selects_accounts=body.get("update", {}).get("account_selection_enabled", False),
    )
    call.state.link_tokens[token.token] = token
    return {"expiration": wire.moment(token.expires_at), "link_token": token.token}


def link_token_get(call: Call) -> dict[str, Any]:
    """What the token was made with, and every session that it opened."""
    token = call.state.link_tokens.get(call.body["link_token"])
    if token is None:
        raise PlaidError("INVALID_LINK_TOKEN")
    return link_results.of_token(call.shared, call.state, token)


def user_account_session_get(call: Call) -> dict[str, Any]:
    """The shared data of a Layer session, for 30 minutes. Raises INVALID_PUBLIC_TOKEN."""
    held = call.state.profile_tokens.get(call.body["public_token"])
    if held is None or held.expires_at <= call.shared.store.now():
        raise PlaidError("INVALID_PUBLIC_TOKEN")
    return held.answer


def user_account_session_event_send(call: Call) -> dict[str, Any]:
    """An event of the app's own analytics; Plaid keeps it and answers nothing."""
    if call.body["link_session_id"] not in sessions(call.shared):
        raise PlaidError("INVALID_FIELD", "link_session_id is not a session of this client")
    return {}


def network_status_get(call: Call) -> dict[str, Any]:
    """Whether Plaid knows a phone, and whether it could use Layer with a template."""
    number = normalised(call.body["user"]["phone_number"])
    person = call.shared.personas.by_phone(number)
    known = standing(call.shared, number)
    saved = (person is not None and person.layer.by_phone is not None) or (known is not None and bool(known.banks))
    answer: dict[str, Any] = {"network_status": "RETURNING_USER" if saved else "UNKNOWN"}
    if "template_id" in call.body:
        template = _template(call)
        profile = person.layer.by_phone if person else None
        answer["layer"] = {"eligible": person is not None and is_eligible(template, person, profile)}
    return answer


def _template(call: Call) -> Template:
    """An unknown template is an INVALID_FIELD; Plaid does not document its answer."""
    template = call.state.templates.get(call.body["template_id"])
    if template is None:
        raise PlaidError("INVALID_FIELD", "template_id is not a template of this client")
    return template


def _update_of(call: Call) -> str | None:
    """The access token of update mode. Without one there must be products, with one there need not be any."""
    access_token: str | None = call.body.get("access_token")
    if access_token is not None:
        items.find(call.state, access_token)
    elif not call.body.get("products"):
        raise PlaidError("MISSING_FIELDS", "products")
    return access_token


def _filters(body: dict[str, Any]) -> dict[str, list[str]] | None:
    wanted = body.get("account_filters")
    if wanted is None:
        return None
    for kind, found in wanted.items():
        subtypes = found["account_subtypes"]
        if not isinstance(subtypes, list) or not all(isinstance(one, str) for one in subtypes) or not subtypes:
            raise PlaidError("INVALID_FIELD", f"account_filters.{kind}.account_subtypes must be a non-empty array")
    return {kind: found["account_subtypes"] for kind, found in wanted.items()}


def _check_user(body: dict[str, Any]) -> None:
    if "user" not in body and "user_id" not in body:
        raise PlaidError("MISSING_FIELDS", "user")


def _check_addresses(call: Call) -> None:
    body = call.body
    if "redirect_uri" in body:
        _check_redirect(body["redirect_uri"], switches(call.shared).redirect_uris)
    if "webhook" in body and not _is_url(body["webhook"]):
        raise PlaidError("INVALID_FIELD", "webhook must be a valid URL")


def _check_redirect(uri: str, allowed: list[str] | None) -> None:
    """https, or a local address in the sandbox; no query; on the Dashboard's list where there is one."""
    if any(mark in uri for mark in "?#"):
        raise PlaidError("INVALID_FIELD", "redirect_uri must not have a query or a fragment")
    parts = urlsplit(uri) if _is_url(uri) else None
    local = parts is not None and (parts.hostname in _LOCAL or str(parts.hostname).endswith(".localhost"))
    if parts is None or (parts.scheme != "https" and not local):
        raise PlaidError("INVALID_FIELD", "redirect_uri must use HTTPS")
    if allowed is not None and uri not in allowed:
        sentence = "OAuth redirect URI must be configured in the developer dashboard"
        raise PlaidError("INVALID_FIELD", sentence)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
