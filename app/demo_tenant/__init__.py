"""Acme Credit Union: what a tenant's developer writes to use Prefill, as a small web app of its own.

It knows Prefill by HTTP alone and imports nothing of it, so each file can be copied into another project.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.demo_tenant import pages, receiver
from app.demo_tenant.callbacks import Callbacks
from app.demo_tenant.config import Config
from app.demo_tenant.context import Tenant
from app.demo_tenant.prefill_api import PrefillApi
from app.demo_tenant.returns import Returns
from app.demo_tenant.visits import Visits

ROOT = Path(__file__).resolve().parents[2]


def create_demo_tenant(config: Config) -> Flask:
    """The web app of one tenant."""
    site = Flask(
        __name__,
        template_folder=str(ROOT / "templates" / "demo_tenant"),
        static_folder=str(ROOT / "static" / "demo_tenant"),
        static_url_path="/static",
    )
    # What a session points to lives in memory as well, so both may end with the process.
    site.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="acme_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    site.extensions["tenant"] = Tenant(
        config=config,
        api=PrefillApi(config.app_url, config.api_key),
        callbacks=Callbacks(config.webhook_secret),
        returns=Returns(config.app_url, config.tenant_id),
        visits=Visits(),
    )
    site.register_blueprint(pages.blueprint)
    site.register_blueprint(receiver.blueprint)
    _keep_one_address(site, config)
    _protect(site, config)
    return site


def _keep_one_address(site: Flask, config: Config) -> None:
    """The frame opens on the registered origin only, so a person who typed another name is led there."""
    netloc = urlsplit(config.tenant_url).netloc

    @site.before_request
    def lead_to_the_address() -> AnyResponse | None:
        if request.method == "GET" and request.host != netloc and request.path != "/healthz":
            return redirect(config.tenant_url + request.full_path.rstrip("?"))
        return None


def _protect(site: Flask, config: Config) -> None:
    # Forms lead to Prefill through a redirect, which browsers hold to `form-action` too.
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            f"frame-src {config.app_url}",
            f"form-action 'self' {config.app_url}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )

    @site.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response
