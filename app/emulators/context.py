"""What every part of the emulators shares, hung on the Flask app."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.emulators.faults import Calls, Faults
from app.emulators.personas import Personas
from app.emulators.settings import Settings
from app.emulators.store import Store


@dataclass(frozen=True)
class Emulators:
    settings: Settings
    personas: Personas
    store: Store
    faults: Faults
    calls: Calls


def emulators() -> Emulators:
    """Those of the running app."""
    return cast(Emulators, current_app.extensions["emulators"])
