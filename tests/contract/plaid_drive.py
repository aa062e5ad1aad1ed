"""Drives the Plaid emulator over HTTP: plaid-python for the API, bare requests for what Link's frame does."""

import re
from typing import Any

import plaid
import requests
from plaid.api import plaid_api

ORIGIN = "http://app.localhost:9"


def client(emulator: Any, secret: str | None = None) -> plaid_api.PlaidApi:
    keys = {"clientId": emulator.settings.plaid_client_id, "secret": secret or emulator.settings.plaid_secret}
    configuration = plaid.Configuration(host=f"{emulator.url}/plaid", api_key=keys)
    return plaid_api.PlaidApi(plaid.ApiClient(configuration))


def post(emulator: Any, path: str, body: Any, **options: Any) -> requests.Response:
    """With the credentials in the headers, unless `headers` says otherwise."""
    headers = {
        "PLAID-CLIENT-ID": emulator.settings.plaid_client_id,
        "PLAID-SECRET": emulator.settings.plaid_secret,
    }
    options.setdefault("headers", headers)
    return requests.post(f"{emulator.url}/plaid{path}", json=body, timeout=10, **options)


def error_of(response: requests.Response) -> tuple[int, str, str]:
    """Status, type and code."""
    body = response.json()
    return response.status_code, body["error_type"], body["error_code"]


def layer_token(emulator: Any, template_id: str | None = None, **fields: Any) -> str:
    body = {
        "template_id": template_id or emulator.settings.plaid_template_id,
        "user": {"client_user_id": "u-1"},
        **fields,
    }
    token: str = post(emulator, "/session/token/create", body).json()["link"]["link_token"]
    return token


def add_template(emulator: Any, **fields: Any) -> str:
    """A template that requires nothing but what `fields` says."""
    emulator.control("POST", "/plaid/templates", {"template_id": "template_test", **fields})
    return "template_test"


class Link:
    """One handler's frame, without a browser."""

    def __init__(self, emulator: Any, token: str) -> None:
        self.emulator = emulator
        page = requests.get(f"{emulator.url}/link/frame", params={"token": token, "origin": ORIGIN}, timeout=10).text
        found = re.search(r'data-session="([0-9a-f-]+)"', page)
        assert found is not None
        self.session_id = found[1]
        self.live: list[str] = []
        self.pane = ""
        self.result: dict[str, Any] | None = None

    def act(self, action: str, **values: Any) -> "Link":
        answer = requests.post(f"{self.emulator.url}/link/session/{self.session_id}/{action}", json=values, timeout=10)
        assert answer.ok, answer.text
        body = answer.json()
        self.live += [name for name, _ in body["events"]]
        self.pane = body["pane"] or ""
        self.result = body["result"]
        return self

    @property
    def told_at_the_end(self) -> list[str]:
        assert self.result is not None
        return [name for name, _ in self.result["events"]]

    @property
    def public_token(self) -> str:
        assert self.result is not None
        token: str = self.result["success"][0]
        return token

    def through_code(self, phone_number: str = "+14155550011") -> "Link":
        """Up to the review pane."""
        self.act("submit", phone_number=phone_number).act("open").act("continue")
        return self.act("code", code="123456")


def shared_session(emulator: Any, phone_number: str, template_id: str | None = None) -> dict[str, Any]:
    """What /user_account/session/get answers when everything was shared."""
    link = Link(emulator, layer_token(emulator, template_id)).through_code(phone_number)
    accounts = re.findall(r'name="account" value="([\d-]+)"', link.pane)
    link.act("share", account=accounts)
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token})
    assert answer.ok, answer.text
    body: dict[str, Any] = answer.json()
    return body


def sandbox_item(emulator: Any, institution_id: str = "ins_109508", **options: Any) -> str:
    """The access token of an Item made without Link."""
    body: dict[str, Any] = {"institution_id": institution_id, "initial_products": ["auth"]}
    if options:
        body["options"] = options
    public_token = post(emulator, "/sandbox/public_token/create", body).json()["public_token"]
    exchanged = post(emulator, "/item/public_token/exchange", {"public_token": public_token})
    token: str = exchanged.json()["access_token"]
    return token
