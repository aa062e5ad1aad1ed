"""Stand-in for Twilio's API: Verify (codes by text and call) and Messages, both under one base."""

from app.emulators.twilio.views import blueprint

__all__ = ["blueprint"]
