"""What the tenant gets is signed so that other people's libraries verify it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from playwright.sync_api import expect
from standardwebhooks import Webhook, WebhookVerificationError

from app.assets import ROOT
from tests.conftest import missing
from tests.e2e.person import Person
from tests.support.local_server import LocalServer, local_server
from tests.support.served import Product, eventually

pytestmark = pytest.mark.e2e


class NodeReceiver:
    """`receiver.js` in a process of its own; `said` is what it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def use(self, secret: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{secret}\n")
        self._process.stdin.flush()

    def next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


@contextmanager
def node_receiver() -> Iterator[NodeReceiver]:
    node = shutil.which("node", path=None) or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if node is None or not (ROOT / "node_modules" / "standardwebhooks").is_dir():
        missing("no Node, or `npm ci` was not run")
    command = [str(node), str(ROOT / "tests" / "e2e" / "receiver.js")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield NodeReceiver(process)
        finally:
            process.kill()


def test_callbacks_and_return_verify_with_public_libraries(product: Product, maria: Person) -> None:
    with (
        node_receiver() as node,
        local_server() as python,
        product.endpoint(f"{node.url}/hooks") as node_secret,
        product.endpoint(f"{python.url}/hooks") as python_secret,
    ):
        node.use(node_secret)
        maria.begin(state="kept-as-it-was")
        maria.prove_phone()
        maria.fill_by_hand()
        maria.share()
        _verify_in_python(python, python_secret, maria.onboarding_id)
        while (said := node.next()).get("type") != "onboarding.completed":
            assert said["verified"], said
        assert said == {"verified": True, "type": "onboarding.completed", "onboarding_id": maria.onboarding_id}
    token = _return_token(maria)
    _verify_return(product, token, maria.onboarding_id)


def _verify_in_python(server: LocalServer, secret: str, onboarding_id: str) -> None:
    def completed() -> Any:
        return [request for request in server.received if b"onboarding.completed" in request.body]

    (request,) = eventually(completed)
    body: Any = Webhook(secret).verify(request.body, request.headers)
    assert body["data"]["onboarding_id"] == onboarding_id
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body.replace(b"completed", b"cancelled"), request.headers)


def _return_token(person: Person) -> str:
    back = person.link("Back to %(tenant)s", tenant="Acme Credit Union")
    expect(back).to_be_visible()
    query = parse_qs(urlsplit(back.get_attribute("href") or "").query)
    assert query["state"] == ["kept-as-it-was"]
    assert query["onboarding_id"] == [person.onboarding_id]
    return query["return_token"][0]


def _verify_return(product: Product, token: str, onboarding_id: str) -> None:
    published = requests.get(f"{product.app_url}/.well-known/jwks.json", timeout=10).json()
    keys = KeySet.import_key_set(published)
    read = jwt.decode(token, keys, algorithms=["ES256"])
    assert read.header["typ"] == "onboarding-return+jwt"
    expected = {"iss": product.app_url, "aud": product.demo["tenant_id"], "sub": onboarding_id, "status": "completed"}
    assert {name: read.claims[name] for name in expected} == expected
    assert read.claims["state"] == "kept-as-it-was"
    assert read.claims["exp"] - read.claims["iat"] == 600
    head, body, _ = token.split(".")
    with pytest.raises(JoseError):
        jwt.decode(f"{head}.{body}.{'A' * 86}", keys, algorithms=["ES256"])
