"""A test client that behaves like a browser on our origin and checks every page it is given."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.pages import check_page
from tests.support.settings import APP_URL


class CheckedClient(FlaskClient):
    """Sends what a browser sends for a same-origin request; every HTML answer is checked."""

    def open(self, *args: Any, **named: Any) -> TestResponse:
        named.setdefault("base_url", APP_URL)
        headers = dict(named.pop("headers", None) or {})
        headers.setdefault("Sec-Fetch-Site", "same-origin")
        headers.setdefault("Sec-Fetch-Dest", "document")
        response = super().open(*args, headers=headers, **named)
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 308) and response.data:
            check_page(response.get_data(as_text=True), response.headers.get("Content-Security-Policy", ""))
        return response
