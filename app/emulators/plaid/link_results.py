"""/link/token/get: what became of a link token's sessions, newest event first."""

from __future__ import annotations

import uuid
from typing import Any

from app.emulators.context import Emulators
from app.emulators.plaid import wire
from app.emulators.plaid.sessions import Event, LinkSession, sessions
from app.emulators.plaid.state import LISTED_TOKEN_LIFE, LinkToken, PlaidState

# Facts of an event that stand elsewhere in the answer, or nowhere.
_LEFT_OUT = ("is_update_mode", "link_session_id", "timestamp")


def of_token(shared: Emulators, state: PlaidState, token: LinkToken) -> dict[str, Any]:
    held = [session for session in sessions(shared).values() if session.token is token]
    return {
        "created_at": wire.moment(token.created_at),
        "expiration": wire.moment(token.expires_at),
        "link_sessions": [_session(shared, state, session) for session in held],
        "link_token": token.token,
        "metadata": {
            "client_name": token.client_name,
            "country_codes": token.country_codes,
            "initial_products": token.products,
            "language": token.language,
            "redirect_uri": token.redirect_uri,
            "webhook": token.webhook,
        },
    }


def _session(shared: Emulators, state: PlaidState, session: LinkSession) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "events": [_event(event) for event in reversed(session.told)],
        "finished_at": wire.moment(session.finished_at) if session.finished_at else None,
        "link_session_id": session.session_id,
        "started_at": wire.moment(session.started_at),
    }
    outcome = session.result or {}
    if "success" in outcome:
        public_token, metadata = outcome["success"]
        kept = {key: value for key, value in metadata.items() if key != "account" and value is not None}
        answer["on_success"] = {"metadata": kept, "public_token": public_token}
        answer["results"] = _results(shared, state, session)
    elif "exit" in outcome:
        error, metadata = outcome["exit"]
        kept = {key: value for key, value in metadata.items() if value is not None}
        answer["exit"] = answer["on_exit"] = {"error": error, "metadata": kept}
    return answer


def _results(shared: Emulators, state: PlaidState, session: LinkSession) -> dict[str, Any]:
    """Public tokens listed here stay good for six hours after the end."""
    until = (session.finished_at or session.started_at) + LISTED_TOKEN_LIFE
    listed = session.added if shared.store.now() < until else []
    for added in listed:
        state.public_tokens[added.public_token].expires_at = until
    return {
        "bank_income_results": [],
        "cra_item_add_results": [],
        "cra_update_results": [],
        "document_income_results": None,
        "item_add_results": [
            {"accounts": one.accounts, "institution": one.institution, "public_token": one.public_token}
            for one in listed
        ],
        "payroll_income_results": [],
    }


def _event(event: Event) -> dict[str, Any]:
    name, metadata = event
    kept = {key: value for key, value in metadata.items() if value is not None and key not in _LEFT_OUT}
    seed = f"{metadata['link_session_id']}|{metadata['timestamp']}"
    return {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_OID, seed)),
        "event_metadata": kept,
        "event_name": name,
        "timestamp": metadata["timestamp"],
    }
