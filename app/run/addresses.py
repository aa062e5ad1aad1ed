"""Where the three web apps of a development machine listen."""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from app.run.error import RunError


@dataclass(frozen=True)
class Address:
    """One web app: what it is called, the host a person types, its port and the variable that moves it."""

    name: str
    host: str
    port: int
    variable: str

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Addresses:
    """The tenant's host differs from the app's on purpose: its frames are cross-site for real."""

    app: Address
    emulators: Address
    tenant: Address


# The variables move a port on this machine and are no settings of the programs they start.
VARIABLES = ("PREFILL_PORT", "EMULATOR_PORT", "DEMO_TENANT_PORT")


def addresses_from(environment: Mapping[str, str]) -> Addresses:
    """The addresses, on ports 8000, 8001 and 8002 unless the environment moves them.

    Raises:
        RunError: a port is no port, or two are the same.
    """
    found = Addresses(
        app=Address("the app", "localhost", _port(environment, "PREFILL_PORT", 8000), "PREFILL_PORT"),
        emulators=Address("the emulators", "127.0.0.1", _port(environment, "EMULATOR_PORT", 8001), "EMULATOR_PORT"),
        tenant=Address(
            "the demo tenant", "127.0.0.1", _port(environment, "DEMO_TENANT_PORT", 8002), "DEMO_TENANT_PORT"
        ),
    )
    if len({found.app.port, found.emulators.port, found.tenant.port}) < 3:
        raise RunError(f"{', '.join(VARIABLES)} must name three different ports.")
    return found


def _port(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise RunError(f"{variable} is {text!r}, which is not a port. Choose a number between 1024 and 65535.")
    return int(text)


def require_free(addresses: Addresses) -> None:
    """Does nothing when every port can be listened on.

    Raises:
        RunError: one cannot; the sentence names it and says how to choose another.
    """
    for address in (addresses.app, addresses.emulators, addresses.tenant):
        reason = _why_not_free(address.port)
        if reason:
            raise RunError(
                f"Port {address.port}, for {address.name}, {reason}. Stop what holds it, "
                f"or choose another: make run {address.variable}={address.port + 100}"
            )


def _why_not_free(port: int) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without this, connections of the last run that are still closing would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return "is not allowed here" if error.errno == errno.EACCES else "is already in use"
    try:
        # `localhost` may mean ::1 first, and then another server there would answer in our place.
        socket.create_connection(("::1", port), timeout=0.5).close()
    except OSError:
        return None
    return "is already in use"
