"""Only what Plaid signed, lately, over exactly these bytes, with a key it still stands by."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from app.providers.plaid_webhooks import WebhookRefusedError, verify
from app.providers.webhook_keys import KeyCache, KeyCacheRules, KeyFetchRefusedError

VECTORS = json.loads((Path(__file__).parents[1] / "contract/data/webhook-vectors.json").read_text())
REAL = VECTORS["signed"]
REAL_TIME = datetime.fromtimestamp(REAL["iat"], UTC)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256")
KID = "3c1f0a52-7f5e-4b6a-9d5e-0f1e2d3c4b5a"
JWK: dict[str, Any] = {
    **KEY.as_dict(private=False),
    "kid": KID,
    "alg": "ES256",
    "use": "sig",
    "expired_at": None,
}
BODY = b'{\n  "webhook_code": "SESSION_FINISHED"\n}'


def signed(body: bytes = BODY, *, issued: float | None = None, **header: Any) -> str:
    moment = NOW.timestamp() if issued is None else issued
    claims = {"iat": int(moment), "request_body_sha256": hashlib.sha256(body).hexdigest()}
    return jwt.encode({"alg": "ES256", "kid": KID, **header}, claims, KEY, algorithms=["ES256"])


def known(kid: str) -> dict[str, Any] | None:
    return JWK if kid == KID else None


def test_a_real_webhook_of_plaids_verifies() -> None:
    body = REAL["body"].encode()
    verify(REAL["plaid_verification"], body, lambda _kid: VECTORS["jwk"], REAL_TIME)
    with pytest.raises(WebhookRefusedError, match="another body"):
        verify(REAL["plaid_verification"], body + b"\n", lambda _kid: VECTORS["jwk"], REAL_TIME)
    with pytest.raises(WebhookRefusedError, match="too old"):
        verify(REAL["plaid_verification"], body, lambda _kid: VECTORS["jwk"], NOW)


def test_the_hash_is_over_the_raw_bytes() -> None:
    sample = VECTORS["hash_only"]
    assert hashlib.sha256(sample["body"].encode()).hexdigest() == sample["request_body_sha256"]
    compact = json.dumps(json.loads(BODY)).encode()
    verify(signed(), BODY, known, NOW)
    with pytest.raises(WebhookRefusedError, match="another body"):
        verify(signed(), compact, known, NOW)


@pytest.mark.parametrize(("seconds", "passes"), [(0, True), (329, True), (331, False), (-29, True), (-31, False)])
def test_only_five_minutes_with_a_little_leeway(seconds: int, passes: bool) -> None:
    token, now = signed(), NOW + timedelta(seconds=seconds)
    if passes:
        verify(token, BODY, known, now)
    else:
        with pytest.raises(WebhookRefusedError, match="too old or from the future"):
            verify(token, BODY, known, now)


def test_other_algorithms_are_refused_before_any_key_is_fetched() -> None:
    claims = {"iat": int(NOW.timestamp()), "request_body_sha256": hashlib.sha256(BODY).hexdigest()}
    secret = OctKey.import_key(json.dumps(JWK).encode())
    confused = jwt.encode({"alg": "HS256", "kid": KID}, claims, secret, algorithms=["HS256"])
    _, body, signature = signed().split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{body}."
    for token in (confused, unsigned, f"eyJhbGciOiJub25lIn0.{body}.{signature}"):
        with pytest.raises(WebhookRefusedError, match="algorithm"):
            verify(token, BODY, never, NOW)


def never(kid: str) -> None:
    raise AssertionError("no key may be fetched for this")


@pytest.mark.parametrize("kid", ["../../etc", "", "x" * 500, 7, None, KID.replace("-", ""), "{" + KID + "}"])
def test_invented_key_ids_are_not_looked_up(kid: object) -> None:
    with pytest.raises(WebhookRefusedError, match="key id"):
        verify(with_header({"alg": "ES256", "kid": kid}), BODY, never, NOW)


def with_header(header: object) -> str:
    encoded = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return ".".join([encoded, *signed().split(".")[1:]])


def test_rubbish_is_refused() -> None:
    rubbish = [
        "",
        "a",
        "a.b.c",
        "é.b.c",
        "..",
        "W10.b.c",
        "x" * 5000 + ".b.c",
        with_header([]),
        with_header("x"),
    ]
    for token in rubbish:
        with pytest.raises(WebhookRefusedError):
            verify(token, BODY, never, NOW)


def test_unknown_expired_broken_and_foreign_keys() -> None:
    foreign = ECKey.generate_key("P-256").as_dict(private=False)
    for key, message in (
        (None, "unknown"),
        ({**JWK, "expired_at": 1}, "expired"),
        ({**JWK, **foreign}, "signature"),
        ({"kid": KID}, "signature"),
        ({**JWK, "x": "AAAA"}, "signature"),
        ({**JWK, "crv": "P-999"}, "signature"),
    ):
        with pytest.raises(WebhookRefusedError, match=message):
            verify(signed(), BODY, lambda _kid, key=key: key, NOW)


def test_claims_must_be_of_the_right_kind() -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    moment = int(NOW.timestamp())
    for claims in (
        {},
        {"iat": str(moment)},
        {"iat": True},
        {"iat": moment},
        {"iat": moment, "request_body_sha256": 7},
    ):
        token = jwt.encode({"alg": "ES256", "kid": KID}, claims, KEY, algorithms=["ES256"])
        with pytest.raises(WebhookRefusedError):
            verify(token, BODY, known, NOW)
    upper = {"iat": moment, "request_body_sha256": digest.upper()}
    with pytest.raises(WebhookRefusedError):
        verify(jwt.encode({"alg": "ES256", "kid": KID}, upper, KEY, algorithms=["ES256"]), BODY, known, NOW)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(answer: dict[str, Any] | None) -> tuple[list[str], Callable[[str], dict[str, Any] | None]]:
    asked: list[str] = []

    def fetch(kid: str) -> dict[str, Any] | None:
        asked.append(kid)
        return answer

    return asked, fetch


def test_keys_are_kept_for_a_while_and_unknown_ones_briefly() -> None:
    clock = Clock()
    cache = KeyCache(KeyCacheRules(keep=100, keep_unknown=10), clock)
    asked, fetch = counted(JWK)
    missing, fetch_nothing = counted(None)
    for clock.now in (0, 9, 11, 99, 101):
        assert cache.get("con_1", "a", fetch) == JWK
        assert cache.get("con_1", "b", fetch_nothing) is None
    assert (len(asked), len(missing)) == (2, 3)
    cache.get("con_2", "a", fetch)
    assert len(asked) == 3


def test_the_cache_is_bounded_and_so_are_look_ups() -> None:
    clock = Clock()
    cache = KeyCache(KeyCacheRules(entries=2, fetches_per_minute=4), clock)
    asked, fetch = counted(JWK)
    for kid in ("a", "b", "c", "a"):
        cache.get("con_1", kid, fetch)
    assert len(asked) == 4
    with pytest.raises(KeyFetchRefusedError):
        cache.get("con_1", "d", fetch)
    cache.get("con_1", "a", fetch)
    cache.get("con_2", "d", fetch)
    clock.now = 61
    cache.get("con_1", "d", fetch)


def test_a_failed_look_up_is_not_kept() -> None:
    cache = KeyCache()

    def fail(kid: str) -> None:
        raise OSError

    with pytest.raises(OSError):
        cache.get("con_1", "a", fail)
    assert cache.get("con_1", "a", counted(JWK)[1]) == JWK


def test_many_at_once_ask_once() -> None:
    cache, go = KeyCache(), threading.Event()
    asked: list[str] = []
    got: list[object] = []

    def slow(kid: str) -> dict[str, Any]:
        asked.append(kid)
        go.wait(5)
        return JWK

    threads = [threading.Thread(target=lambda: got.append(cache.get("con_1", "a", slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert asked == ["a"]
    assert got == [JWK] * 8
