"""The phone pane of ordinary Link: what each documented number means, and the code by text."""

from typing import Any

import pytest

from tests.contract.plaid_drive import Link, link_token, post

CODE = "123456"


def with_phone(emulator: Any, phone_number: str) -> Link:
    return Link(emulator, link_token(emulator)).act("open").act("continue").act("phone", phone=phone_number)


def proven(emulator: Any, phone_number: str) -> Link:
    return with_phone(emulator, phone_number).act("code", code=CODE)


def views(link: Link) -> list[str]:
    assert link.result is not None
    return [metadata["view_name"] for name, metadata in link.result["events"] if name == "TRANSITION_VIEW"]


def test_the_tokens_phone_is_shown_by_its_last_four_digits_alone(emulator: Any) -> None:
    token = link_token(emulator, user={"client_user_id": "u-1", "phone_number": "+14155550011"})
    link = Link(emulator, token).act("open").act("continue")
    assert "0011" in link.pane
    assert "5550011" not in link.pane
    assert "Enter the code" in link.act("phone").pane


@pytest.mark.parametrize("phone_number", ["415-555-1111", "+442079460000", ""])
def test_other_numbers_are_refused(emulator: Any, phone_number: str) -> None:
    link = with_phone(emulator, phone_number)
    assert 'role="alert"' in link.pane
    link.act("skip").leave()
    assert link.result is not None
    assert "INVALID_PHONE_NUMBER" in [metadata["error_code"] for _, metadata in link.result["events"]]


@pytest.mark.parametrize("phone_number", ["415-555-0010", "+16175550118"])
def test_somebody_new_proves_the_phone_and_signs_in(emulator: Any, phone_number: str) -> None:
    link = proven(emulator, phone_number)
    assert "Select your bank" in link.pane
    link.sign_in("ins_109508").act("share", account=["0"])
    assert ">Finish<" in link.pane
    assert "VERIFY_PHONE" in link.act("finish").told_at_the_end


def test_the_code_is_in_the_inbox(emulator: Any) -> None:
    with_phone(emulator, "415-555-0011")
    text = emulator.app.extensions["emulators"].store.texts("+14155550011")[0]
    assert (text.sender, text.code) == ("Plaid", CODE)


@pytest.mark.parametrize(("phone_number", "banks"), [("415-555-0011", 2), ("415-555-0012", 3)])
def test_somebody_who_saved_banks_need_not_sign_in(emulator: Any, phone_number: str, banks: int) -> None:
    link = proven(emulator, phone_number)
    assert link.pane.count('name="place"') == banks
    link.act("choose", place="0").act("share", account=["0"]).act("finish")
    assert views(link)[-3:] == ["SELECT_SAVED_INSTITUTION", "SELECT_SAVED_ACCOUNT", "CONNECTED"]
    token = post(emulator, "/item/public_token/exchange", {"public_token": link.public_token}).json()
    answer = post(emulator, "/identity/get", {"access_token": token["access_token"]}).json()
    person = emulator.app.extensions["emulators"].personas.by_phone("+1" + phone_number.replace("-", ""))
    first_name = answer["accounts"][0]["owners"][0]["names"][0].split()[0]
    assert first_name.casefold() == person.identity.name.first.split()[0].casefold()


def test_a_saved_bank_can_be_passed_over(emulator: Any) -> None:
    assert "Select your bank" in proven(emulator, "415-555-0011").act("other").pane


def test_a_saved_oauth_bank_wants_its_own_page(emulator: Any) -> None:
    assert "Continue to login" in proven(emulator, "415-555-0013").act("choose", place="0").pane


def test_a_new_device_has_to_sign_in_again(emulator: Any) -> None:
    assert 'name="password"' in proven(emulator, "415-555-0014").act("choose", place="0").pane


def test_the_only_account_is_taken_by_itself(emulator: Any) -> None:
    link = proven(emulator, "415-555-0015")
    assert "1 account." in link.pane
    assert len(link.act("finish").result["success"][1]["accounts"]) == 1  # type: ignore[index]


def test_three_wrong_codes_end_in_the_list_of_banks(emulator: Any) -> None:
    link = with_phone(emulator, "415-555-0011")
    for _ in range(2):
        assert "Enter the code" in link.act("code", code="000000").pane
    assert "Select your bank" in link.act("code", code="000000").pane
    assert "Enter the code" not in link.act("code", code=CODE).pane


def test_leaving_at_the_phone_has_no_status(emulator: Any) -> None:
    link = Link(emulator, link_token(emulator)).act("open").act("continue")
    assert link.leave().exit == (None, None)
    assert with_phone(emulator, "415-555-0011").leave().exit == (None, None)
