"""The least a WSGI app can do: what the server and the load generator cost by themselves."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b'{"status":"ok"}'


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Two headers and fifteen bytes."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]
