"""How often one address may ask for the pages of one onboarding: fairness, not money, which the database guards.

A page that polls once a second stays under it. Static files, health and other people's onboardings do not count.
"""

import logging
import math
import time

from flask import Flask, request
from limits import RateLimitItem, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from app.domain.limits import address_group
from app.extensions import limiter
from app.web import services

PER_MINUTE = 100
COUNTED = ("/o/", "/onboarding/")

log = logging.getLogger("app.consumer")


def init_app(app: Flask) -> None:
    """Count after the access check, so that only a page of ours has its form given back."""
    app.before_request(_count)


def _count() -> None:
    rule = request.url_rule.rule if request.url_rule is not None else ""
    if not rule.startswith(COUNTED):
        return
    view_args = request.view_args or {}
    whose = view_args.get("onboarding_id") or view_args.get("launch_token", "")
    allowed: RateLimitItem = RateLimitItemPerMinute(PER_MINUTE * services().limit_scale)
    keys = ("consumer", address_group(request.remote_addr or ""), whose)
    try:
        if limiter.limiter.hit(allowed, *keys):
            return
        reset = limiter.limiter.get_window_stats(allowed, *keys).reset_time
    except limiter.storage.base_exceptions as error:
        # Texts are counted in the database, so without this store the pages go on.
        log.warning("requests are not counted: %s", type(error).__name__)
        return
    raise TooManyRequests(retry_after=max(1, math.ceil(reset - time.time())))
