"""Faults as people and programs read them: a page, the part htmx swaps, or problem+json (RFC 9457)."""

import logging
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, jsonify, render_template
from flask_babel import gettext
from htmx_flask import request
from werkzeug.exceptions import HTTPException

from app.logs import describe

log = logging.getLogger("app.errors")
DOCS = "/docs/problems"


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """An error in neutral dress: `errors/error.html`. `again` is the form that came, to be sent once more."""

    heading: str
    sentence: str
    request_id: str
    go_on_url: str | None = None
    again: tuple[tuple[str, str], ...] | None = None
    again_url: str = ""


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer to a program: `code` is stable and listed in the docs, `errors` point into the request."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors or [], headers or {}


class NeedsProof(Exception):  # noqa: N818 - a question to the reader, not a fault
    """This browser does not hold the onboarding (any more): the reader proves the phone again."""

    def __init__(self, onboarding_id: str) -> None:
        super().__init__(onboarding_id)
        self.onboarding_id = onboarding_id


TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Wrong media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Server error",
    503: "Not available",
}


def problem_response(problem: Problem) -> Response:
    """The problem document."""
    body: dict[str, Any] = {
        "type": f"{DOCS}#{problem.code}",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "errors": problem.errors,
        "request_id": g.get("request_id", ""),
    }
    response = jsonify(body)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def init_app(app: Flask) -> None:
    """One answer for every fault."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _for_program() -> bool:
    prefixes = ("/api/", "/hooks/", "/.well-known/", "/healthz", "/readyz")
    wants_json = bool(request.accept_mimetypes.best == "application/json")
    return request.path.startswith(prefixes) or wants_json


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if _for_program():
        headers = {name: value for name, value in error.get_headers() if name in ("Retry-After", "Allow")}
        code = TITLES.get(status, "error").lower().replace(" ", "_")
        return problem_response(Problem(status, code, error.description or "", headers=headers))
    response = _page(status)
    retry_after = dict(error.get_headers()).get("Retry-After")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected fault: %s", describe(error))
    if _for_program():
        return problem_response(Problem(500, "server_error", "Something went wrong on our side."))
    return _page(500)


def _words(status: int) -> tuple[str, str]:
    if status == 403:
        return gettext("This page can’t do that"), gettext("Open it again from where you came, then try once more.")
    if status == 404:
        return gettext("There is nothing here"), gettext("The address may be mistyped, or the page is gone.")
    if status == 429:
        return gettext("That was a lot at once"), gettext("Please wait a minute, then try again. Nothing is lost.")
    if status < 500:
        return gettext("That didn’t work"), gettext("Please go back and try again. Your answers are safe.")
    return gettext("Something went wrong on our side"), gettext("It isn’t you. Please try again in a moment.")


def _go_on_url(status: int) -> str | None:
    """A tab that was left open holds a token of before: its onboarding, asked for anew, goes on."""
    known = (request.view_args or {}).get("onboarding_id")
    stale = status == 403 and known is not None and g.get("policy") == "consumer"
    return f"/onboarding/{known}" if stale else None


def _page(status: int) -> Response:
    heading, sentence = _words(status)
    # The request may have failed before its nonce was made; a policy without one allows no script at all.
    g.setdefault("nonce", "none")
    go_on_url = _go_on_url(status)
    if bool(request.htmx):
        # The form stays: only the alert above it is filled.
        html = render_template("errors/_alert.html", sentence=f"{heading}. {sentence}", go_on_url=go_on_url)
        headers = {"HX-Retarget": "#alert", "HX-Reswap": "innerHTML"}
        return Response(html, status=status, mimetype="text/html", headers=headers)
    screen = ErrorPage(
        heading=heading,
        sentence=sentence,
        request_id=g.get("request_id", ""),
        go_on_url=go_on_url,
        # Only a limit is met with the form unread; whatever else was wrong with it would be wrong again.
        again=tuple(request.form.items(multi=True)) if status == 429 and request.method == "POST" else None,
        again_url=request.path,
    )
    return Response(render_template("errors/error.html", screen=screen), status=status, mimetype="text/html")
