"""Ordinary Link without a browser: whose bank a log-in opens, what a bank asks, and every way out."""

import json
from typing import Any

import pytest

from tests.contract.plaid_drive import Link, assert_valid, link_token, post, sandbox_item

FIRST_PLATYPUS = "ins_109508"


def to_banks(emulator: Any, **fields: Any) -> Link:
    return Link(emulator, link_token(emulator, **fields)).to_banks()


def shared_accounts(emulator: Any, link: Link) -> list[dict[str, Any]]:
    token = post(emulator, "/item/public_token/exchange", {"public_token": link.public_token}).json()
    found: list[dict[str, Any]] = post(emulator, "/accounts/get", {"access_token": token["access_token"]}).json()[
        "accounts"
    ]
    return found


def masks(emulator: Any, link: Link) -> list[str]:
    return [account["mask"] for account in shared_accounts(emulator, link)]


def errors(link: Link) -> list[str]:
    assert link.result is not None
    return [metadata["error_code"] for name, metadata in link.result["events"] if name == "ERROR"]


def test_the_documented_login_opens_the_standard_item(emulator: Any) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS).act("share", account=["0", "3"])
    assert "Your account is connected" in link.pane
    assert link.result is None
    link.act("finish")
    assert masks(emulator, link) == ["0000", "3333"]


def test_the_phone_of_the_token_opens_the_persons_own_bank(emulator: Any) -> None:
    user = {"client_user_id": "u-1", "phone_number": "+14155550011"}
    link = to_banks(emulator, user=user).sign_in(FIRST_PLATYPUS).act("share", account=["0"]).act("finish")
    bank = emulator.app.extensions["emulators"].personas.by_phone("+14155550011").banks[0]
    assert masks(emulator, link) == [bank.accounts[0].mask]


def test_a_persona_signs_in_with_names_of_their_own(emulator: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+16175550118").banks[0]
    link = to_banks(emulator).sign_in(bank.institution_id, bank.username, bank.password)
    link.act("share", account=["0"]).act("finish")
    assert masks(emulator, link) == [bank.accounts[0].mask]


def test_the_events_are_plaids_in_plaids_order(emulator: Any) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS, password="mfa_selections")
    link.act("mfa", answer_0="Yes").act("share", account=["0"]).act("finish")
    assert link.live == ["OPEN"]
    assert link.result is not None
    told = [f"{name} {metadata['view_name'] or ''}".strip() for name, metadata in link.result["events"]]
    assert told == [
        *("TRANSITION_VIEW SUBMIT_PHONE", "SKIP_SUBMIT_PHONE", "TRANSITION_VIEW SELECT_INSTITUTION"),
        *("SELECT_INSTITUTION", "TRANSITION_VIEW CREDENTIAL", "SUBMIT_CREDENTIALS", "TRANSITION_VIEW LOADING"),
        *("TRANSITION_VIEW MFA", "SUBMIT_MFA", "TRANSITION_VIEW LOADING", "TRANSITION_VIEW SELECT_ACCOUNT"),
        *("TRANSITION_VIEW CONNECTED", "HANDOFF"),
    ]
    assert {metadata["institution_id"] for name, metadata in link.result["events"] if name == "HANDOFF"} == {
        FIRST_PLATYPUS
    }


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("nope", "INVALID_CREDENTIALS"),
        ("error_INVALID_MFA", "INVALID_MFA"),
        ("error_ITEM_LOCKED", "ITEM_LOCKED"),
        ("error_ITEM_NOT_SUPPORTED", "ITEM_NOT_SUPPORTED"),
        ("error_MFA_NOT_SUPPORTED", "MFA_NOT_SUPPORTED"),
        ("error_NO_ACCOUNTS", "NO_ACCOUNTS"),
        ("error_USER_SETUP_REQUIRED", "USER_SETUP_REQUIRED"),
        ("error_INSTITUTION_DOWN", "INSTITUTION_DOWN"),
        ("error_INSTITUTION_NOT_RESPONDING", "INSTITUTION_NOT_RESPONDING"),
        ("error_INSTITUTION_NO_LONGER_SUPPORTED", "INSTITUTION_NO_LONGER_SUPPORTED"),
        ("error_INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR"),
    ],
)
def test_a_sign_in_that_fails_is_told_on_the_way_out(emulator: Any, password: str, code: str) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS, password=password)
    assert 'role="alert"' in link.pane
    link.leave()
    assert errors(link) == [code]
    assert link.exit == (code, "requires_credentials")
    assert link.result is not None
    assert link.result["exit"][1]["institution"]["institution_id"] == FIRST_PLATYPUS


def test_an_api_error_cannot_be_forced_as_a_password(emulator: Any) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS, password="error_INVALID_API_KEYS").leave()
    assert link.exit == ("INVALID_CREDENTIALS", "requires_credentials")


def test_three_wrong_passwords_lock_the_bank_and_six_spend_the_token(emulator: Any) -> None:
    token = link_token(emulator)
    link = Link(emulator, token).to_banks()
    for _ in range(2):
        link.sign_in(FIRST_PLATYPUS, password="nope")
        assert 'name="password"' in link.pane
        link.act("back")
    link.sign_in(FIRST_PLATYPUS, password="nope")
    assert "ITEM_LOCKED" in link.pane
    link.act("back")
    for _ in range(2):
        link.sign_in("ins_109509", password="nope").act("back")
    link.sign_in("ins_109509", password="nope")
    assert link.exit == ("INVALID_LINK_TOKEN", "requires_credentials")
    assert Link(emulator, token).act("open").exit[0] == "INVALID_LINK_TOKEN"


@pytest.mark.parametrize(
    ("institution_id", "event", "code", "status"),
    [
        ("ins_132361", "SELECT_DOWN_INSTITUTION", "INSTITUTION_DOWN", None),
        ("ins_133402", "SELECT_INSTITUTION", "INSTITUTION_NO_LONGER_SUPPORTED", "institution_not_supported"),
    ],
)
def test_a_bank_that_cannot_be_used(
    emulator: Any, institution_id: str, event: str, code: str, status: str | None
) -> None:
    link = to_banks(emulator).act("institution", institution_id=institution_id)
    assert 'role="alert"' in link.pane
    link.act("exit")
    assert link.exit == (code, status)
    assert event in link.told_at_the_end


def test_a_bank_that_may_not_answer_can_be_tried(emulator: Any) -> None:
    link = to_banks(emulator).act("institution", institution_id="ins_132363")
    assert "Continue anyway" in link.pane
    assert 'name="password"' in link.act("continue").pane
    assert "SELECT_DEGRADED_INSTITUTION" in link.leave().told_at_the_end


def test_the_status_says_where_somebody_left(emulator: Any) -> None:
    def left(link: Link) -> Any:
        return link.leave().exit

    assert left(Link(emulator, link_token(emulator)).act("open")) == (None, None)
    assert left(to_banks(emulator)) == (None, None)
    assert left(to_banks(emulator).act("search", query="No Such Bank")) == (None, "institution_not_found")
    chosen = to_banks(emulator).act("institution", institution_id=FIRST_PLATYPUS)
    assert left(chosen) == (None, "requires_credentials")
    assert left(to_banks(emulator).sign_in(FIRST_PLATYPUS)) == (None, "requires_account_selection")
    for password, status in (
        ("mfa_device", "choose_device"),
        ("mfa_questions_1_1", "requires_questions"),
        ("mfa_selections", "requires_selections"),
    ):
        assert left(to_banks(emulator).sign_in(FIRST_PLATYPUS, password=password)) == (None, status)
    code = to_banks(emulator).sign_in(FIRST_PLATYPUS, password="mfa_device")
    assert left(code.act("mfa", answer_0="Text to the phone ending in 1234")) == (None, "requires_code")


def test_leaving_asks_first_and_tells_so(emulator: Any) -> None:
    link = to_banks(emulator).act("institution", institution_id=FIRST_PLATYPUS).act("exit")
    assert "No, go back" in link.pane
    assert 'name="password"' in link.act("stay").pane
    link.act("exit").act("leave")
    assert link.told_at_the_end[-2:] == ["TRANSITION_VIEW", "EXIT"]


def test_a_connected_bank_stays_connected_when_somebody_leaves_then(emulator: Any) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS).act("share", account=["0"]).leave()
    assert masks(emulator, link) == ["0000"]


def test_a_search_finds_every_word_and_is_told(emulator: Any) -> None:
    link = to_banks(emulator).act("search", query="platy OAUTH")
    assert "Platypus OAuth Bank" in link.pane
    assert "First Platypus Bank" not in link.pane
    assert "No results." in link.act("search", query="xyz").pane
    link.leave()
    assert link.result is not None
    queries = [metadata["institution_search_query"] for name, metadata in link.result["events"]]
    assert [query for query in queries if query] == ["platy OAUTH", "xyz"]


@pytest.mark.parametrize(
    ("password", "rounds"),
    [
        ("mfa_device", [{"answer_0": "Text to the phone ending in 1234"}, {"answer_0": "1234"}]),
        ("mfa_selections", [{"answer_0": "Yes"}]),
        ("mfa_questions_2_2", [{f"answer_{j}": f"answer_{i}_{j}" for j in (0, 1)} for i in (0, 1)]),
        ("mfa_selections_1_2_3", [{"answer_0": "answer_1_1_0", "answer_1": "answer_1_2_0"}]),
    ],
)
def test_every_documented_second_step(emulator: Any, password: str, rounds: list[dict[str, str]]) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS, password=password)
    wrong = link.act("mfa", **dict.fromkeys(rounds[0], "wrong"))
    assert 'role="alert"' in wrong.pane
    for answers in rounds:
        assert "Select the accounts" not in link.pane
        link.act("mfa", **answers)
    link.act("share", account=["0"]).act("finish")
    assert errors(link) == ["INVALID_MFA"]
    assert link.told_at_the_end.count("SUBMIT_MFA") == len(rounds) + 1


def test_a_persona_is_asked_what_their_bank_asks(emulator: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+13125550162").banks[0]
    link = to_banks(emulator).sign_in(bank.institution_id, bank.username, bank.password)
    link.act("mfa", answer_0="Text to the phone ending in 1234")
    assert "Code from your bank" in link.pane
    link.act("mfa", answer_0=bank.mfa.answer).act("share", account=["0"]).act("finish")
    assert masks(emulator, link) == [bank.accounts[0].mask]


def test_a_custom_user_brings_accounts_of_their_own(emulator: Any) -> None:
    own = {
        "override_accounts": [
            {
                "type": "depository",
                "subtype": "savings",
                "starting_balance": 12.5,
                "meta": {"name": "Holiday money"},
                "numbers": {"account": "55501234"},
                "identity": {
                    "names": ["Ann Onym"],
                    "addresses": [
                        {"data": {"street": "1 A St", "city": "B", "region": "CA", "postal_code": "90001"}},
                    ],
                },
            },
        ],
    }
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS, "user_custom", json.dumps(own))
    link.act("share", account=["0"]).act("finish")
    account = shared_accounts(emulator, link)[0]
    assert (account["name"], account["mask"], account["balances"]["current"]) == ("Holiday money", "1234", 12.5)
    wrong = to_banks(emulator).sign_in(FIRST_PLATYPUS, "user_custom", '{"override_accounts": []}').leave()
    assert wrong.exit[0] == "INVALID_CREDENTIALS"


def test_only_accounts_of_the_tokens_kinds_are_offered(emulator: Any) -> None:
    filters = {"depository": {"account_subtypes": ["checking", "savings"]}, "credit": {"account_subtypes": ["all"]}}
    link = to_banks(emulator, account_filters=filters).sign_in(FIRST_PLATYPUS)
    link.act("share", account=[str(place) for place in range(12)]).act("finish")
    assert masks(emulator, link) == ["0000", "1111", "3333", "9999"]
    none = to_banks(emulator, account_filters={"loan": {"account_subtypes": ["auto"]}}).sign_in(FIRST_PLATYPUS)
    assert none.leave().exit == ("NO_ACCOUNTS", "requires_account_selection")


def test_accounts_must_be_chosen(emulator: Any) -> None:
    link = to_banks(emulator).sign_in(FIRST_PLATYPUS)
    assert "at least one account" in link.act("share").pane


def test_a_token_can_name_the_bank(emulator: Any) -> None:
    link = Link(emulator, link_token(emulator, institution_id="ins_109511")).to_banks()
    assert "Sign in to Tartan Bank" in link.pane


def updating(emulator: Any, token: str, **fields: Any) -> Link:
    return Link(emulator, link_token(emulator, access_token=token, products=None, **fields)).act("open")


def test_update_mode_signs_an_old_item_in_again(emulator: Any) -> None:
    token = sandbox_item(emulator)
    emulator.control("POST", "/clock", {"advance_seconds": 31 * 86400})
    assert not post(emulator, "/accounts/get", {"access_token": token}).ok
    link = updating(emulator, token)
    assert "Sign in again" in link.pane
    link.act("credentials", username="user_good", password="pass_good").act("finish")
    assert link.result is not None
    assert "success" in link.result
    assert post(emulator, "/accounts/get", {"access_token": token}).ok


def test_update_mode_can_choose_accounts_and_keeps_the_ids_of_old_ones(emulator: Any) -> None:
    token = sandbox_item(emulator)
    before = {one["mask"]: one["account_id"] for one in accounts_of(emulator, token)}
    link = updating(emulator, token, update={"account_selection_enabled": True})
    link.act("credentials", username="user_good", password="pass_good").act("share", account=["0", "1"]).act("finish")
    after = {one["mask"]: one["account_id"] for one in accounts_of(emulator, token)}
    assert after == {mask: before[mask] for mask in ("0000", "1111")}


def accounts_of(emulator: Any, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = post(emulator, "/accounts/get", {"access_token": token}).json()["accounts"]
    return found


def test_several_banks_in_one_session(emulator: Any) -> None:
    link = to_banks(emulator, enable_multi_item_link=True)
    link.sign_in(FIRST_PLATYPUS).act("share", account=["0"]).act("another")
    link.sign_in("ins_109511").act("share", account=["1"]).act("finish")
    assert "CONNECT_NEW_INSTITUTION" in link.told_at_the_end
    single = to_banks(emulator).sign_in(FIRST_PLATYPUS).act("share", account=["0"])
    assert "Add another account" not in single.pane


def test_half_an_hour_in_link_is_too_long(emulator: Any) -> None:
    link = to_banks(emulator)
    emulator.control("POST", "/clock", {"advance_seconds": 1801})
    assert link.act("institution", institution_id=FIRST_PLATYPUS).exit[0] == "INVALID_LINK_TOKEN"


def test_every_pane_is_valid_html(emulator: Any) -> None:
    link = Link(emulator, link_token(emulator, enable_multi_item_link=True))
    panes = [link.act("open").pane, link.act("continue").pane, link.act("phone", phone="4155550011").pane]
    panes += [link.act("code", code="0").pane, link.act("code", code="123456").pane, link.act("other").pane]
    panes += [link.act("search", query="nowhere <b>").pane]
    for institution_id in ("ins_132361", "ins_132363", "ins_133402", "ins_127287", FIRST_PLATYPUS):
        panes += [link.act("institution", institution_id=institution_id).pane]
        if institution_id != FIRST_PLATYPUS:
            link.act("back")
    for password in ("nope", "mfa_device"):
        panes += [link.act("credentials", username="user_good", password=password).pane]
    panes += [link.act("mfa", answer_0="Text to the phone ending in 1234").pane, link.act("mfa", answer_0="1234").pane]
    panes += [link.act("exit").pane, link.act("stay").pane, link.act("share", account=["0"]).pane]
    assert "Add another account" in panes[-1]
    for pane in panes:
        assert pane
        assert_valid(pane)
