"""Random tokens, their stored digests, API keys, and references a person can read out."""

import hashlib
import hmac
import secrets
import string
import zlib

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEY_CHARACTERS = 40
_CHECKSUM_CHARACTERS = 6
# No vowels and nothing that looks like something else on paper.
_REFERENCE_ALPHABET = "234679CDFGHJKMNPQRTVWXY"


def new_token(prefix: str = "", size: int = 32) -> str:
    """A url-safe token of `size` random bytes behind a prefix."""
    return prefix + secrets.token_urlsafe(size)


def digest(token: str, pepper: bytes) -> bytes:
    """32 bytes to store and look up instead of the token."""
    return hmac.new(pepper, token.encode(), hashlib.sha256).digest()


def matches(token: str, pepper: bytes, stored: bytes) -> bool:
    """Whether a token has this digest, in constant time."""
    return hmac.compare_digest(digest(token, pepper), stored)


def new_api_key(mode: str) -> str:
    """`sk_test_…` or `sk_live_…`: 40 random characters and a checksum secret scanners can test."""
    if mode not in ("test", "live"):
        raise ValueError("the mode of an API key is test or live")
    body = f"sk_{mode}_" + "".join(secrets.choice(_BASE62) for _ in range(_KEY_CHARACTERS))
    return body + _checksum(body)


def api_key_mode(key: str) -> str | None:
    """The mode of a well-formed API key, else None; needs no database."""
    for mode in ("test", "live"):
        if key.startswith(f"sk_{mode}_"):
            body, checksum = key[:-_CHECKSUM_CHARACTERS], key[-_CHECKSUM_CHARACTERS:]
            whole = len(key) == len(f"sk_{mode}_") + _KEY_CHARACTERS + _CHECKSUM_CHARACTERS
            same = hmac.compare_digest(_checksum(body).encode(), checksum.encode())
            return mode if whole and same else None
    return None


def new_reference() -> str:
    """Six unambiguous characters in two groups, like `K7M 4QD`. Not a secret, not unique by itself."""
    drawn = "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(6))
    return f"{drawn[:3]} {drawn[3:]}"


def normalise_reference(text: str) -> str:
    """A typed or spoken reference in the form `new_reference` gives it."""
    kept = "".join(character for character in text.upper() if character.isalnum())
    return f"{kept[:3]} {kept[3:]}"


def _checksum(body: str) -> str:
    number, drawn = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_CHARACTERS):
        number, rest = divmod(number, 62)
        drawn = _BASE62[rest] + drawn
    return drawn
