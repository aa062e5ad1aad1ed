"""The snippets of docs/getting-started.md do what the page says."""

import contextlib
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from standardwebhooks import Webhook

DOCS = Path(__file__).resolve().parents[2] / "docs" / "getting-started.md"
APP_URL = "http://localhost:8000"
SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="


def _snippet(containing: str) -> str:
    """The one Python block that has this text."""
    (found,) = [each for each in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.S) if containing in each]
    return str(found)


def _run(containing: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(_snippet(containing), names)  # noqa: S102 - our own page, run as a reader would run it
    return names


def _signed(body: str, when: datetime) -> dict[str, str]:
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": "v1,AAAA " + Webhook(SECRET).sign("evt_1", when, body),
    }


def test_verifying_a_callback_without_a_package() -> None:
    verify = _run("def verify", {})["verify"]
    now = datetime.now(UTC)
    assert verify(SECRET, _signed('{"type": "ping"}', now), b'{"type": "ping"}') == {"type": "ping"}
    with pytest.raises(ValueError, match="not signed"):
        verify(SECRET, _signed('{"type": "ping"}', now), b'{"type": "pong"}')
    with pytest.raises(ValueError, match="too old"):
        verify(SECRET, _signed("{}", datetime.fromtimestamp(time.time() - 400, UTC)), b"{}")


def test_verifying_a_callback_with_the_package() -> None:
    body = '{"type": "ping"}'
    headers = _signed(body, datetime.now(UTC))
    request = SimpleNamespace(get_data=lambda **_how: body, headers=headers)
    names = _run("from standardwebhooks", {"WEBHOOK_SECRET": SECRET, "request": request})
    assert names["event"] == {"type": "ping"}


@pytest.mark.parametrize(
    ("changed", "typ", "holds"),
    [
        ({}, "onboarding-return+jwt", True),
        ({"state": "another"}, "onboarding-return+jwt", False),
        ({"aud": "ten_2"}, "onboarding-return+jwt", False),
        ({"exp": 1}, "onboarding-return+jwt", False),
        ({}, "at+jwt", False),
    ],
)
def test_verifying_a_return(monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], typ: str, holds: bool) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    claims = {
        "iss": APP_URL,
        "aud": "ten_1",
        "sub": "onb_1",
        "state": "s",
        "exp": int(time.time()) + 600,
        **changed,
    }
    token = jwt.encode({"alg": "ES256", "kid": "k1", "typ": typ}, claims, key, algorithms=["ES256"])
    published = SimpleNamespace(json=lambda: KeySet([key]).as_dict(private=False))
    monkeypatch.setattr("requests.get", lambda *_where, **_how: published)
    request = SimpleNamespace(args={"return_token": token, "onboarding_id": "onb_1"})
    names = {"APP_URL": APP_URL, "TENANT_ID": "ten_1", "request": request, "session": {"state": "s"}}
    outcome = contextlib.nullcontext() if holds else pytest.raises((JoseError, ValueError))
    with outcome:
        _run("JWTClaimsRegistry", names)
