"""The emulators: stand-ins for Plaid's, Spinwheel's and Twilio's servers, served as a web app of their own.

They import nothing of the product, and nothing of the product imports them: both meet over HTTP alone.
"""

from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined

from app.emulators import calls, control, messages, pages, plaid, spinwheel, twilio
from app.emulators.context import Emulators
from app.emulators.faults import Calls, Faults, spoil
from app.emulators.personas import load_personas
from app.emulators.plaid import link
from app.emulators.settings import Settings
from app.emulators.store import Store

ROOT = Path(__file__).parents[2]
LARGEST_BODY = 1_000_000


def create_emulators(settings: Settings) -> Flask:
    """A fresh set of emulators; exits with a sentence when the persona file is wrong."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.jinja_env.undefined = StrictUndefined
    app.url_map.strict_slashes = False
    app.extensions["emulators"] = Emulators(
        settings=settings,
        personas=load_personas(settings.personas, settings.sms_code),
        store=Store(
            settings.spinwheel_api_key,
            settings.plaid_client_id,
            settings.plaid_secret,
            {settings.twilio_account_sid: settings.twilio_auth_token},
            {settings.twilio_service_sid: settings.twilio_account_sid},
        ),
        faults=Faults(),
        calls=Calls(),
    )
    app.register_blueprint(spinwheel.blueprint, url_prefix="/spinwheel")
    app.register_blueprint(spinwheel.blueprint, url_prefix="/spinwheel-secure", name="spinwheel_secure")
    app.register_blueprint(twilio.blueprint, url_prefix="/twilio")
    app.register_blueprint(plaid.blueprint, url_prefix="/plaid")
    app.register_blueprint(link.blueprint, url_prefix="/link")
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(messages.blueprint)
    app.register_blueprint(control.blueprint, url_prefix="/control")
    app.after_request(calls.record)
    app.after_request(spoil)
    return app
