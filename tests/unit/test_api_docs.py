"""The pages for tenants' developers say what the code does."""

import contextlib
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.api.known_data import WORDS
from app.api.reading import CODES
from app.api.start_request import StartRequest
from app.domain.events import CALLBACK_TYPES
from app.domain.prefill.fields import FIELDS
from app.errors import TITLES

ROOT = Path(__file__).parents[2]
DOCS = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("api", "callbacks", "problems")}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def _raised(pattern: str) -> set[str]:
    sources = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    return set(re.findall(pattern, sources, re.S))


def test_every_code_of_a_problem_is_explained() -> None:
    codes = _raised(r'Problem\(\s*\d+,\s*"(\w+)"') | _raised(r'"(idempotency_key_\w+)"')
    assert {"not_found", "invalid_request", "onboarding_ended"} <= codes
    for code in sorted(codes):
        assert f'<a id="{code}"></a>`{code}`' in DOCS["problems"], code


def test_every_code_in_errors_is_explained() -> None:
    codes = _raised(r'RequestError\(\s*"(\w+)"') | set(CODES.values()) | set(WORDS) - {"missing"} | {"repeated"}
    for code in sorted(codes):
        assert f"`{code}`" in DOCS["problems"], code


def test_every_status_of_a_plain_http_problem_is_explained() -> None:
    for status in (400, 403, 404, 405, 413, 429):
        code = TITLES[status].lower().replace(" ", "_")
        assert f'| <a id="{code}"></a>`{code}` | {status} |' in DOCS["problems"]


def test_every_field_of_a_creation_is_explained() -> None:
    for name in (*StartRequest.model_fields, *FIELDS):
        assert f"`{name}`" in DOCS["api"], name


def test_every_type_is_named() -> None:
    for name in CALLBACK_TYPES:
        assert f"`{name}`" in DOCS["callbacks"], name


@pytest.mark.parametrize("name", sorted(DOCS))
def test_the_examples_are_json(name: str) -> None:
    for example in re.findall(r"```json\n(.*?)```", DOCS[name], re.S):
        json.loads(example)


def _snippet(language: str, containing: str) -> str:
    (found,) = [each for each in re.findall(rf"```{language}\n(.*?)```", DOCS["callbacks"], re.S) if containing in each]
    return str(found)


def _signed(body: str, when: datetime) -> dict[str, str]:
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": "v1,AAAA " + Webhook(SECRET).sign("evt_1", when, body),
    }


def test_the_python_snippet_verifies() -> None:
    names: dict[str, Any] = {}
    exec(_snippet("python", "def verify"), names)  # noqa: S102 - our own page, run as a reader would run it
    now = datetime.now(UTC)
    body = '{"type": "ping"}'
    assert names["verify"](SECRET, _signed(body, now), body.encode()) == {"type": "ping"}
    for headers, sent in ((_signed(body, now), b"{}"), (_signed(body, now - timedelta(minutes=6)), body.encode())):
        with pytest.raises(ValueError, match=r"too old|not signed"):
            names["verify"](SECRET, headers, sent)


def test_the_javascript_snippet_verifies(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    module = tmp_path / "verify.mjs"
    module.write_text(
        _snippet("js", "createHmac")
        + "const [secret, headers, body] = process.argv.slice(2);\n"
        + "process.stdout.write(JSON.stringify(verify(secret, JSON.parse(headers), body)));\n"
    )

    def run(headers: dict[str, str], body: str) -> Any:
        command = [node, str(module), SECRET, json.dumps(headers), body]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        with contextlib.suppress(ValueError):
            return json.loads(done.stdout)
        return re.findall(r"Error: (.*)", done.stderr)[:1]

    now = datetime.now(UTC)
    assert run(_signed('{"a":1}', now), '{"a":1}') == {"a": 1}
    assert run(_signed('{"a":1}', now), '{"a":2}') == ["not signed by Prefill"]
    assert run(_signed('{"a":1}', now - timedelta(minutes=6)), '{"a":1}') == ["too old"]
