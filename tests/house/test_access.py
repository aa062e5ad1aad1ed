"""Every address is on the access list, is spelt like the others, and is answered by the module its name says."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from app.access import POLICIES
from tests.house.files import ROOT
from tests.support.settings import make_settings

KNOWN = {"public", "launch", "consumer", "handoff", "api", "hook"}
PREFIXES = {"app/api/": "/api/v1/", "app/hooks/": "/hooks/", "app/consumer/": ("/o/", "/onboarding/", "/bank/")}
WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>[a-z]+(_[a-z]+)*)>")
# Parameters that are no ids of a row, and ids in the form the wire has.
TEXTS = {"onboarding_id", "launch_token", "connection", "key", "tenant", "mode"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = create_app(make_settings(f"sqlite:///{tmp_path_factory.mktemp('house') / 'empty.db'}"))
    yield made
    made.extensions["services"].database.dispose()


def _rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def test_every_endpoint_is_on_the_access_list_and_the_list_has_no_dead_names(app: Flask) -> None:
    assert {rule.endpoint for rule in _rules(app)} == set(POLICIES)
    assert set(POLICIES.values()) <= KNOWN
    assert set(app.view_functions) == set(POLICIES)


def test_an_endpoint_that_is_not_listed_answers_nobody(tmp_path: Path) -> None:
    made = create_app(make_settings(f"sqlite:///{tmp_path / 'empty.db'}"))
    made.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    assert made.test_client().get("/forgotten").status_code == 404
    made.extensions["services"].database.dispose()


def test_paths_are_kebab_case_and_parameters_are_known(app: Flask) -> None:
    for rule in _rules(app):
        for part in rule.rule.strip("/").split("/"):
            if part in ("", ".well-known", "jwks.json", "openapi.json"):
                continue
            name = PARAMETER.search(part)
            if name is None:
                assert WORD.fullmatch(part), f"{rule.rule}: {part}"
            elif name["kind"] is None:
                assert name["name"] in TEXTS, f"{rule.rule}: {part} needs a type"
        assert not rule.rule.endswith("/") or rule.rule == "/", rule.rule


def test_an_endpoint_is_found_in_the_file_of_its_name(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        file = Path(inspect.getsourcefile(inspect.unwrap(view)) or "").relative_to(ROOT)
        *packages, module, verb = endpoint.split(".")
        assert view.__name__ == verb, endpoint
        assert file.stem == module, f"{endpoint} is in {file}"
        if packages:
            assert file.parent.as_posix() == "/".join(("app", *packages)), endpoint
        else:
            assert file.parent.as_posix() in ("app", "app/consumer"), endpoint


def test_a_package_answers_under_its_own_prefix(app: Flask) -> None:
    seen = set()
    for rule in _rules(app):
        file = inspect.getsourcefile(inspect.unwrap(app.view_functions[rule.endpoint])) or ""
        package = f"{Path(file).relative_to(ROOT).parent.as_posix()}/"
        seen.add(package)
        assert rule.rule.startswith(PREFIXES.get(package, "/")), rule.rule
    assert seen >= set(PREFIXES)


def test_only_declared_methods_are_taken(app: Flask) -> None:
    for rule in _rules(app):
        assert rule.methods is not None
        changing = rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        assert not (changing and "GET" in rule.methods), f"{rule.rule} reads and writes in one view"
        assert "TRACE" not in rule.methods
