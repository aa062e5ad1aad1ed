"""Where callbacks may go: public hosts on the web's own port, checked on every resolved address."""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# From (host, port) to every address it resolves to, as text.
Resolver = Callable[[str, int], list[str]]

# IANA's special-purpose registries; `is_global` alone differs between Python versions.
_REFUSED_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
# Of IPv6 only global unicast is let through, less the parts of it that are special or carry an IPv4 address.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = [ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_REFUSED_NAMES = {"localhost", "metadata", "metadata.google.internal", "instance-data"}
_REFUSED_SUFFIXES = (".localhost", ".internal", ".local", ".lan", ".home.arpa", ".onion")
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)$")
_FORBIDDEN = re.compile(r"[\s\\\x00-\x1f\x7f]")


class BlockedTargetError(Exception):
    """The address may not be called. The text is a sentence for the tenant's staff."""


class UnresolvedError(Exception):
    """The host name has no address now; `slow` when nobody answered in time."""

    def __init__(self, *, slow: bool = False) -> None:
        super().__init__("no answer in time" if slow else "no such host")
        self.slow = slow


@dataclass(frozen=True)
class Target:
    """A checked URL in parts. `path` includes the query; `host_header` the port where it is not the usual."""

    is_https: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == (443 if self.is_https else 80) else f"{shown}:{self.port}"


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet; a mapped IPv4 address is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        special = any(address in network for network in _REFUSED_V6)
        return address in _GLOBAL_UNICAST and not special and address.is_global
    return not any(address in network for network in _REFUSED_V4) and address.is_global


def check_url(url: str, *, allow_private: bool = False, own_hosts: Collection[str] = ()) -> Target:
    """The parts of a URL that may be called as far as its text tells; else `BlockedTargetError`."""
    if len(url) > 2048 or _FORBIDDEN.search(url):
        raise BlockedTargetError("The address contains characters that are not allowed.")
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        raise BlockedTargetError("The address cannot be read.") from None
    is_https = split.scheme == "https"
    if not is_https and not (allow_private and split.scheme == "http"):
        raise BlockedTargetError("The address must begin with https://.")
    if split.username is not None or split.password is not None or "@" in split.netloc:
        raise BlockedTargetError("The address must not contain a user name or password.")
    if split.fragment or "#" in url:
        raise BlockedTargetError("The address must not contain a # part.")
    port = (443 if is_https else 80) if port is None else port
    if not allow_private:
        if port != 443:
            raise BlockedTargetError("Only port 443 can be called.")
        host = _public_name(host, own_hosts)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    if not host or not path.isascii():
        raise BlockedTargetError("The address cannot be read.")
    return Target(is_https, host, port, path)


def resolve_checked(
    target: Target, *, allow_private: bool = False, resolver: Resolver | None = None, seconds: float = 5.0
) -> list[str]:
    """Every address of the host, all of them allowed; one bad address blocks them all."""
    found = _resolve_in_time(resolver or system_resolver, target, seconds)
    for text in found:
        try:
            allowed = allow_private or ("%" not in text and is_public(ipaddress.ip_address(text)))
        except ValueError:
            allowed = False
        if not allowed:
            raise BlockedTargetError("The address leads into a private network.")
    return found


def system_resolver(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _public_name(host: str, own_hosts: Collection[str]) -> str:
    """A host name in its ASCII form. Addresses are refused in every spelling, decimal and hex included."""
    try:
        name = host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BlockedTargetError("The host name cannot be read.") from None
    if ":" in name or "%" in name or _NUMERIC.fullmatch(name.rpartition(".")[2]):
        raise BlockedTargetError("The address must use a host name, not an IP address.")
    if name in _REFUSED_NAMES or name.endswith(_REFUSED_SUFFIXES) or name in own_hosts:
        raise BlockedTargetError("This host cannot be called.")
    if not _NAME.fullmatch(name):
        raise BlockedTargetError("The host name cannot be read.")
    return name


def _resolve_in_time(resolver: Resolver, target: Target, seconds: float) -> list[str]:
    """`getaddrinfo` takes no timeout, so it runs beside and is left behind when it is late."""
    found: list[list[str]] = []

    def ask() -> None:
        try:
            found.append(resolver(target.host, target.port))
        except (OSError, UnicodeError):
            found.append([])

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if not found:
        raise UnresolvedError(slow=True)
    if not found[0]:
        raise UnresolvedError
    return found[0]
