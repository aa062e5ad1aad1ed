"""Layer without a browser: who is eligible, the code, the edits, what is shared, and every way out."""

import re
from typing import Any

import pytest
import requests

from tests.contract.plaid_drive import Link, add_template, assert_valid, layer_token, post, shared_session

READY, NOT_AVAILABLE, NO_AUTOFILL = "LAYER_READY", "LAYER_NOT_AVAILABLE", "LAYER_AUTOFILL_NOT_AVAILABLE"
BORN = "1975-01-18"
METADATA_KEYS = {
    *("account_number_mask", "error_code", "error_message", "error_type", "exit_status", "institution_id"),
    *("institution_name", "institution_search_query", "is_update_mode", "link_session_id", "match_reason"),
    *("mfa_type", "request_id", "routing_number", "selection", "timestamp", "view_name"),
}
ALL_FIELDS = ["name", "date_of_birth", "address", "ssn", "email"]


def answers(emulator: Any, phone_number: str, date_of_birth: str | None = None, **template: Any) -> list[str]:
    """The events of an eligibility check."""
    link = Link(emulator, layer_token(emulator, add_template(emulator, **template)))
    link.act("submit", phone_number=phone_number)
    if date_of_birth is not None:
        link.act("submit", date_of_birth=date_of_birth)
    return link.live


@pytest.mark.parametrize(
    ("phone_number", "lacks", "banks"),
    [
        ("415-555-0000", ALL_FIELDS, 0),
        ("415-555-0011", [], 2),
        ("415-555-0012", ALL_FIELDS, 3),
        ("415-555-0015", [], 1),
        ("515-555-0013", ["email"], 1),
        ("515-555-0015", ["date_of_birth"], 1),
        ("515-555-0016", ["ssn"], 1),
        ("515-555-0017", ["address"], 1),
        ("515-555-0018", ["name"], 1),
        ("515-555-0019", [], 1),
    ],
)
def test_a_documented_phone(emulator: Any, phone_number: str, lacks: list[str], banks: int) -> None:
    for field in ALL_FIELDS:
        expected = NOT_AVAILABLE if field in lacks else READY
        assert answers(emulator, phone_number, required=[field]) == [expected], field
    expected = READY if banks else NOT_AVAILABLE
    assert answers(emulator, phone_number, accounts="required") == [expected]
    template = add_template(emulator, optional=ALL_FIELDS)
    answer = shared_session(emulator, phone_number, template)
    assert len(answer["items"]) == banks
    assert {name for name in ALL_FIELDS if answer["identity"][name] is None} == set(lacks)
    assert answer["identity"]["phone_number"] == "+1" + phone_number.replace("-", "")


def test_the_savings_only_phone_has_no_checking_account(emulator: Any) -> None:
    answer = shared_session(emulator, "515-555-0019")
    token = {"access_token": answer["items"][0]["access_token"]}
    accounts = post(emulator, "/accounts/get", token).json()["accounts"]
    assert {account["subtype"] for account in accounts} == {"savings"}


def test_the_date_of_birth_finds_what_the_phone_does_not(emulator: Any) -> None:
    required = {"required": ["name", "address"]}
    assert answers(emulator, "515-555-0017", **required) == [NOT_AVAILABLE]
    assert answers(emulator, "515-555-0017", BORN, **required) == [NOT_AVAILABLE, READY]
    assert answers(emulator, "515-555-0017", "1990-01-01", **required) == [NOT_AVAILABLE, NO_AUTOFILL]


@pytest.mark.parametrize(("accounts", "last"), [("optional", READY), ("skip", READY), ("required", NO_AUTOFILL)])
def test_the_phone_without_banks_needs_a_template_without_them(emulator: Any, accounts: str, last: str) -> None:
    told = answers(emulator, "415-555-0000", BORN, required=["name"], accounts=accounts)
    assert told == [NOT_AVAILABLE, last]


@pytest.mark.parametrize("written", ["4155550011", "415-555-0011", "14155550011", "+1 (415) 555-0011"])
def test_phone_numbers_are_read_as_people_write_them(emulator: Any, written: str) -> None:
    assert answers(emulator, written) == [READY]


@pytest.mark.parametrize("phone_number", ["+442079460000", "+524155550011", "415-555-1111", "", "abc"])
def test_other_numbers_are_never_available(emulator: Any, phone_number: str) -> None:
    assert answers(emulator, phone_number, BORN) == [NOT_AVAILABLE, NO_AUTOFILL]


def test_a_date_of_birth_before_the_phone_says_nothing(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).act("submit", date_of_birth=BORN)
    assert link.live == []


def test_a_second_layer_ready_can_be_asked_for(emulator: Any) -> None:
    emulator.control("POST", "/plaid/switches", {"second_layer_ready": True})
    assert answers(emulator, "415-555-0011") == [READY, READY]


def test_the_events_of_success_and_their_metadata(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code().act("share", account=["0-0"])
    assert link.live == ["LAYER_READY", "OPEN"]
    assert link.told_at_the_end == [
        *("TRANSITION_VIEW", "TRANSITION_VIEW", "SUBMIT_OTP", "VERIFY_PHONE", "TRANSITION_VIEW", "HANDOFF")
    ]
    assert link.result is not None
    events = [metadata for _, metadata in link.result["events"]]
    views = [metadata["view_name"] for metadata in events if metadata["view_name"]]
    assert views == ["CONSENT", "VERIFY_PHONE", "PROFILE_DATA_REVIEW"]
    stamps = [metadata["timestamp"] for metadata in events]
    assert stamps == sorted(set(stamps))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamps[0])
    assert set(events[0]) == METADATA_KEYS
    assert link.result["success"][1]["link_session_id"] == link.session_id


def test_events_can_come_out_of_order(emulator: Any) -> None:
    emulator.control("POST", "/plaid/switches", {"shuffle_events": True})
    link = Link(emulator, layer_token(emulator)).through_code().act("share", account=["0-0"])
    assert link.told_at_the_end[0] == "HANDOFF"


def test_the_code_is_in_the_inbox(emulator: Any) -> None:
    Link(emulator, layer_token(emulator)).act("submit", phone_number="415-555-0011").act("open").act("continue")
    texts = emulator.app.extensions["emulators"].store.texts("+14155550011")
    assert [(text.sender, text.code) for text in texts] == [("Plaid", "123456")]


def test_three_wrong_codes_end_the_session(emulator: Any) -> None:
    token = layer_token(emulator)
    link = Link(emulator, token).act("submit", phone_number="415-555-0011").act("open").act("continue")
    for _ in range(2):
        link.act("code", code="000000")
        assert 'role="alert"' in link.pane
        assert 'name="code"' in link.pane
    link.act("code", code="000000")
    assert 'name="code"' not in link.pane
    assert link.act("code", code="123456").result is None
    link.act("exit")
    assert link.told_at_the_end == [
        *("TRANSITION_VIEW", "TRANSITION_VIEW", "SUBMIT_OTP", "ERROR", "SUBMIT_OTP", "ERROR", "SUBMIT_OTP"),
        *("TRANSITION_VIEW", "ERROR", "EXIT"),
    ]
    assert link.result is not None
    error, metadata = link.result["exit"]
    assert error["error_code"] == "PROFILE_AUTHENTICATION_FAILED"
    assert error["error_message"] == "the profile could not be authenticated"
    assert set(metadata) == {"institution", "status", "link_session_id", "request_id"}


def test_edits_are_shared_and_counted(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code()
    link.act("edit", field="name", account=["0-0"], accounts_shown="1")
    link.act("save", first_name="Mary", last_name="Ortiz")
    assert "Mary Ortiz" in link.pane
    assert link.pane.count(" checked") == 1
    link.act("edit", field="ssn").act("save", ssn="12")
    assert 'role="alert"' in link.pane
    link.act("save", ssn="900-12-3456")
    link.act("edit", field="date_of_birth").act("save", date_of_birth=BORN)
    link.act("share", account=["0-0"])
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token}).json()
    assert answer["identity"]["name"] == {"first_name": "Mary", "last_name": "Ortiz"}
    assert (answer["identity"]["ssn"], answer["identity"]["ssn_last_4"]) == ("900123456", "3456")
    history = answer["identity_edit_history"]
    assert history["name"] == dict.fromkeys(history["name"], 1)
    assert history["official_document"]["ssn"]["edits_current"] == 1
    assert history["date_of_birth"]["edits_current"] == history["address"]["edits_current"] == 0


def test_edit_counts_fade_with_time(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code()
    link.act("edit", field="name").act("save", first_name="Mary", last_name="O").act("share")
    emulator.control("POST", "/clock", {"advance_seconds": 2 * 86400})
    history = shared_session(emulator, "415-555-0011")["identity_edit_history"]["name"]
    assert history == {
        "edits_1d": 0,
        "edits_30d": 1,
        "edits_365d": 1,
        "edits_all_time": 1,
        "edits_current": 0,
    }


def test_accounts_can_be_left_out_unless_required(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code().act("share")
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token}).json()
    assert answer["items"] == []
    template = add_template(emulator, required=["name"], accounts="required")
    link = Link(emulator, layer_token(emulator, template)).through_code().act("share")
    assert link.result is None
    assert "at least one account" in link.pane
    template = add_template(emulator, required=["name"], accounts="skip")
    link = Link(emulator, layer_token(emulator, template)).through_code()
    assert 'name="account"' not in link.pane


def test_a_bank_can_be_added_at_the_review(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code()
    link.act("add_bank", account=["0-0"], accounts_shown="1")
    link.sign_in("ins_109511").act("share", account=["0", "1"])
    assert "Tartan Bank" in link.pane
    assert re.findall(r'value="([\d-]+)" checked', link.pane) == ["0-0", "2-0", "2-1"]
    link.act("share", account=["2-0"])
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token}).json()
    assert len(answer["items"]) == 1
    accounts = post(emulator, "/accounts/get", {"access_token": answer["items"][0]["access_token"]}).json()
    assert (accounts["item"]["institution_name"], accounts["accounts"][0]["mask"]) == ("Tartan Bank", "0000")


def test_adding_a_bank_can_be_given_up(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code()
    link.act("add_bank", account=["0-0"], accounts_shown="1").sign_in("ins_109511", password="nope")
    assert "Confirm the details" in link.act("back").act("review").pane
    assert link.pane.count(" checked") == 1


def test_every_pane_can_be_left(emulator: Any) -> None:
    def begin() -> Link:
        return Link(emulator, layer_token(emulator)).act("submit", phone_number="4155550011").act("open")

    consent = begin().act("exit")
    code = begin().act("continue").act("exit").act("leave")
    review = Link(emulator, layer_token(emulator)).through_code().act("exit", force=True)
    for link in (consent, code, review):
        assert link.result is not None
        error, metadata = link.result["exit"]
        assert error is None
        assert metadata["status"] is None
        assert link.told_at_the_end[-1] == "EXIT"
    stayed = begin().act("continue").act("exit").act("stay")
    assert 'name="code"' in stayed.pane


def test_opening_too_early_and_without_being_eligible(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).act("open")
    assert "Please submit Phone Number before opening Link." in link.pane
    link.act("submit", phone_number="+442079460000").act("submit", date_of_birth=BORN)
    assert "not eligible for Plaid Layer" in link.pane
    link.act("exit")
    assert link.live + link.told_at_the_end == [NOT_AVAILABLE, NO_AUTOFILL, "EXIT"]
    assert link.result is not None
    assert link.result["exit"][0]["error_code"] == NO_AUTOFILL


def test_a_link_token_is_spent_by_its_end_and_dies_after_thirty_minutes(emulator: Any) -> None:
    def refused(link: Link) -> bool:
        result = link.act("open").result or {"exit": [None]}
        return bool(result["exit"][0] and result["exit"][0]["error_code"] == "INVALID_LINK_TOKEN")

    spent, late = layer_token(emulator), layer_token(emulator)
    twin = Link(emulator, spent)
    Link(emulator, spent).through_code().act("exit", force=True)
    begun = Link(emulator, late).act("submit", phone_number="4155550011")
    assert [refused(link) for link in (twin, Link(emulator, spent), Link(emulator, "link-sandbox-x"))] == [True] * 3
    assert not refused(Link(emulator, late))
    emulator.control("POST", "/clock", {"advance_seconds": 1801})
    assert refused(begun)
    assert refused(Link(emulator, late))


def test_a_profile_token_is_good_for_thirty_minutes(emulator: Any) -> None:
    token = Link(emulator, layer_token(emulator)).through_code().act("share").public_token
    emulator.control("POST", "/clock", {"advance_seconds": 1801})
    answer = post(emulator, "/user_account/session/get", {"public_token": token})
    assert answer.json()["error_code"] == "INVALID_PUBLIC_TOKEN"


def test_link_itself_can_be_made_to_fail(emulator: Any) -> None:
    script = f"{emulator.url}/link/v2/stable/link-initialize.js"
    assert requests.get(script, timeout=10).headers["Content-Type"].startswith("text/javascript")
    fault = {"provider": "plaid", "operation": "/link/v2/stable/link-initialize.js", "fault": "503_html"}
    emulator.control("POST", "/faults", fault)
    assert requests.get(script, timeout=10).status_code == 503
    assert Link(emulator, layer_token(emulator)).act("submit", phone_number="4155550011").live == [READY]


def test_the_frame_wants_an_origin_and_may_be_embedded_anywhere(emulator: Any) -> None:
    url = f"{emulator.url}/link/frame"
    good = requests.get(url, params={"token": "x", "origin": "https://app.example"}, timeout=10)
    assert "frame-ancestors *" in good.headers["Content-Security-Policy"]
    assert good.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for origin in ("", "javascript:alert(1)", "https://app.example/path", "*"):
        assert requests.get(url, params={"token": "x", "origin": origin}, timeout=10).status_code == 400


def test_panes_are_valid_html(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator, add_template(emulator, optional=ALL_FIELDS)))
    panes = [link.act("open").pane, link.act("submit", phone_number="4155550011").pane]
    panes += [
        link.act("continue").pane,
        link.act("code", code="1").pane,
        link.act("code", code="123456").pane,
    ]
    for field in ALL_FIELDS:
        panes += [link.act("edit", field=field).pane]
        link.act("back")
    panes += [link.act("exit").pane]
    assert len(set(panes)) == len(panes)
    for pane in panes:
        assert_valid(pane)
    frame = {"token": layer_token(emulator), "origin": "https://app.example"}
    page = requests.get(f"{emulator.url}/link/frame", params=frame, timeout=10)
    assert_valid(page.text, page=True)


def test_every_persona_stands_on_the_rung_the_index_page_names(emulator: Any) -> None:
    expected = {"layer_phone": [READY], "layer_date_of_birth": [NOT_AVAILABLE, READY]}
    for persona in emulator.app.extensions["emulators"].personas:
        link = Link(emulator, layer_token(emulator)).act("submit", phone_number=persona.phone_number)
        if link.live != [READY]:
            link.act("submit", date_of_birth=persona.date_of_birth.isoformat())
        assert link.live == expected.get(persona.ladder, [NOT_AVAILABLE, NO_AUTOFILL]), persona.name
