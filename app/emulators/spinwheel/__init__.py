"""Stand-in for Spinwheel's API (docs.spinwheel.io), on a standard and on a "secure" base."""

from app.emulators.spinwheel.views import blueprint

__all__ = ["blueprint"]
