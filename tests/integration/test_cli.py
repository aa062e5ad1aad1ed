"""`flask --app wsgi …`: what an operator does by hand, and the demo."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.cli import run_worker
from app.demo_tenant.config import config_from
from app.domain.connections import default_connection_id
from app.domain.ids import parse_id, wire_id
from app.domain.tenant_settings import newest_settings, read_settings
from app.models import Job, ProviderConnection, WebhookEndpoint
from app.models.session import Scope
from app.models.vault import vault
from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.settings import make_settings
from tests.support.tenants import MadeTenant

ROOT = Path(__file__).parents[2]
PLAID = {"client_id": "canary-client", "secret": "canary-secret"}


def run(app: Flask, *arguments: str, given: str | None = None) -> str:
    """A command that works; what it prints."""
    result = _invoke(app, arguments, given)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def fail(app: Flask, *arguments: str, given: str | None = None) -> str:
    """A command that fails with a sentence; the sentence."""
    result = _invoke(app, arguments, given)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return result.output.strip()


def _invoke(app: Flask, arguments: tuple[str, ...], given: str | None) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=given)


def seed(app: Flask, path: Path, *more: str) -> dict[str, Any]:
    """Seed the demo; the file it wrote."""
    run(app, "demo", "seed", "--output", str(path), *more)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_a_tenant_from_nothing_to_its_first_onboarding(app: Flask, client: CheckedClient) -> None:
    tenant_id = run(app, "tenants", "create", "acme", "--name", "Acme Credit Union")
    assert parse_id("tenant", tenant_id) is not None
    key = run(app, "keys", "create", "acme", "--mode", "test", "--name", "server")
    headers = {"Authorization": f"Bearer {key}"}
    answer = client.post("/api/v1/onboardings", json={"external_user_id": "m-1"}, headers=headers)
    assert answer.status_code == 201
    assert client.get("/.well-known/jwks.json").json["keys"]
    listed = run(app, "keys", "list", tenant_id, "--mode", "test")
    assert key not in listed
    assert key[:12] in listed
    run(app, "keys", "revoke", "acme", listed.split()[0], "--mode", "test")
    assert client.get("/api/v1/onboardings", headers=headers).status_code == 401


def test_a_slug_is_taken_once(app: Flask) -> None:
    run(app, "tenants", "create", "acme", "--name", "Acme")
    assert "is taken" in fail(app, "tenants", "create", "acme", "--name", "Acme")
    assert "lower-case" in fail(app, "tenants", "create", "Acme!", "--name", "Acme")
    assert "There is no tenant nobody" in fail(app, "keys", "create", "nobody", "--mode", "test", "--name", "x")


def test_settings_as_json(app: Flask, tenant: MadeTenant) -> None:
    settings = json.loads(run(app, "tenants", "settings", "acme", "--mode", "test"))
    settings["flow"]["minimum_age"] = 21
    arguments = ("tenants", "settings", "acme", "--mode", "test", "--file", "-")
    assert json.loads(run(app, *arguments, given=json.dumps(settings))) == settings
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        newest = newest_settings(session)
        assert (newest.version, read_settings(newest)[0].minimum_age) == (2, 21)
    settings["flow"]["shoes"] = 1
    assert "shoes" in fail(app, *arguments, given=json.dumps(settings))
    assert "not JSON" in fail(app, *arguments, given="{")


def test_a_connection_takes_its_credentials_from_a_file(app: Flask, tenant: MadeTenant, tmp_path: Path) -> None:
    file = tmp_path / "plaid.json"
    file.write_text(json.dumps(PLAID))
    add = ("connections", "add", "acme", "--mode", "test", "--provider", "plaid")
    url = run(app, *add, "--credentials", str(file), "--setting", "template_id=template_1")
    connection_id = url.rpartition("/")[2]
    assert url == f"http://localhost:8000/hooks/plaid/{connection_id}"
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        row = session.get_one(ProviderConnection, parse_id("connection", connection_id))
        assert row.settings["template_id"] == "template_1"
        assert vault(session).open(row, "credentials") == PLAID
    listed = run(app, "connections", "list", "acme", "--mode", "test")
    assert connection_id in listed
    assert f"in use: {url}" in listed
    default = wire_id("connection", default_connection_id(tenant.scope, "spinwheel"))
    assert f"in use: http://localhost:8000/hooks/spinwheel/{default}" in listed
    assert "canary" not in listed
    assert run(app, "connections", "list", "acme", "--mode", "live") == ""


def test_a_connection_that_cannot_work_is_refused(app: Flask, tenant: MadeTenant) -> None:
    live = ("connections", "add", "acme", "--mode", "live", "--provider", "plaid", "--credentials", "-")
    elsewhere = ("--setting", "template_id=t", "--setting", "base_url=https://plaid.example")
    assert "the provider itself" in fail(app, *live, *elsewhere, given=json.dumps(PLAID))
    assert "template_id" in fail(app, *live, given=json.dumps(PLAID))
    assert "client_id" in fail(app, *live, "--setting", "template_id=t", given="{}")
    assert "NAME=VALUE" in fail(app, *live, "--setting", "template_id", given=json.dumps(PLAID))
    run(app, *live, "--setting", "template_id=t", given=json.dumps(PLAID))


def test_an_endpoint_prints_its_secret_once(app: Flask, tenant: MadeTenant) -> None:
    add = ("endpoints", "add", "acme", "--mode", "test", "--url")
    printed = run(app, *add, "http://127.0.0.1:9/hook", "--events", "onboarding.completed, ping").split()
    assert printed[0].startswith("whe_")
    assert printed[1].startswith("whsec_")
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        row = session.scalars(select(WebhookEndpoint)).one()
        assert row.event_types == ["onboarding.completed", "ping"]
    assert "no event type" in fail(app, *add, "http://127.0.0.1:9/hook", "--events", "nonsense")
    assert "https://" in fail(app, *add, "ftp://127.0.0.1/hook")


def test_the_demo_can_be_used_at_once(app: Flask, client: CheckedClient, tmp_path: Path) -> None:
    demo = seed(app, tmp_path / "deep" / "demo.json")
    assert stat.S_IMODE((tmp_path / "deep" / "demo.json").stat().st_mode) == 0o600
    assert demo["app_url"] == "http://localhost:8000"
    assert set(demo["plaid"]) == {"base_url", "client_id", "secret", "template_id"}
    assert set(demo["spinwheel"]) == {"base_url", "secure_base_url", "api_key", "preverified"}
    assert config_from(demo).tenant_id == demo["tenant_id"]
    first = demo["personas"][0]
    assert set(first) == {"name", "ladder", "phone_number", "date_of_birth", "code"}
    assert (first["ladder"], first["phone_number"]) == ("layer_phone", "+14155550011")
    assert {persona["ladder"] for persona in demo["personas"]} >= {"layer_phone", "manual"}
    body = {
        "external_user_id": "m-1",
        "return_url": f"{demo['tenant_url']}/return",
        "embed_origin": demo["tenant_url"],
    }
    headers = {"Authorization": f"Bearer {demo['api_key']}"}
    assert client.post("/api/v1/onboardings", json=body, headers=headers).status_code == 201
    brand = client.get(f"/brand/{demo['tenant_id']}/test/1.css").get_data(as_text=True)
    assert "--action: #0f5a3d" in brand
    assert "--radius-card: 24px" in brand


def test_a_second_run_keeps_what_there_is(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    first = seed(app, path)
    assert seed(app, path) == first
    moved = seed(app, path, "--tenant-url", "http://127.0.0.1:8102")
    same = {name for name in first if first[name] == moved[name]}
    assert same == set(first) - {"tenant_url"}
    assert endpoints(app, first) == ["http://127.0.0.1:8102/webhooks"]
    path.write_text("{}")
    lost = seed(app, path)
    assert lost["webhook_secret"] == first["webhook_secret"]
    assert lost["api_key"] != first["api_key"]
    assert endpoints(app, first) == ["http://127.0.0.1:8002/webhooks"]


def endpoints(app: Flask, demo: dict[str, Any]) -> list[str]:
    """Where the demo tenant is called."""
    tenant_id = parse_id("tenant", demo["tenant_id"])
    assert tenant_id is not None
    services = app.extensions["services"]
    with services.database.session(Scope(tenant_id, "test"), read_only=True) as session:
        return [vault(session).open(row, "url") for row in session.scalars(select(WebhookEndpoint))]


def test_a_worker_finishes_what_it_holds_when_told_to_stop(app: Flask) -> None:
    started, finished = threading.Event(), threading.Event()

    class Slow(Worker):
        def run(self) -> None:
            started.set()
            super().run()
            finished.set()

    worker = Slow(app.extensions["services"], 1, {})
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    telling = threading.Thread(target=lambda: (started.wait(5), os.kill(os.getpid(), signal.SIGTERM)))
    telling.start()
    try:
        run_worker(worker)
    finally:
        telling.join()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert finished.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_command_works_and_ends_cleanly(database_url: str, tenant: MadeTenant, number: int) -> None:
    tenant.onboard()
    settings = make_settings(database_url)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFILL_")},
        "PREFILL_ENVIRONMENT": "test",
        "PREFILL_APP_URL": settings.app_url,
        "PREFILL_DATABASE_URL": database_url,
        "PREFILL_ROOT_KEYS": settings.root_keys.get_secret_value(),
        "PREFILL_HASH_KEY": settings.hash_key.get_secret_value(),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for_work(tenant)
        finally:
            process.send_signal(number)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def wait_for_work(tenant: MadeTenant) -> None:
    """Until the event of a new onboarding is published."""
    published = select(Job.state).where(Job.kind == "event.publish")
    for _ in range(300):
        with tenant.services.database.session(read_only=True) as session:
            if session.scalars(published).all() == ["done"]:
                return
        time.sleep(0.1)
    pytest.fail("the worker did not work")
