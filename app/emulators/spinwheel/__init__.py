"""Stand-in for Spinwheel's API (docs.spinwheel.io), on a standard and on a "secure" base."""

from app.emulators.spinwheel import control  # noqa: F401 - adds its routes to the control endpoint
from app.emulators.spinwheel.views import blueprint

__all__ = ["blueprint"]
