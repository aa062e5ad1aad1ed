"""The entry point of every server and of `flask --app wsgi`."""

import sys

from app import create_app
from config.settings import SettingsError, load_settings

try:
    app = create_app(load_settings())
except SettingsError as error:
    sys.exit(str(error))
