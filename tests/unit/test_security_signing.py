"""Return tokens and callbacks: what we sign verifies elsewhere, what others made is refused here."""

import base64
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.security.jws import (
    RETURN_TOKEN_TYPE,
    SigningKey,
    TokenError,
    new_signing_key,
    public_jwk,
    sign,
    sign_return_token,
    signing_key_from_pem,
    signing_key_to_pem,
    verify,
)
from app.security.standard_webhooks import new_webhook_secret, webhook_headers

KEY = new_signing_key()
CLAIMS = {
    "iss": "https://app.example",
    "aud": "ten_1",
    "sub": "onb_1",
    "mode": "test",
    "jti": "j",
    "state": None,
}
NOW = 1_800_000_000


def check(token: str, keys: list[SigningKey] | None = None, **changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "typ": RETURN_TOKEN_TYPE,
        "issuer": CLAIMS["iss"],
        "audience": "ten_1",
        "now": NOW,
    }
    return verify(token, [KEY] if keys is None else keys, **{**wanted, **changes})


def test_a_return_token_carries_its_claims_for_ten_minutes() -> None:
    token = sign_return_token(KEY, CLAIMS, now=NOW)
    claims = check(token, mode="test")
    assert claims == {**CLAIMS, "iat": NOW, "exp": NOW + 600}
    assert check(token, now=NOW + 599)
    with pytest.raises(TokenError, match="Expired"):
        check(token, now=NOW + 601)
    assert check(token, now=NOW + 601, leeway=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"audience": "ten_2"},
        {"typ": "at+jwt"},
        {"mode": "live"},
        {"keys": [new_signing_key()]},
        {"now": NOW - 60},
    ],
)
def test_a_token_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        check(sign_return_token(KEY, CLAIMS, now=NOW), **changes)


@pytest.mark.parametrize("missing", ["iss", "aud", "exp", "iat"])
def test_a_token_without_a_needed_claim_is_refused(missing: str) -> None:
    claims = {**CLAIMS, "iat": NOW, "exp": NOW + 600}
    del claims[missing]
    with pytest.raises(TokenError):
        check(sign(KEY, RETURN_TOKEN_TYPE, claims))


def test_an_audience_list_is_refused() -> None:
    claims = {**CLAIMS, "aud": ["ten_1", "ten_2"], "iat": NOW, "exp": NOW + 600}
    with pytest.raises(TokenError, match="audience"):
        check(sign(KEY, RETURN_TOKEN_TYPE, claims))


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_unsigned_and_confused_tokens_are_refused() -> None:
    claims = {**CLAIMS, "iat": NOW, "exp": NOW + 600}
    unsigned = f"{encoded({'alg': 'none', 'typ': RETURN_TOKEN_TYPE, 'kid': KEY.kid})}.{encoded(claims)}."
    public = json.dumps(public_jwk(KEY)).encode()
    confused = jwt.encode(
        {"alg": "HS256", "typ": RETURN_TOKEN_TYPE, "kid": KEY.kid},
        dict(claims),
        OctKey.import_key(public),
        algorithms=["HS256"],
    )
    own = new_signing_key()
    header = {"alg": "ES256", "typ": RETURN_TOKEN_TYPE, "kid": own.kid, "jwk": public_jwk(own)}
    brought_along = jwt.encode(header, dict(claims), own.key, algorithms=["ES256"])
    for token in (unsigned, confused, brought_along, "", "a.b", "a.b.c", "é.é.é"):
        with pytest.raises(TokenError):
            check(token)


def test_a_changed_token_is_refused_and_never_repeated() -> None:
    head, body, signature = sign_return_token(KEY, CLAIMS, now=NOW).split(".")
    other = encoded({**CLAIMS, "sub": "onb_2", "iat": NOW, "exp": NOW + 600})
    with pytest.raises(TokenError) as failure:
        check(f"{head}.{other}.{signature}")
    assert body not in str(failure.value)


def test_keys_rotate_and_survive_storage() -> None:
    stored = signing_key_to_pem(KEY)
    assert stored.startswith(b"-----BEGIN PRIVATE KEY-----")
    loaded = signing_key_from_pem(stored)
    assert loaded.kid == KEY.kid
    token = sign_return_token(loaded, CLAIMS, now=NOW)
    assert check(token, [new_signing_key(), KEY])


def test_the_published_key_is_public_and_named_by_its_thumbprint() -> None:
    jwk = public_jwk(KEY)
    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert jwk["kid"] == KEY.kid == KEY.key.thumbprint()
    private = KEY.key.as_dict(private=True)["d"]
    assert str(private) not in repr(KEY)


GOLDEN_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOLDEN_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
GOLDEN_BODY = b'{"test": 2432232314}'
GOLDEN_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_golden_vector() -> None:
    headers = webhook_headers([GOLDEN_SECRET], GOLDEN_ID, 1614265330, GOLDEN_BODY)
    assert headers == {
        "webhook-id": GOLDEN_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": GOLDEN_SIGNATURE,
    }


def test_old_and_new_secret_verify_while_rotating() -> None:
    old, new, stranger = (new_webhook_secret() for _ in range(3))
    body = '{"type":"onboarding.completed","data":{"name":"é"}}'.encode()
    headers = webhook_headers([new, old], "evt_1", int(time.time()), body)
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)["type"] == "onboarding.completed"
    with pytest.raises(WebhookVerificationError):
        Webhook(stranger).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body.replace(b":", b": "), headers)


@pytest.mark.parametrize(
    "secret", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "whsec_%%%", "whsec_" + "A" * 88]
)
def test_a_bad_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as failure:
        webhook_headers([secret], "evt_1", 1, b"{}")
    assert secret not in str(failure.value)


def test_ids_that_would_blur_the_signed_content_are_refused() -> None:
    for message_id in ("", "evt.1"):
        with pytest.raises(ValueError, match="message id"):
            webhook_headers([GOLDEN_SECRET], message_id, 1, b"{}")
    with pytest.raises(ValueError, match="at least one"):
        webhook_headers([], "evt_1", 1, b"{}")
