"""Who is calling. Closed unless listed: an endpoint that stands in no list below answers nobody.

| policy | who |
|---|---|
| `public` | anybody; says nothing about a tenant's data |
| `launch` | whoever holds a launch link (checked by the view, which uses it up) |
| `consumer` | a browser bound to the onboarding in the path: cookie or bearer, and CSRF on every change |
| `handoff` | a window opened by a bound frame: a one-time value (checked by the view) |
| `api` | a tenant's server with a secret key |
| `hook` | a provider; proves itself by signature or secret (checked by the view) |
"""

import hashlib
import hmac
import secrets
import time
import uuid
from urllib.parse import urlsplit

from flask import Flask, abort, g, request

from app.domain.ids import parse_id
from app.domain.launch import Consumer, find_consumer, touch
from app.domain.tenants import Caller, find_caller, touch_key
from app.errors import Problem
from app.security.csrf import new_csrf_token, verify_csrf_token
from app.web import services, settings

POLICIES: dict[str, str] = {}
CHALLENGE = {"WWW-Authenticate": "Bearer"}
# As long as a page may lie idle before its button is pressed.
HANDOFF_SECONDS = 1800
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def allow(policy: str, *endpoints: str) -> None:
    """Write endpoints into the list. Called once for each package, next to its blueprints."""
    for endpoint in endpoints:
        POLICIES[endpoint] = policy


def init_app(app: Flask) -> None:
    """Check every request before any view sees it."""
    app.before_request(_check)


def _check() -> None:
    if request.endpoint is None:
        return
    policy = POLICIES.get(request.endpoint)
    g.policy = policy
    if policy is None:
        abort(404)
    if policy not in ("api", "hook"):
        _refuse_foreign_changes()
    if policy == "api":
        g.caller = _api_caller()
    if policy == "consumer":
        g.consumer = _consumer()


def _refuse_foreign_changes() -> None:
    """CSRF, first half: a change must come from a page of ours (Fetch Metadata, else Origin)."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            abort(403)
        return
    if request.headers.get("Origin") != settings().app_url:
        abort(403)


def _api_caller() -> Caller:
    header = request.headers.get("Authorization", "")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Problem(401, "missing_credentials", "Send your secret key as a bearer token.", None, CHALLENGE)
    with services().database.session(read_only=True) as session:
        caller = find_caller(session, key.strip())
    if caller is None:
        raise Problem(401, "invalid_credentials", "This key is unknown, revoked or expired.", None, CHALLENGE)
    if caller.stale:
        with services().database.session() as session:
            touch_key(session, caller)
    return caller


def cookie_name(onboarding_id: str) -> str:
    """One cookie for each onboarding, so that two tabs with two onboardings do not push each other out."""
    return f"__Host-prefill-{onboarding_id}"


def browser_secret(onboarding_id: str) -> str | None:
    """What this browser shows: a bearer header where cookies are blocked, else the cookie."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return bearer.strip()
    return request.cookies.get(cookie_name(onboarding_id))


def find_browser(onboarding_id: str) -> Consumer | None:
    """The consumer this browser is for this onboarding, or None."""
    wanted = parse_id("onboarding", onboarding_id)
    secret = browser_secret(onboarding_id)
    if wanted is None or not secret:
        return None
    with services().database.session(read_only=True) as session:
        found = find_consumer(session, secret)
    return found if found is not None and found.onboarding_id == wanted else None


def _consumer() -> Consumer | None:
    """The bound browser. Views of this policy that cannot do without one call `need_consumer`."""
    assert request.view_args is not None
    consumer = find_browser(request.view_args["onboarding_id"])
    if consumer is not None and consumer.stale:
        with services().database.session(consumer.scope) as session:
            touch(session, consumer, active=request.endpoint != "journey.progress")
    if consumer is not None and request.method not in SAFE_METHODS:
        _check_csrf_token(consumer)
    return consumer


def csrf_token(consumer: Consumer) -> str:
    """CSRF, second half: a value only a page of this binding can know."""
    return new_csrf_token(services().database.hash_key, consumer.binding_id)


def _check_csrf_token(consumer: Consumer) -> None:
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not verify_csrf_token(services().database.hash_key, consumer.binding_id, sent):
        abort(403)


def new_handoff(consumer: Consumer) -> str:
    """A one-time value that carries this binding into a window of its own. Nothing is stored until it is used."""
    head = f"{consumer.binding_id.hex}.{int(time.time())}.{secrets.token_urlsafe(12)}"
    return f"{head}.{_handoff_mac(head)}"


def read_handoff(value: str) -> uuid.UUID | None:
    """The binding a one-time value was made for; None where it is forged or old. Using it up is the domain's part."""
    head, _, mac = value.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _handoff_mac(head).encode()):
        return None
    binding, made_at, _ = head.split(".", 2)
    return uuid.UUID(hex=binding) if time.time() - int(made_at) < HANDOFF_SECONDS else None


def _handoff_mac(head: str) -> str:
    return hmac.new(services().database.hash_key, b"handoff" + head.encode(), hashlib.sha256).hexdigest()


def in_frame() -> bool:
    """Whether this document loads in a frame, as the browser itself says."""
    return request.headers.get("Sec-Fetch-Dest") == "iframe"


def origin_of(url: str) -> str:
    """Scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
