"""Static files: served by WhiteNoise, named with a hash of their bytes so that browsers may keep them for ever."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from flask import Flask, current_app
from whitenoise import WhiteNoise

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
FOR_EVER = 31_536_000


def _address(path: str) -> str:
    fingerprint = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"/static/{path}?v={fingerprint}"


_KEPT = lru_cache(maxsize=512)(_address)


def static_url(path: str) -> str:
    """`/static/css/base.css?v=…`; a missing file is an error at once, not a broken page later."""
    return _address(path) if current_app.extensions["settings"].environment == "development" else _KEPT(path)


def _headers(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    headers["Referrer-Policy"] = "no-referrer"


class _Files(WhiteNoise):
    """Compressed copies are made ahead (`make assets`); one older than its original is not served."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        found = super().get_static_file(path, url, stat_cache)
        packed = Path(f"{path}.gz")
        if packed.exists() and packed.stat().st_mtime < Path(path).stat().st_mtime:
            found.alternatives = [pair for pair in found.alternatives if pair[1] == path]
        return found


def init_app(app: Flask) -> None:
    """Put the static files in front of the app."""
    app.jinja_env.globals["static_url"] = static_url
    if not STATIC.is_dir():
        return
    app.wsgi_app = _Files(  # type: ignore[method-assign, assignment]
        app.wsgi_app,
        root=str(STATIC),
        prefix="/static/",
        max_age=FOR_EVER,
        # While developing, a file that was just changed is served as it is now.
        autorefresh=app.extensions["settings"].environment == "development",
        add_headers_function=_headers,
    )
