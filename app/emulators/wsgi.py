"""Serve it in one process: granian --interface wsgi app.emulators.wsgi:app --workers 1 --port 8001."""

from app.emulators import create_emulators
from app.emulators.settings import load_settings

app = create_emulators(load_settings())
