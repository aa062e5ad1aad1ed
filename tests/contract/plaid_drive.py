"""Drives the Plaid emulator over HTTP: plaid-python for the API, bare requests for what Link's frame does."""

import re
from typing import Any

import html5lib
import plaid
import requests
from plaid.api import plaid_api

ORIGIN = "http://app.localhost:9"
GOOD_PASSWORD = "pass_good"


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


def link_token(emulator: Any, **fields: Any) -> str:
    """For ordinary Link; a field given as None is left out."""
    body = {
        "client_name": "Acme",
        "country_codes": ["US"],
        "language": "en",
        "products": ["auth", "transactions"],
        "user": {"client_user_id": "u-1"},
        **fields,
    }
    token: str = post(emulator, "/link/token/create", body).json()["link_token"]
    return token


def add_template(emulator: Any, **fields: Any) -> str:
    """A template that requires nothing but what `fields` says."""
    emulator.control("POST", "/plaid/templates", {"template_id": "template_test", **fields})
    return "template_test"


class Link:
    """One handler's frame, without a browser."""

    def __init__(self, emulator: Any, token: str, *, browser: str = "Mozilla/5.0", **parameters: str) -> None:
        self.emulator = emulator
        wanted = {"token": token, "origin": ORIGIN, **parameters}
        headers = {"User-Agent": browser}
        page = requests.get(f"{emulator.url}/link/frame", params=wanted, headers=headers, timeout=10).text
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

    @property
    def exit(self) -> tuple[str | None, str | None]:
        """The error code and the status that onExit was given."""
        assert self.result is not None
        error, metadata = self.result["exit"]
        return (error or {}).get("error_code"), metadata["status"]

    def to_banks(self) -> "Link":
        """Ordinary Link up to the list of banks, without a phone number."""
        return self.act("open").act("continue").act("skip")

    def sign_in(self, institution_id: str, username: str = "user_good", password: str = GOOD_PASSWORD) -> "Link":
        return self.act("institution", institution_id=institution_id).act(
            "credentials", username=username, password=password
        )

    def leave(self) -> "Link":
        return self.act("exit", force=True)

    def through_code(self, phone_number: str = "+14155550011") -> "Link":
        """Up to the review pane."""
        self.act("submit", phone_number=phone_number).act("open").act("continue")
        return self.act("code", code="123456")


def assert_valid(markup: str, *, page: bool = False) -> None:
    """Well-formed, and without anything the policy of the frame would refuse."""
    parser = html5lib.HTMLParser(strict=True)
    (parser.parse if page else parser.parseFragment)(markup)
    assert not re.search(r"\s(style|on\w+)=", markup)


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
