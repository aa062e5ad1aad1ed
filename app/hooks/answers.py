"""How a provider is answered. A refusal names no check: who sends what is not his learns nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from app.domain.provider_hooks import HookRefusedError, KeyAwayError, UnknownConnectionError
from app.errors import Problem

LARGEST_BODY = 64 * 1024


def read_raw() -> bytes:
    """The body as it came: what is signed are its bytes. 413 where it is too long."""
    request.max_content_length = LARGEST_BODY
    return request.get_data()


@contextmanager
def refusals() -> Iterator[None]:
    """Refusals of the domain as answers."""
    try:
        yield
    except UnknownConnectionError:
        raise Problem(404, "not_found", "There is no such address.") from None
    except HookRefusedError:
        raise Problem(401, "signature_invalid", "This did not prove where it comes from.") from None
    except KeyAwayError:
        wait = {"Retry-After": "60"}
        raise Problem(503, "not_available", "This cannot be checked now; send it again.", None, wait) from None
