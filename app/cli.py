"""`flask --app wsgi …`: the worker, and what an operator does by hand. Secrets never stand in arguments."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask
from pydantic import ValidationError

from app.cli_jobs import jobs_dead, jobs_retry
from app.demo import seed_demo
from app.domain.callbacks import add_endpoint, check_endpoint_url
from app.domain.connections import (
    HOOKED,
    PROVIDERS,
    NoConnectionError,
    add_connection,
    connection,
    list_connections,
    usual_settings,
)
from app.domain.ids import wire_id
from app.domain.services import Services
from app.domain.signing import ensure_signing_key
from app.domain.tenant_settings import Branding, FlowSettings, newest_settings, read_settings, save_settings
from app.domain.tenants import create_api_key, create_tenant, find_tenant, list_api_keys, revoke_api_key
from app.models import Mode
from app.models.session import Scope
from app.worker import Worker

Command = Callable[..., Any]
PERSONAS = str(Path(__file__).parent / "emulators" / "personas.json")


def init_app(app: Flask, services: Services) -> None:
    """Add our commands to `flask`. Each is handed the services."""
    groups = {
        "tenants": ("Companies that onboard their consumers here.", [tenants_create, tenants_settings]),
        "keys": ("API keys of a tenant.", [keys_create, keys_list, keys_revoke]),
        "connections": ("A tenant's accounts at Plaid, Spinwheel and Twilio.", [connections_add, connections_list]),
        "endpoints": ("Where a tenant is called back.", [endpoints_add]),
        "jobs": ("Work that was given up.", [jobs_dead, jobs_retry]),
        "demo": ("The demo tenant.", [demo_seed]),
    }
    for name, (help_text, commands) in groups.items():
        app.cli.add_command(click.Group(name, commands, help=help_text, context_settings={"obj": services}))

    @app.cli.command("worker")
    def worker() -> None:
        """Work jobs until told to stop; what is under way is finished first."""
        run_worker(Worker(services, app.extensions["settings"].worker_threads))


def run_worker(worker: Worker) -> None:
    """Run until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


def _scope(services: Services, tenant: str, mode: str) -> Scope:
    with services.database.session(read_only=True) as session:
        found = find_tenant(session, tenant)
    if found is None:
        raise click.ClickException(f"There is no tenant {tenant}.")
    return Scope(found.id, mode)


def _read_json(file: IO[str], what: str) -> dict[str, Any]:
    try:
        content = json.load(file)
    except ValueError:
        raise click.ClickException(f"{what}: this is not JSON.") from None
    if not isinstance(content, dict):
        raise click.ClickException(f"{what}: this must be a JSON object.")
    return content


def _print_json(content: Any) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def for_tenant(command: Command) -> Command:
    """The argument and option that say whose and in which mode."""
    command = click.option("--mode", type=click.Choice([mode.value for mode in Mode]), required=True)(command)
    return click.argument("tenant")(command)


@click.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The company's name, as consumers read it.")
@click.option("--short-name", default=None, help="Where space is short; the first 24 letters of the name.")
@click.pass_obj
def tenants_create(services: Services, slug: str, name: str, short_name: str | None) -> None:
    """Add a tenant with the default settings in both modes."""
    try:
        branding = Branding(name=name, short_name=short_name or name[:24])
        tenant = create_tenant(services.database, slug, FlowSettings(), branding)
    except ValidationError:
        raise click.ClickException("--name takes up to 80 letters, --short-name up to 24.") from None
    except ValueError as error:
        raise click.ClickException(f"The slug {error}.") from None
    with services.database.session() as session:
        ensure_signing_key(session)
    click.echo(wire_id("tenant", tenant.id))


@click.command("settings")
@for_tenant
@click.option("--file", type=click.File(), default=None, help="JSON with flow and branding; - is standard input.")
@click.pass_obj
def tenants_settings(services: Services, tenant: str, mode: str, file: IO[str] | None) -> None:
    """Show a tenant's settings as JSON, or save a new version of them."""
    scope = _scope(services, tenant, mode)
    if file is not None:
        _save_settings(services, scope, _read_json(file, "--file"))
    with services.database.session(scope, read_only=True) as session:
        flow, branding = read_settings(newest_settings(session))
    _print_json({"flow": flow.model_dump(mode="json"), "branding": branding.model_dump(mode="json")})


def _save_settings(services: Services, scope: Scope, content: dict[str, Any]) -> None:
    if set(content) != {"flow", "branding"}:
        raise click.ClickException("--file: the two parts are flow and branding.")
    try:
        flow, branding = (
            FlowSettings.model_validate(content["flow"]),
            Branding.model_validate(content["branding"]),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise click.ClickException(f"--file: {where}: {first['msg']}.") from None
    with services.database.session(scope) as session:
        save_settings(session, scope, flow, branding)


@click.command("create")
@for_tenant
@click.option("--name", required=True, help="What the key is for.")
@click.pass_obj
def keys_create(services: Services, tenant: str, mode: str, name: str) -> None:
    """Make an API key and print it. It is shown this once."""
    scope = _scope(services, tenant, mode)
    with services.database.session(scope) as session:
        _, text = create_api_key(session, scope, name[:100])
    click.echo(text)


@click.command("list")
@for_tenant
@click.pass_obj
def keys_list(services: Services, tenant: str, mode: str) -> None:
    """List a tenant's API keys: how each begins, and when it was last used."""
    scope = _scope(services, tenant, mode)
    with services.database.session(scope, read_only=True) as session:
        for key in list_api_keys(session, scope):
            state = "revoked" if key.revoked_at else f"last used {key.last_used_at or 'never'}"
            click.echo(f"{wire_id('api_key', key.id)}  {key.prefix}…  {key.name}  {state}")


@click.command("revoke")
@for_tenant
@click.argument("key")
@click.pass_obj
def keys_revoke(services: Services, tenant: str, mode: str, key: str) -> None:
    """End an API key at once. KEY is its id (key_…)."""
    scope = _scope(services, tenant, mode)
    with services.database.session(scope) as session:
        if not revoke_api_key(session, scope, key):
            raise click.ClickException(f"There is no key {key} here.")
    click.echo("Revoked.")


@click.command("add")
@for_tenant
@click.option("--provider", type=click.Choice(PROVIDERS), required=True)
@click.option("--name", default="main", show_default=True)
@click.option("--credentials", type=click.File(), required=True, help="JSON file; - is standard input.")
@click.option("--setting", "changes", multiple=True, metavar="NAME=VALUE", help="Such as template_id=….")
@click.pass_obj
def connections_add(
    services: Services,
    tenant: str,
    mode: str,
    provider: str,
    name: str,
    credentials: IO[str],
    changes: tuple[str, ...],
) -> None:
    """Add a tenant's own account at a provider, and print where the provider sends its webhooks, if it does."""
    scope = _scope(services, tenant, mode)
    secrets = {key: str(value) for key, value in _read_json(credentials, "--credentials").items()}
    settings = usual_settings(services, scope, provider) | dict(_pairs(changes))
    try:
        with services.database.session(scope) as session:
            row = add_connection(session, scope, provider, name, settings, secrets)
    except ValueError as error:
        raise click.ClickException(f"{error}.") from None
    wire = wire_id("connection", row.id)
    click.echo(f"{services.app_url}/hooks/{provider}/{wire}" if provider in HOOKED else wire)


def _pairs(changes: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [change.partition("=") for change in changes]
    if any(not middle for _, middle, _ in pairs):
        raise click.ClickException("--setting: write NAME=VALUE.")
    return [(name, value) for name, _, value in pairs]


@click.command("list")
@for_tenant
@click.pass_obj
def connections_list(services: Services, tenant: str, mode: str) -> None:
    """List a tenant's provider connections, and where the ones in use get their webhooks."""
    scope = _scope(services, tenant, mode)
    with services.database.session(scope, read_only=True) as session:
        for row in list_connections(session):
            state = "disabled" if row.disabled_at else "enabled"
            click.echo(f"{wire_id('connection', row.id)}  {row.provider}  {row.name}  {state}")
        for provider in HOOKED:
            with suppress(NoConnectionError):
                used = connection(services, session, scope, provider)
                click.echo(f"in use: {services.app_url}/hooks/{provider}/{used.wire_id}")


@click.command("add")
@for_tenant
@click.option("--url", required=True)
@click.option("--events", default="", help="Types with commas between; without it, all of them.")
@click.pass_obj
def endpoints_add(services: Services, tenant: str, mode: str, url: str, events: str) -> None:
    """Add a callback endpoint, and print its id and its secret. The secret is shown this once."""
    scope = _scope(services, tenant, mode)
    types = [name.strip() for name in events.split(",") if name.strip()]
    try:
        check_endpoint_url(services, url)
        with services.database.session(scope) as session:
            endpoint, secret = add_endpoint(session, scope, url, types)
    except ValueError as error:
        raise click.ClickException(f"{error}.") from None
    click.echo(f"{wire_id('webhook_endpoint', endpoint.id)}\n{secret}")


@click.command("seed")
@click.option("--output", type=click.Path(dir_okay=False), required=True, help="The file scripts read.")
@click.option("--emulator-url", envvar="EMULATOR_BASE_URL", default="http://127.0.0.1:8001", show_default=True)
@click.option("--tenant-url", envvar="DEMO_TENANT_URL", default="http://127.0.0.1:8002", show_default=True)
@click.option("--personas", type=click.File(), envvar="EMULATOR_PERSONAS", default=PERSONAS)
@click.option("--code", envvar="EMULATOR_SMS_CODE", default="123456", help="Of personas without one of their own.")
@click.pass_obj
def demo_seed(
    services: Services, output: str, emulator_url: str, tenant_url: str, personas: IO[str], code: str
) -> None:
    """Make the demo tenant, or bring it up to date; what is there stays."""
    people = _read_json(personas, "--personas").get("personas", [])
    seed_demo(services, output, emulator_url=emulator_url, tenant_url=tenant_url, people=people, code=code)
    click.echo(f"The demo tenant is ready; see {output}.")
