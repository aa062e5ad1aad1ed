"""Ordinary Link without a browser: whose bank a log-in opens, and every way out."""

from typing import Any

import pytest

from tests.contract.plaid_drive import Link, post, sandbox_item

FIRST_PLATYPUS = "ins_109508"


def link_token(emulator: Any, **fields: Any) -> str:
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


def sign_in(link: Link, institution_id: str, username: str, password: str) -> Link:
    link.act("open").act("institution", institution_id=institution_id)
    return link.act("credentials", username=username, password=password)


def masks(emulator: Any, link: Link) -> list[str]:
    token = post(emulator, "/item/public_token/exchange", {"public_token": link.public_token}).json()
    answer = post(emulator, "/accounts/get", {"access_token": token["access_token"]}).json()
    return [account["mask"] for account in answer["accounts"]]


def test_the_documented_login_opens_the_standard_item(emulator: Any) -> None:
    link = sign_in(Link(emulator, link_token(emulator)), FIRST_PLATYPUS, "user_good", "pass_good")
    link.act("share", account=["0", "3"])
    assert masks(emulator, link) == ["0000", "3333"]


def test_the_phone_of_the_token_opens_the_persons_own_bank(emulator: Any) -> None:
    user = {"client_user_id": "u-1", "phone_number": "+14155550011"}
    link = sign_in(Link(emulator, link_token(emulator, user=user)), FIRST_PLATYPUS, "user_good", "pass_good")
    link.act("share", account=["0"])
    bank = emulator.app.extensions["emulators"].personas.by_phone("+14155550011").banks[0]
    assert masks(emulator, link) == [bank.accounts[0].mask]


def test_a_persona_signs_in_with_names_of_their_own(emulator: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+16175550118").banks[0]
    link = sign_in(Link(emulator, link_token(emulator)), bank.institution_id, bank.username, bank.password)
    link.act("share", account=["0"])
    assert masks(emulator, link) == [bank.accounts[0].mask]


@pytest.mark.parametrize(
    ("institution_id", "password", "code"),
    [
        (FIRST_PLATYPUS, "nope", "INVALID_CREDENTIALS"),
        (FIRST_PLATYPUS, "error_ITEM_LOGIN_REQUIRED", "ITEM_LOGIN_REQUIRED"),
        ("ins_132361", "pass_good", "INSTITUTION_DOWN"),
        ("ins_133402", "pass_good", "INSTITUTION_NO_LONGER_SUPPORTED"),
    ],
)
def test_a_sign_in_that_fails(emulator: Any, institution_id: str, password: str, code: str) -> None:
    link = sign_in(Link(emulator, link_token(emulator)), institution_id, "user_good", password)
    assert 'role="alert"' in link.pane
    link.act("exit", force=True)
    assert link.result is not None
    errors = [metadata["error_code"] for name, metadata in link.result["events"] if name == "ERROR"]
    assert errors == [code]
    assert link.result["exit"][1]["status"] == "requires_credentials"
    assert link.result["exit"][1]["institution"]["institution_id"] == institution_id


def test_the_status_says_where_somebody_left(emulator: Any) -> None:
    def left(link: Link) -> Any:
        result = link.act("exit", force=True).result
        assert result is not None
        return result["exit"][1]["status"]

    assert left(Link(emulator, link_token(emulator)).act("open")) is None
    link = sign_in(Link(emulator, link_token(emulator)), FIRST_PLATYPUS, "user_good", "pass_good")
    assert left(link) == "requires_account_selection"


def test_a_bank_can_ask_for_a_code(emulator: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+13125550162").banks[0]
    link = sign_in(Link(emulator, link_token(emulator)), bank.institution_id, bank.username, bank.password)
    assert "Code from your bank" in link.pane
    assert 'role="alert"' in link.act("mfa", answer="0000").pane
    link.act("mfa", answer=bank.mfa.answer).act("share", account=["0"])
    assert link.told_at_the_end.count("SUBMIT_MFA") == 2
    assert masks(emulator, link) == [bank.accounts[0].mask]


def test_update_mode_signs_an_old_item_in_again(emulator: Any) -> None:
    token = sandbox_item(emulator)
    emulator.control("POST", "/clock", {"advance_seconds": 31 * 86400})
    assert not post(emulator, "/accounts/get", {"access_token": token}).ok
    link = Link(emulator, link_token(emulator, access_token=token, products=None)).act("open")
    link.act("credentials", username="user_good", password="pass_good")
    assert link.result is not None
    assert "success" in link.result
    assert post(emulator, "/accounts/get", {"access_token": token}).ok


def test_accounts_must_be_chosen(emulator: Any) -> None:
    link = sign_in(Link(emulator, link_token(emulator)), FIRST_PLATYPUS, "user_good", "pass_good")
    assert "at least one account" in link.act("share").pane
