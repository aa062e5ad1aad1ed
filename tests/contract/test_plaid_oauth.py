"""Banks with a page of their own: by window, by redirect, refused, and every wrong way back."""

import re
from typing import Any

import pytest
import requests

from tests.contract.plaid_drive import Link, assert_valid, link_token, post, sandbox_item

OAUTH_BANK = "ins_127287"
BACK = "http://localhost:9/back"
WEBVIEW = "Mozilla/5.0 (Linux; Android 15; Pixel; wv) AppleWebKit/537.36 Version/4.0 Chrome/140 Mobile Safari/537.36"


def at_bank(emulator: Any, *, browser: str = "Mozilla/5.0", **fields: Any) -> tuple[Link, str, str]:
    """Link at the bank's door, the address of the bank's page, and the link token."""
    token = link_token(emulator, **fields)
    link = Link(emulator, token, browser=browser).to_banks().act("institution", institution_id=OAUTH_BANK)
    found = re.search(r'data-bank="([^"]+)"', link.pane)
    assert found is not None
    return link.act("oauth_open"), emulator.url + found[1], token


def press(address: str, **fields: Any) -> requests.Response:
    answer = requests.post(address, data=fields, timeout=10, allow_redirects=False)
    assert answer.ok, answer.text
    return answer


def allow(address: str, *accounts: str) -> str:
    """Signs in and shares; the text of the last page."""
    pages = [requests.get(address, timeout=10).text]
    pages += [press(address, press="sign_in", username="any", password="thing").text]
    pages += [press(address, press="allow", account=list(accounts or ["0"])).text]
    for page in pages:
        assert_valid(page, page=True)
    return pages[-1]


def came_back(emulator: Any, token: str, uri: str) -> Link:
    return Link(emulator, token, received=uri).act("open")


def return_uri(address: str) -> str:
    return f"{BACK}?oauth_state_id={address.rsplit('/', 1)[1]}"


def test_the_window_goes_on_by_itself(emulator: Any) -> None:
    link, address, _ = at_bank(emulator)
    assert 'data-redirect="0"' in link.pane
    assert link.act("oauth_look").pane == ""
    assert "You can close this window" in allow(address, "0", "1")
    assert "Your account is connected" in link.act("oauth_look").pane
    link.act("finish")
    assert link.result is not None
    assert len(link.result["success"][1]["accounts"]) == 2
    told = [f"{name} {metadata['view_name'] or ''}".strip() for name, metadata in link.result["events"]]
    assert told[2:] == [
        *("TRANSITION_VIEW SELECT_INSTITUTION", "SELECT_INSTITUTION", "TRANSITION_VIEW OAUTH", "OPEN_OAUTH"),
        *("TRANSITION_VIEW LOADING", "TRANSITION_VIEW CONNECTED", "HANDOFF"),
    ]
    assert post(emulator, "/item/public_token/exchange", {"public_token": link.public_token}).ok


def test_a_window_closed_early_can_be_opened_again(emulator: Any) -> None:
    link, address, _ = at_bank(emulator)
    assert "was closed" in link.act("oauth_closed").pane
    link.act("oauth_open")
    allow(address)
    assert "Your account is connected" in link.act("oauth_look").pane
    assert "CLOSE_OAUTH" in link.act("finish").told_at_the_end


def test_a_refusal_at_the_bank(emulator: Any) -> None:
    link, address, _ = at_bank(emulator)
    press(address, press="deny")
    assert "ACCESS_NOT_GRANTED" in link.act("oauth_look").pane
    link.act("exit")
    assert link.exit == ("ACCESS_NOT_GRANTED", "requires_oauth")
    assert link.told_at_the_end[-5:] == ["FAIL_OAUTH", "ERROR", "TRANSITION_VIEW", "TRANSITION_VIEW", "EXIT"]


def test_leaving_while_the_window_is_open(emulator: Any) -> None:
    link, _, _ = at_bank(emulator)
    assert link.leave().exit == (None, "requires_oauth")


def test_at_the_bank_an_account_must_be_chosen(emulator: Any) -> None:
    _, address, _ = at_bank(emulator)
    press(address, press="sign_in", username="a", password="b")
    assert "Choose at least one account" in press(address, press="allow").text


def test_inside_a_webview_the_page_itself_goes_and_comes_back(emulator: Any) -> None:
    link, address, token = at_bank(emulator, browser=WEBVIEW, redirect_uri=BACK)
    assert 'data-redirect="1"' in link.pane
    assert f'data-return="{return_uri(address)}"' in allow(address)
    back = came_back(emulator, token, return_uri(address))
    assert "Your account is connected" in back.pane
    assert back.live == ["OPEN"]
    back.act("finish")
    assert back.session_id == link.session_id
    assert "OPEN_OAUTH" in back.told_at_the_end
    assert "success" in (back.result or {})


def test_a_redirect_can_be_asked_for_without_a_webview(emulator: Any) -> None:
    emulator.control("POST", "/plaid/switches", {"oauth_redirect": True})
    link, address, token = at_bank(emulator, redirect_uri=BACK)
    assert 'data-redirect="1"' in link.pane
    press(address, press="deny")
    assert came_back(emulator, token, return_uri(address)).act("exit").exit == ("ACCESS_NOT_GRANTED", "requires_oauth")


def test_without_a_redirect_uri_a_webview_gets_the_window(emulator: Any) -> None:
    link, _, _ = at_bank(emulator, browser=WEBVIEW)
    assert 'data-redirect="0"' in link.pane


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        (BACK, "INVALID_FIELD"),
        (f"{BACK}?oauth_state_id=nobodys", "OAUTH_STATE_ID_NOT_FOUND"),
    ],
)
def test_a_return_that_leads_nowhere(emulator: Any, uri: str, code: str) -> None:
    token = link_token(emulator)
    assert came_back(emulator, token, uri).exit == (code, None)
    assert "uses Plaid" in Link(emulator, token).act("open").pane


def test_a_return_with_another_token_or_for_the_second_time(emulator: Any) -> None:
    _, address, token = at_bank(emulator, browser=WEBVIEW, redirect_uri=BACK)
    allow(address)
    assert came_back(emulator, link_token(emulator), return_uri(address)).exit[0] == "INCORRECT_LINK_TOKEN"
    came_back(emulator, token, return_uri(address))
    assert came_back(emulator, token, return_uri(address)).exit[0] == "OAUTH_STATE_ID_ALREADY_PROCESSED"


def test_the_banks_page_has_a_strict_policy_and_a_logo(emulator: Any) -> None:
    _, address, _ = at_bank(emulator)
    assert requests.get(address, timeout=10).headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert requests.get(emulator.url + "/link/bank/nobodys", timeout=10).status_code == 404
    logo = requests.get(f"{emulator.url}/link/logo/{OAUTH_BANK}.svg", timeout=10)
    assert logo.headers["Content-Type"].startswith("image/svg+xml")


def test_any_name_and_password_open_the_sandboxs_accounts(emulator: Any) -> None:
    _, address, _ = at_bank(emulator)
    page = press(address, press="sign_in", username="error_ITEM_LOCKED", password="error_ITEM_LOCKED").text
    assert page.count('name="account"') == 12


def test_update_mode_of_an_oauth_item(emulator: Any) -> None:
    token = sandbox_item(emulator, OAUTH_BANK)
    assert post(emulator, "/sandbox/item/reset_login", {"access_token": token}).json()["reset_login"] is True
    refused = post(emulator, "/accounts/get", {"access_token": token}).json()
    assert refused["error_code"] == "ITEM_LOGIN_REQUIRED"
    link = Link(emulator, link_token(emulator, access_token=token, products=None)).act("open")
    found = re.search(r'data-bank="([^"]+)"', link.pane)
    assert found is not None
    allow(emulator.url + found[1])
    link.act("oauth_look").act("finish")
    assert post(emulator, "/accounts/get", {"access_token": token}).ok
