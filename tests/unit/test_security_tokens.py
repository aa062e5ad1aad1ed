"""Tokens, API keys, references, look-up hashes and CSRF tokens."""

import dataclasses
import re
from uuid import uuid4

import pytest

from app.security.blind_index import IndexScope, blind_index
from app.security.csrf import new_csrf_token, verify_csrf_token
from app.security.tokens import (
    api_key_mode,
    digest,
    matches,
    new_api_key,
    new_reference,
    new_token,
    normalise_reference,
)

SECRET = b"s" * 32
SCOPE = IndexScope(uuid4(), "test", "users", "phone_number")


def test_a_token_is_url_safe_and_long_enough() -> None:
    drawn = {new_token("lnk_") for _ in range(100)}
    assert len(drawn) == 100
    assert all(re.fullmatch(r"lnk_[A-Za-z0-9_-]{43}", token) for token in drawn)


def test_a_digest_needs_the_pepper_and_the_token() -> None:
    stored = digest("token", b"pepper")
    assert len(stored) == 32
    assert matches("token", b"pepper", stored)
    assert not matches("token", b"salt", stored)
    assert not matches("Token", b"pepper", stored)
    assert not matches("token", b"pepper", stored[:-1])


@pytest.mark.parametrize("mode", ["test", "live"])
def test_an_api_key_says_its_mode(mode: str) -> None:
    key = new_api_key(mode)
    assert re.fullmatch(rf"sk_{mode}_[A-Za-z0-9]{{46}}", key)
    assert api_key_mode(key) == mode
    assert new_api_key(mode) != key


def test_a_mistyped_api_key_is_noticed_without_a_database() -> None:
    key = new_api_key("test")
    swapped = key[:10] + ("A" if key[10] != "A" else "B") + key[11:]
    for wrong in (swapped, key[:-1], key + "A", key.replace("test", "live"), "", "sk_test_", "é" * 60):
        assert api_key_mode(wrong) is None
    assert api_key_mode("sk_test_" + "é" * 46) is None
    with pytest.raises(ValueError, match="test or live"):
        new_api_key("prod")


def test_a_reference_can_be_read_out() -> None:
    for _ in range(200):
        reference = new_reference()
        assert re.fullmatch(r"[234679CDFGHJKMNPQRTVWXY]{3} [234679CDFGHJKMNPQRTVWXY]{3}", reference)
        assert normalise_reference(reference) == reference
    assert normalise_reference(" k7m-4qd ") == "K7M 4QD"


def test_a_lookup_hash_is_stable() -> None:
    first = blind_index(SECRET, SCOPE, "+14155550011")
    assert first == blind_index(SECRET, SCOPE, "+14155550011")
    assert len(first) == 32
    assert first != blind_index(SECRET, SCOPE, "+14155550012")
    assert first != blind_index(b"t" * 32, SCOPE, "+14155550011")


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(IndexScope)])
def test_equal_values_do_not_match_across_scopes(part: str) -> None:
    other = dataclasses.replace(SCOPE, **{part: "other"})
    assert blind_index(SECRET, SCOPE, "value") != blind_index(SECRET, other, "value")


def test_scopes_cannot_run_into_each_other() -> None:
    one = IndexScope("t", "test", "ab", "c")
    other = IndexScope("t", "test", "a", "bc")
    assert blind_index(SECRET, one, "value") != blind_index(SECRET, other, "value")


def test_a_csrf_token_serves_its_binding_alone() -> None:
    binding = uuid4()
    token, again = new_csrf_token(SECRET, binding), new_csrf_token(SECRET, binding)
    assert token != again
    assert verify_csrf_token(SECRET, binding, token)
    assert verify_csrf_token(SECRET, str(binding), again)
    assert not verify_csrf_token(SECRET, uuid4(), token)
    assert not verify_csrf_token(b"t" * 32, binding, token)


def test_a_changed_csrf_token_is_refused_without_an_error() -> None:
    binding = uuid4()
    token = new_csrf_token(SECRET, binding)
    changed = token[:5] + ("A" if token[5] != "A" else "B") + token[6:]
    for wrong in (changed, token[:-4], "", "é", "%%%", "AAAA", token + "AAAA"):
        assert not verify_csrf_token(SECRET, binding, wrong)
