"""The whole product on free ports of this machine: the app, the emulators, the demo tenant and the worker.

The app is `localhost`, the others are `127.0.0.1`, as with `make run`: to a browser those are two sites.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app import create_app
from app.demo import SLUG
from app.demo_tenant import create_demo_tenant
from app.demo_tenant.config import load_config
from app.domain.tenants import find_tenant
from app.emulators import create_emulators
from app.emulators.settings import Settings as EmulatorSettings
from app.models import WebhookEndpoint, utcnow
from app.models.session import Scope
from app.worker import Worker
from tests.support import databases
from tests.support.settings import make_settings
from tests.support.tenants import MadeTenant


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Product:
    """`tenant` reaches into the database; the rest is what stands in `instance/demo.json`."""

    app_url: str
    emulator_url: str
    tenant_url: str
    tenant: MadeTenant
    demo: dict[str, Any]

    def control(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
        """Steer the emulators."""
        answer = requests.request(method, f"{self.emulator_url}/control{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def fault(self, provider: str, operation: str, kind: str, **more: Any) -> None:
        """Let a provider fail from now on, or `times` times."""
        self.control("/faults", {"provider": provider, "operation": operation, "fault": kind, **more})

    def mend(self) -> None:
        """Every provider works again."""
        self.control("/faults", method="DELETE")

    def calls(self, path: str) -> int:
        """How often a provider was called at paths that end so."""
        return sum(call["path"].endswith(path) for call in self.control("/calls", method="GET")["calls"])

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call as the tenant's server."""
        url = f"{self.app_url}/api/v1{path}"
        answer = requests.request(method, url, json=body, headers=self.tenant.headers, timeout=10)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def callbacks(self, onboarding_id: str) -> list[str]:
        """The types of the callbacks that the demo tenant received and verified, newest first."""
        told = requests.get(f"{self.tenant_url}/callbacks.json", timeout=10).json()
        return [each["type"] for each in told["callbacks"] if each["onboarding_id"] == onboarding_id]

    @contextmanager
    def endpoint(self, url: str) -> Iterator[str]:
        """A further webhook endpoint, until the block ends; its secret."""
        secret = self.tenant.endpoint(url)
        yield secret
        with self.tenant.services.database.session(self.tenant.scope) as session:
            newest = session.query(WebhookEndpoint).order_by(WebhookEndpoint.created_at.desc()).first()
            assert newest is not None
            session.execute(
                update(WebhookEndpoint)
                .where(WebhookEndpoint.id == newest.id)
                .values(disabled_at=utcnow())
                .execution_options(synchronize_session=False)
            )


def eventually(true: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `true` returns once it is something; fails when it stays nothing."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def product(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Started once for each worker of pytest; everything ends with it."""
    folder = tmp_path_factory.mktemp("product")
    with ExitStack() as ends:
        yield _start(ends, databases.copy_sqlite(sqlite_template, folder), folder)


def _start(ends: ExitStack, database_url: str, folder: Path) -> Product:
    app_server, emulators, site = (_listen(ends) for _ in range(3))
    app_url = f"http://localhost:{app_server.server_port}"
    emulator_url, tenant_url = (f"http://127.0.0.1:{server.server_port}" for server in (emulators, site))
    emulator = EmulatorSettings(base_url=emulator_url, webhook_retry_seconds=0.5)
    emulators.app = create_emulators(emulator)

    app = create_app(make_settings(database_url, PREFILL_APP_URL=app_url, **_providers(emulator)))
    app_server.app = app
    services = app.extensions["services"]
    demo_file = folder / "demo.json"
    where = ["--output", str(demo_file), "--emulator-url", emulator_url, "--tenant-url", tenant_url]
    seeded = app.test_cli_runner().invoke(args=["demo", "seed", *where])
    assert seeded.exit_code == 0, seeded.output
    demo = json.loads(demo_file.read_text(encoding="utf-8"))
    site.app = create_demo_tenant(load_config(str(demo_file)))

    worker = Worker(services, threads=4)
    ends.callback(services.database.dispose)
    _run(ends, worker.run, worker.stop)
    with services.database.session(read_only=True) as session:
        found = find_tenant(session, SLUG)
    assert found is not None
    tenant = MadeTenant(Scope(found.id, "test"), demo["api_key"], services)
    return Product(app_url, emulator_url, tenant_url, tenant, demo)


def _providers(emulator: EmulatorSettings) -> dict[str, str]:
    return {
        # The same person tries all day, from one address.
        "PREFILL_LIMIT_SCALE": "1000",
        "PREFILL_PLAID__BASE_URL": emulator.plaid_base_url,
        "PREFILL_PLAID__LINK_URL": emulator.base_url,
        "PREFILL_PLAID__CLIENT_ID": emulator.plaid_client_id,
        "PREFILL_PLAID__SECRET": emulator.plaid_secret,
        "PREFILL_PLAID__TEMPLATE_ID": emulator.plaid_template_id,
        "PREFILL_PLAID__OAUTH_RETURN": "on",
        "PREFILL_SPINWHEEL__BASE_URL": emulator.spinwheel_base_url,
        "PREFILL_SPINWHEEL__SECURE_BASE_URL": emulator.spinwheel_secure_base_url,
        "PREFILL_SPINWHEEL__API_KEY": emulator.spinwheel_api_key,
        **twilio_settings(emulator),
        "PREFILL_MESSAGES__EMAIL_URL": f"{emulator.base_url}/inbox/mails",
        "PREFILL_TWILIO__BASE_URL": emulator.twilio_base_url,
        "PREFILL_TWILIO__MESSAGES_BASE_URL": emulator.twilio_base_url,
        "PREFILL_TWILIO__ACCOUNT_SID": emulator.twilio_account_sid,
        "PREFILL_TWILIO__AUTH_TOKEN": emulator.twilio_auth_token,
        "PREFILL_TWILIO__SERVICE_SID": emulator.twilio_service_sid,
        "PREFILL_TWILIO__FROM_NUMBER": emulator.twilio_from_number,
        "PREFILL_MESSAGES__EMAIL_FROM": "no-reply@prefill.example",
        "PREFILL_SPINWHEEL__PREVERIFIED": "on",
    }


def twilio_settings(emulator: EmulatorSettings) -> dict[str, str]:
    """The second verifier, for an app that is to have one."""
    return {
        "PREFILL_TWILIO__BASE_URL": emulator.twilio_base_url,
        "PREFILL_TWILIO__MESSAGES_BASE_URL": emulator.twilio_base_url,
        "PREFILL_TWILIO__ACCOUNT_SID": emulator.twilio_account_sid,
        "PREFILL_TWILIO__AUTH_TOKEN": emulator.twilio_auth_token,
        "PREFILL_TWILIO__SERVICE_SID": emulator.twilio_service_sid,
        "PREFILL_TWILIO__FROM_NUMBER": emulator.twilio_from_number,
    }


def _listen(ends: ExitStack) -> BaseWSGIServer:
    """A server on a free port; its app is set before anybody asks."""
    server = make_server("127.0.0.1", 0, app=lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    ends.callback(server.server_close)
    _run(ends, lambda: server.serve_forever(0.02), server.shutdown)
    return server


def _run(ends: ExitStack, work: Callable[[], None], stop: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def end() -> None:
        stop()
        thread.join()

    ends.callback(end)
