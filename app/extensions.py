"""Flask extensions, bare. Imports nothing of ours, so that everything may import it."""

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from htmx_flask import Htmx

babel = Babel()
htmx = Htmx()
limiter = Limiter(key_func=get_remote_address, headers_enabled=False)
migrate = Migrate()
