"""What the pages share, hung on the Flask app."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.demo_tenant.callbacks import Callbacks
from app.demo_tenant.config import Config
from app.demo_tenant.prefill_api import PrefillApi
from app.demo_tenant.returns import Returns
from app.demo_tenant.visits import Visits


@dataclass(frozen=True)
class Tenant:
    config: Config
    api: PrefillApi
    callbacks: Callbacks
    returns: Returns
    visits: Visits


def tenant() -> Tenant:
    """That of the running app."""
    return cast(Tenant, current_app.extensions["tenant"])
