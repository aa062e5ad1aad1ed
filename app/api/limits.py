"""How often one key may call: a burst and a minute, told in `RateLimit-*` headers (delta seconds)."""

import logging
import math
import time

from flask import Blueprint, Response, g
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond

from app.errors import Problem
from app.extensions import limiter

# A burst, and what may be kept up.
WINDOWS: tuple[RateLimitItem, ...] = (RateLimitItemPerSecond(100), RateLimitItemPerMinute(3000))

log = logging.getLogger("app.api")


def init_blueprint(blueprint: Blueprint) -> None:
    """Count every call of the blueprint by its key, after the access check."""
    blueprint.before_request(_count)
    blueprint.after_request(_tell)


def _count() -> None:
    try:
        spent = [item for item in WINDOWS if not limiter.limiter.hit(item, "api", str(g.caller.key_id))]
        g.rate_limit = _window(spent[0]) if spent else min(map(_window, WINDOWS), key=_left)
    except limiter.storage.base_exceptions as error:
        # Counting is for fairness here, not for money: without its store the calls go on.
        log.warning("calls are not counted: %s", type(error).__name__)
        return
    if spent:
        wait = {"Retry-After": str(g.rate_limit["Reset"])}
        raise Problem(429, "too_many_requests", "This key calls too often; wait a moment.", headers=wait)


def _window(item: RateLimitItem) -> dict[str, int]:
    stats = limiter.limiter.get_window_stats(item, "api", str(g.caller.key_id))
    reset = max(1, math.ceil(stats.reset_time - time.time()))
    return {"Limit": item.amount, "Remaining": max(0, stats.remaining), "Reset": reset}


def _left(window: dict[str, int]) -> float:
    return window["Remaining"] / window["Limit"]


def _tell(response: Response) -> Response:
    for name, value in g.get("rate_limit", {}).items():
        response.headers[f"RateLimit-{name}"] = str(value)
    return response
