"""The Twilio emulator by bare HTTP: bodies as documented, and what the inbox shows of them."""

from typing import Any

import pytest
import requests

from tests.support.emulator import Emulator

MARIA, LANDLINE = "+14155550011", "+17185550190"


class Twilio:
    """As the account of the settings, unless told otherwise."""

    def __init__(self, emulator: Emulator, account: str = "", token: str = "", service: str = "") -> None:
        own = emulator.settings
        self.base, self.account = own.twilio_base_url, account or own.twilio_account_sid
        self._auth = (self.account, token or own.twilio_auth_token)
        self.service = service or own.twilio_service_sid
        self.sender = own.twilio_from_number

    def post(self, path: str, **form: str) -> requests.Response:
        return requests.post(self.base + path, data=form, auth=self._auth, timeout=10)

    def verify(self, path: str, **form: str) -> requests.Response:
        return self.post(f"/v2/Services/{self.service}{path}", **form)

    def message(self, **form: str) -> requests.Response:
        return self.post(f"/2010-04-01/Accounts/{self.account}/Messages.json", **form)


@pytest.fixture
def api(emulator: Emulator) -> Twilio:
    return Twilio(emulator)


def refused(answer: requests.Response) -> tuple[int, int]:
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["message"]
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
    return answer.status_code, body["code"]


def inbox(emulator: Emulator) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = requests.get(f"{emulator.url}/inbox.json", timeout=10).json()["texts"]
    return told


def test_a_verification_as_it_is_answered(api: Twilio) -> None:
    answer = api.verify("/Verifications", To=MARIA, Channel="sms")
    body = answer.json()
    assert answer.status_code == 201
    assert (body["to"], body["channel"], body["status"], body["valid"]) == (MARIA, "sms", "pending", False)
    assert (body["account_sid"], body["service_sid"]) == (api.account, api.service)
    assert body["sid"].startswith("VE")
    assert len(body["sid"]) == 34
    assert [sent["channel"] for sent in body["send_code_attempts"]] == ["sms"]
    assert body["url"].endswith(f"/v2/Services/{api.service}/Verifications/{body['sid']}")
    check = api.verify("/VerificationCheck", To=MARIA, Code="123456")
    assert check.status_code == 200
    assert (check.json()["status"], check.json()["valid"], check.json()["sid"]) == ("approved", True, body["sid"])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"Channel": "sms"}, (400, 60200)),
        ({"To": MARIA}, (400, 60200)),
        ({"To": MARIA, "Channel": "fax"}, (400, 60200)),
        ({"To": "4155550011", "Channel": "sms"}, (400, 60200)),
        ({"To": LANDLINE, "Channel": "sms"}, (403, 60205)),
    ],
)
def test_a_wrong_verification_is_refused(api: Twilio, form: dict[str, str], expected: tuple[int, int]) -> None:
    assert refused(api.verify("/Verifications", **form)) == expected


def test_after_five_checks_a_number_waits_until_the_code_ends_or_is_canceled(api: Twilio) -> None:
    sid = api.verify("/Verifications", To=MARIA, Channel="sms").json()["sid"]
    for _ in range(5):
        api.verify("/VerificationCheck", VerificationSid=sid, Code="111111")
    assert refused(api.verify("/VerificationCheck", VerificationSid=sid, Code="123456")) == (429, 60202)
    assert refused(api.verify("/Verifications", To=MARIA, Channel="sms")) == (429, 60202)
    ended = api.verify(f"/Verifications/{sid}", Status="canceled")
    assert (ended.status_code, ended.json()["status"]) == (200, "canceled")
    assert api.verify("/Verifications", To=MARIA, Channel="sms").status_code == 201


def test_a_code_belongs_to_its_account_and_service(api: Twilio, emulator: Emulator) -> None:
    account, service = "AC" + "b" * 32, "VA" + "b" * 32
    body: dict[str, object] = {
        "provider": "twilio",
        "account_sid": account,
        "auth_token": "other-token",
        "service_sid": service,
    }
    emulator.control("POST", "/credentials", body)
    other = Twilio(emulator, account, "other-token", service)
    sid = api.verify("/Verifications", To=MARIA, Channel="sms").json()["sid"]
    assert refused(other.verify("/VerificationCheck", VerificationSid=sid, Code="123456")) == (404, 20404)
    foreign = Twilio(emulator, account, "other-token", api.service)
    assert refused(foreign.verify("/Verifications", To=MARIA, Channel="sms")) == (404, 20404)
    assert other.verify("/Verifications", To=MARIA, Channel="call").status_code == 201


@pytest.mark.parametrize("auth", [None, ("AC" + "0" * 31 + "1", "wrong"), ("AC" + "9" * 32, "twilio-sandbox-token")])
def test_without_a_right_credential_nothing_is_told(api: Twilio, auth: tuple[str, str] | None) -> None:
    for path in (f"/v2/Services/{api.service}/Verifications", "/nothing/here"):
        assert refused(requests.post(api.base + path, auth=auth, timeout=10)) == (401, 20003)


def test_texts_and_calls_stand_in_the_inbox(api: Twilio, emulator: Emulator) -> None:
    api.verify("/Verifications", To=MARIA, Channel="sms", Locale="es")
    api.verify("/Verifications", To=MARIA, Channel="call")
    api.message(To=MARIA, From=api.sender, Body="Finish here: https://example.com/x")
    assert [(text["channel"], text["sender"], text["code"], text["body"]) for text in inbox(emulator)] == [
        ("sms", "+15005550006", "", "Finish here: https://example.com/x"),
        ("call", "Twilio Verify", "123456", "Your code is 1, 2, 3, 4, 5, 6. Once more: 1, 2, 3, 4, 5, 6."),
        ("sms", "Twilio Verify", "123456", "Tu código de verificación de Prefill es: 123456"),
    ]
    page = requests.get(f"{emulator.url}/inbox", timeout=10).text
    assert "“Your code is 1, 2, 3, 4, 5, 6. Once more: 1, 2, 3, 4, 5, 6.”" in page
    assert "Call from Twilio Verify" in page


def test_a_message_as_it_is_answered(api: Twilio) -> None:
    answer = api.message(To=MARIA, From=api.sender, Body="x" * 161)
    body = answer.json()
    assert answer.status_code == 201
    assert (body["to"], body["from"], body["status"], body["num_segments"]) == (MARIA, api.sender, "queued", "2")
    assert body["sid"].startswith("SM")
    assert body["uri"] == f"/2010-04-01/Accounts/{api.account}/Messages/{body['sid']}.json"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"To": ""}, (400, 21604)),
        ({"From": ""}, (400, 21603)),
        ({"Body": ""}, (400, 21602)),
        ({"From": "+14155550199"}, (400, 21606)),
        ({"To": "+1415"}, (400, 21211)),
        ({"To": LANDLINE}, (400, 21614)),
        ({"To": "+442071838750"}, (400, 21408)),
        ({"Body": "x" * 1601}, (400, 21617)),
    ],
)
def test_a_wrong_message_is_refused(api: Twilio, change: dict[str, str], expected: tuple[int, int]) -> None:
    form = {"To": MARIA, "From": api.sender, "Body": "Hello", **change}
    assert refused(api.message(**form)) == expected


def test_another_accounts_messages_are_not_there(api: Twilio) -> None:
    answer = api.post(f"/2010-04-01/Accounts/AC{'9' * 32}/Messages.json", To=MARIA, From=api.sender, Body="Hello")
    assert refused(answer) == (404, 20404)
