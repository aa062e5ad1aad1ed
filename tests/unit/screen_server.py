"""A server that plays screens in a written order under the product's policy and records what it was asked."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.serving import make_server

from tests.unit.screen_app import make_app
from tests.unit.side_screen_samples import sample

STRICT = " require-trusted-types-for 'script'; trusted-types htmx"


@dataclass
class Turn:
    """One answer: a sample with changes to its page and screen, or JSON, or a bare status."""

    name: str | None = None
    status: int = 200
    page: dict[str, Any] = field(default_factory=dict)
    screen: dict[str, Any] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    text: str | None = None
    seconds: float = 0


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    json: Any


class Stage:
    """The plan (path to its turns; the last one repeats) and the record."""

    def __init__(self) -> None:
        self.plan: dict[str, list[Turn]] = {}
        self.asked: list[Asked] = []
        self.origin = ""

    def named(self, method: str, path: str) -> list[Asked]:
        """The requests of one kind, in order."""
        return [one for one in self.asked if (one.method, one.path) == (method, path)]

    def answer(self, path: str) -> Response:
        """The next turn of a path."""
        heard = request.get_json(silent=True)
        self.asked.append(Asked(request.method, path, dict(request.headers), request.form.to_dict(), heard))
        turns = self.plan.get(path, [Turn(status=404)])
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        time.sleep(turn.seconds)
        if turn.json is not None:
            return jsonify(turn.json)
        if turn.text is not None:
            return Response(turn.text, mimetype="text/javascript" if path.endswith(".js") else "text/html")
        if turn.name is None:
            return Response(status=turn.status)
        page, screen = sample(turn.name, nonce=g.nonce, brand_stylesheet=None, **turn.page)
        screen = replace(screen, **turn.screen)
        mark = "_" if request.headers.get("HX-Request") else ""
        html = render_template(f"consumer/{mark}{screen.template}.html", page=page, screen=screen)
        response = Response(html, status=turn.status, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _policy(g.nonce, bank=turn.name == "bank-link")
        return response


def _policy(nonce: str, *, bank: bool) -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';" + ("" if bank else STRICT)
    )


@contextmanager
def playing() -> Iterator[Stage]:
    """A running stage at `stage.origin`."""
    stage = Stage()
    app: Flask = make_app()

    @app.before_request
    def begin() -> None:
        g.nonce = secrets.token_urlsafe(9)

    app.add_url_rule(
        "/<path:path>",
        view_func=lambda path: stage.answer("/" + path),
        methods=["GET", "POST"],
        endpoint="play",
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stage.origin = f"http://127.0.0.1:{server.port}"
    try:
        yield stage
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
