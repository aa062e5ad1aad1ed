"""The entry point of every server and of `flask --app wsgi`."""

import gc
import sys

from app import create_app
from config.settings import SettingsError, load_settings

try:
    app = create_app(load_settings())
except SettingsError as error:
    sys.exit(str(error))

# What was made at start stays: no later collection has to look through it again while somebody waits.
gc.freeze()
