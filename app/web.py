"""What every response has: request id, headers, a policy with its own nonce; and how pages are rendered."""

import re
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, has_app_context
from flask_babel import Domain, get_locale, refresh
from htmx_flask import request
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from app.domain.services import Services
from app.extensions import babel
from app.logs import request_id
from app.templating import LOCALES, draw
from app.templating import init_app as init_templates
from config.settings import Settings

_OUTER_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
PERMISSIONS = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), midi=(), serial=(), hid=(), "
    "display-capture=(), browsing-topics=()"
)


def flask_config(settings: Settings) -> dict[str, Any]:
    """Flask's own configuration. Sessions are not used, so there is no secret key."""
    return {
        "TESTING": settings.environment == "test",
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 128 * 1024,
        "MAX_FORM_PARTS": 300,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": "app/translations",
        "RATELIMIT_STORAGE_URI": settings.redis_url.get_secret_value() if settings.redis_url else "memory://",
        "RATELIMIT_STRATEGY": "moving-window",
        "RATELIMIT_SWALLOW_ERRORS": False,
        "RATELIMIT_HEADERS_ENABLED": False,
        "WTF_CSRF_ENABLED": True,
    }


def init_app(app: Flask) -> None:
    """Install the hooks around every request."""
    settings: Settings = app.extensions["settings"]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    # A doubled slash is another path, not a hint: no redirect that would leave the API's own kind of answer.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    babel.domain_instance = _Texts()
    app.before_request(_begin)
    app.after_request(_finish)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    init_templates(app)


def services() -> Services:
    """The services of the running app."""
    found: Services = current_app.extensions["services"]
    return found


def settings() -> Settings:
    """The settings of the running app."""
    found: Settings = current_app.extensions["settings"]
    return found


def _begin() -> None:
    outer = request.headers.get("X-Request-Id", "")
    g.request_id = outer if _OUTER_ID.match(outer) else f"req_{secrets.token_hex(12)}"
    g.request_token = request_id.set(g.request_id)
    g.nonce = secrets.token_urlsafe(18)
    g.frame_ancestors = "'none'"
    g.locale = None
    g.opener_policy = "same-origin-allow-popups"
    g.bank_origin = None


def choose_locale() -> str:
    """The onboarding's language once it is known, before that the browser's."""
    if not request:
        return "en"
    return g.get("locale") or request.accept_languages.best_match(LOCALES) or "en"


def use_locale(locale: str) -> None:
    """Speak this language from here on."""
    g.locale = locale if locale in LOCALES else "en"
    g.pop("texts", None)
    refresh()


class _Texts(Domain):
    """Looks the catalog up once for each request instead of once for each text, of which a page has fifty."""

    def get_translations(self) -> Any:
        if not has_app_context():
            return super().get_translations()
        if "texts" not in g:
            g.texts = super().get_translations()
        return g.texts


def page_policy() -> str:
    """The policy of our own pages: nothing but ours, scripts by nonce, Trusted Types."""
    return (
        f"default-src 'none'; script-src 'nonce-{g.nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
        f"frame-ancestors {g.frame_ancestors}; require-trusted-types-for 'script'; trusted-types htmx"
    )


def bank_policy(link_origin: str, api_origin: str) -> str:
    """The looser policy of the one page that hosts Plaid's script, which needs inline style attributes.

    The script comes unversioned from Plaid's own host, as Plaid demands, so it can carry no integrity hash.
    """
    return (
        f"default-src 'none'; script-src 'nonce-{g.nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{g.nonce}'; "
        f"style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self' {api_origin}; "
        f"frame-src {link_origin}; form-action 'self'; base-uri 'none'; object-src 'none'; "
        f"frame-ancestors {g.frame_ancestors}"
    )


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    headers.setdefault("Content-Security-Policy", page_policy() if _is_html(response) else _data_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Permissions-Policy"] = PERMISSIONS
    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    headers["Cross-Origin-Opener-Policy"] = g.opener_policy
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    headers.add("Vary", "HX-Request, Sec-Fetch-Site, Origin")
    request_id.reset(g.request_token)
    return response


def _is_html(response: Response) -> bool:
    return response.mimetype == "text/html"


def _data_policy() -> str:
    return "default-src 'none'; frame-ancestors 'none'; sandbox"


def wants_fragment() -> bool:
    """Whether htmx asked for the part it swaps. A history restore wants the whole document."""
    return bool(request.htmx) and request.headers.get("HX-History-Restore-Request") != "true"


def render_screen(page: Any, screen: Any, status: int = 200, *, whole: bool = False) -> Response:
    """The document of a screen, or for htmx its fragment, unless `whole` asks for the document."""
    mark = "_" if wants_fragment() and not whole else ""
    html = draw(choose_locale(), f"consumer/{mark}{screen.template}.html", page=page, screen=screen)
    return Response(html, status=status, mimetype="text/html")
