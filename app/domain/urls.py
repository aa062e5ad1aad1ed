"""Addresses a tenant gives us: compared letter by letter, never guessed at."""

from urllib.parse import urlsplit


def _loopback(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "[::1]") or host.endswith(".localhost")


def _check_host(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if any(character in url for character in "\\ \t\r\n") or not url.isascii():
        raise ValueError("must not hold spaces, backslashes or letters outside ASCII")
    if not host or parts.username is not None or parts.password is not None:
        raise ValueError("needs a host and no user name")
    bracketed = f"[{host}]" if ":" in host else host
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(bracketed)):
        raise ValueError("must begin with https://")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is no number") from None


def check_return_url(url: str) -> str:
    """An absolute https URL (http on loopback) without user name, fragment or query.

    Raises:
        ValueError: says what is wrong.
    """
    _check_host(url)
    parts = urlsplit(url)
    if parts.fragment or parts.query or url.endswith(("#", "?")):
        raise ValueError("must not have a query or a fragment; `state` carries what you need back")
    return url


def check_link(url: str) -> str:
    """An absolute https URL (http on loopback) to a page a consumer may open.

    Raises:
        ValueError: says what is wrong.
    """
    _check_host(url)
    return url


def check_embed_origin(origin: str) -> str:
    """Exactly an origin, as a browser writes it.

    Raises:
        ValueError: says what is wrong.
    """
    _check_host(origin)
    parts = urlsplit(origin)
    if origin != f"{parts.scheme}://{parts.netloc}" or parts.netloc != parts.netloc.lower():
        raise ValueError("must be an origin such as https://www.example.com, in lower case and without a path")
    return origin
