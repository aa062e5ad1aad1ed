"""The ports of `make run`."""

import socket
from collections.abc import Iterator

import pytest

from app.run.addresses import addresses_from, require_free
from app.run.error import RunError


def test_ports_are_the_documented_ones_unless_moved() -> None:
    usual = addresses_from({})
    assert [each.url for each in (usual.app, usual.emulators, usual.tenant)] == [
        "http://localhost:8000",
        "http://127.0.0.1:8001",
        "http://127.0.0.1:8002",
    ]
    moved = addresses_from({"PREFILL_PORT": "9000", "DEMO_TENANT_PORT": "9002"})
    assert (moved.app.port, moved.emulators.port, moved.tenant.port) == (9000, 8001, 9002)


@pytest.mark.parametrize("text", ["", "eighty", "0", "65536", "-1"])
def test_what_is_no_port_is_named(text: str) -> None:
    with pytest.raises(RunError, match="EMULATOR_PORT is"):
        addresses_from({"EMULATOR_PORT": text})


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(RunError, match="three different ports"):
        addresses_from({"PREFILL_PORT": "8002"})


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")])  # noqa: S104 - the listener that is in the way
def busy_port(request: pytest.FixtureRequest) -> Iterator[int]:
    family, host = request.param
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        listener.listen()
        yield listener.getsockname()[1]


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_busy_port_is_named_with_the_way_out(busy_port: int) -> None:
    ports = {"PREFILL_PORT": _free_port(), "EMULATOR_PORT": str(busy_port), "DEMO_TENANT_PORT": _free_port()}
    with pytest.raises(RunError) as refused:
        require_free(addresses_from(ports))
    assert f"Port {busy_port}, for the emulators, is already in use." in str(refused.value)
    assert f"make run EMULATOR_PORT={busy_port + 100}" in str(refused.value)
