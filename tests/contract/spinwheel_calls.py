"""A bare `requests` client of the Spinwheel emulator, shared by its contract tests."""

import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

KEY = "spinwheel-sandbox-key"
MARIA = {"phoneNumber": "+14155550011", "dateOfBirth": "1975-01-18"}
CODE = "123456"


class Spinwheel:
    """`base` is the standard or the secure one."""

    def __init__(self, url: str, key: str | None = KEY, base: str = "spinwheel") -> None:
        self.base = f"{url}/{base}"
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, self.base + path, json=body, headers=self.headers, timeout=10)

    def connect(self, **body: object) -> requests.Response:
        return self.call("POST", "/v1/users/connect/sms", body)

    def verify(self, user_id: str, code: object = CODE) -> requests.Response:
        return self.call("POST", f"/v1/users/{user_id}/connect/sms/verify", {"code": code})

    def report(self, user_id: str, body: Mapping[str, object] | None = None, query: str = "") -> requests.Response:
        return self.call("POST", f"/v1/users/{user_id}/debtProfile{query}", body or {})

    def connected(self, ext_user_id: str = "acme-42", **body: object) -> str:
        """The id of a user who has typed the right code."""
        user_id = str(data(self.connect(**(body or MARIA), extUserId=ext_user_id))["userId"])
        assert self.verify(user_id).status_code == 200
        return user_id


def raw_answer(url: str, body: dict[str, object]) -> bytes:
    """Every byte that comes before the connection ends; `requests` takes an answer cut in its head for an empty one."""
    address = urlsplit(url)
    content = json.dumps(body).encode()
    head = f"POST /spinwheel/v1/users/connect/sms HTTP/1.1\r\nHost: emulator\r\nAuthorization: Bearer {KEY}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    received = b""
    with socket.create_connection((address.hostname, address.port), 5) as sock:
        sock.sendall(head.encode() + content)
        while more := sock.recv(65536):
            received += more
    return received


def data(response: requests.Response) -> dict[str, Any]:
    """`data` of a success, whose `status.code` is the HTTP status."""
    body = response.json()
    assert response.ok, body
    assert body["status"] == {"code": response.status_code, "desc": "success"}
    result: dict[str, Any] = body["data"]
    return result


def refusal(response: requests.Response) -> tuple[int, str, str]:
    """HTTP status, machine code and sentence."""
    status = response.json()["status"]
    assert status["code"] == response.status_code
    assert status["messages"][0]["type"] == "ERROR"
    return response.status_code, status["desc"], status["messages"][0]["desc"]


def code_of(response: requests.Response) -> tuple[int, str]:
    return refusal(response)[:2]
