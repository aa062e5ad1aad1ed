"""The consumer's part, by plain forms, as a browser without script would send them."""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.test import TestResponse

from app.worker import Worker
from tests.contract.plaid_drive import Link
from tests.support.challenges import solve
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator

PHONE, BIRTH, CODE = "(415) 555-0011", ("1", "18", "1975"), "123456"
PHONE_E164 = "+14155550011"
# What every bank of the sandbox takes.
AT_BANK = "pass_good"
# Every answer of the form by hand.
MANUAL = {
    "first_name": "Theo",
    "last_name": "Lindqvist",
    "date_of_birth_month": "7",
    "date_of_birth_day": "2",
    "date_of_birth_year": "1996",
    "phone_number": "(206) 555-0147",
    "email": "theo@example.com",
    "ssn_last_four": "4021",
    "address_street": "12 Pine Street",
    "address_unit": "",
    "address_city": "Seattle",
    "address_state": "WA",
    "address_postal_code": "98101",
    "employer_name": "Northwind Traders",
}


@dataclass
class Consumer:
    """One consumer in one browser; `page` is the last page."""

    client: CheckedClient
    emulator: Emulator
    worker: Worker
    page: str = ""
    status: int = 0
    onboarding: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    link: str = ""
    token: str = ""
    proves: bool = True

    def get(self, url: str) -> TestResponse:
        return self._keep(self.client.get(url, follow_redirects=True, headers=self.headers))

    def post(self, url: str, **form: Any) -> TestResponse:
        if self.token:
            form["csrf_token"] = self.token
        return self._keep(self.client.post(url, data=form, follow_redirects=True, headers=self.headers))

    def post_json(self, url: str, body: dict[str, Any]) -> TestResponse:
        headers = {"X-CSRF-Token": self.token} if self.token else {}
        return self.client.post(url, json=body, headers={**self.headers, **headers})

    def _keep(self, response: TestResponse) -> TestResponse:
        self.page, self.status = response.get_data(as_text=True), response.status_code
        found = re.search(r'data-onboarding="(onb_[0-9a-f]+)"', self.page)
        bound = 'name="csrf_token"' in self.page or 'name="prefill-csrf"' in self.page
        self.onboarding = found[1] if found and bound else self.onboarding
        # A page without one leaves the last one standing, as the back button would.
        self.token = self.csrf_token or self.token
        challenge = re.search(r'name="challenge" value="([^"]+)"', self.page)
        return self._prove(challenge[1]) if challenge and self.proves else response

    def _prove(self, challenge: str) -> TestResponse:
        """What the script of the page does by itself."""
        form = next(e for e in self._root().iter() if e.tag == "form" and e.attrib.get("id") == "proof-form")
        action = form.attrib["action"]
        return self.post(action, **{**self.filled_form(action), "solution": solve(challenge)})

    # ---------- What the page says ----------
    @property
    def csrf_token(self) -> str:
        found = re.search(r'name="prefill-csrf" content="([^"]+)"', self.page)
        found = found or re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        return found[1] if found else ""

    @property
    def heading(self) -> str:
        """What the reader sees first."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.S)
        return _flat(re.sub("<[^>]+>", "", found[1])) if found else ""

    @property
    def text(self) -> str:
        """Everything there is to read, in one line."""
        root = self._root()
        body = root.find("body")
        return _text(root if body is None else body)

    @property
    def moves(self) -> list[str]:
        """What can be pressed inside the card: buttons and links."""
        found = (e for e in self._card().iter() if e.tag in ("a", "button") and "hidden" not in e.attrib)
        return [_text(element) for element in found]

    @property
    def actions(self) -> list[str]:
        """Where the forms of the whole page go."""
        return [element.attrib["action"] for element in self._root().iter() if element.tag == "form"]

    def _root(self) -> Element:
        root: Element = html5lib.parse(self.page, namespaceHTMLElements=False)
        return root

    def _card(self) -> Element:
        root = self._root()
        found = next((element for element in root.iter() if element.tag == "main"), None)
        return root if found is None else found

    def url(self, *parts: str) -> str:
        return "/".join((f"/onboarding/{self.onboarding}", *parts))

    def filled_form(self, action: str = "") -> dict[str, Any]:
        """The form on the page as it would be sent unchanged; all of them together without `action`."""
        root = self._root()
        if action:
            root = next(e for e in root.iter() if e.tag == "form" and e.attrib["action"] == action)
        sent: dict[str, Any] = {}
        for element in root.iter():
            name, kind = (
                element.attrib.get("name") if isinstance(element.tag, str) else None,
                element.attrib.get("type"),
            )
            if not name or element.tag not in ("input", "select", "textarea") or name == "csrf_token":
                continue
            if kind in ("checkbox", "radio"):
                if "checked" in element.attrib:
                    sent.setdefault(name, []).append(element.attrib.get("value", "on"))
            elif element.tag == "select":
                chosen = [o for o in element.iter("option") if "selected" in o.attrib]
                sent[name] = chosen[0].attrib["value"] if chosen else ""
            else:
                sent[name] = element.attrib.get("value", "")
        return sent

    # ---------- The steps ----------
    def open(self, token: str) -> None:
        self.link = f"/o/{token}"
        self.get(self.link)

    def start(self, phone: str = PHONE, birth: tuple[str, str, str] = BIRTH) -> None:
        month, day, year = birth
        url = self.url("phone") if self.onboarding else self.link
        self.post(url, country="US", phone_number=phone, birth_month=month, birth_day=day, birth_year=year)

    def confirm(self, code: str = CODE) -> None:
        self.post(self.url("code"), code=code)

    def prove(self, token: str) -> None:
        """From the launch link to the bank step."""
        self.open(token)
        self.start()
        self.confirm()

    def by_hand(self, **changes: str) -> None:
        """The whole form by hand, up to the review."""
        answers = {**MANUAL, **changes}
        self.post(self.url("manual"), **answers)

    def open_bank(self) -> str:
        """To the page that hosts Plaid; the link token on it."""
        self.post(self.url("bank"))
        found = re.search(r'data-token="([^"]+)"', self.page)
        return found[1] if found else ""

    def share_at_bank(self, link_token: str, phone: str = PHONE_E164) -> str:
        """What happens inside Plaid's window, by the emulator's own calls; the public token."""
        through = Link(self.emulator, link_token).through_code(phone)
        return str(through.act("share", account=["0-0"]).public_token)

    def tell(self, what: str, **body: Any) -> dict[str, Any]:
        """What the page that hosts Plaid tells the server; what the server answers."""
        answer = self.post_json(self.url("bank", what), body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told: dict[str, Any] = answer.get_json()
        return told

    def refuse_layer(self, link_token: str) -> str:
        """Layer knows neither phone nor date of birth; the token of ordinary Link, which is next."""
        assert "date_of_birth" in self.tell("not-available", by="phone", reason="not_available", link_token=link_token)
        told = self.tell("not-available", by="birth", reason="not_available", link_token=link_token)
        assert told["mode"] == "link"
        return str(told["token"])

    def sign_in_at_bank(
        self, link_token: str, institution_id: str = "ins_109508", password: str = AT_BANK, *accounts: str
    ) -> str:
        """Ordinary Link, past its panes about the phone; the public token."""
        link = Link(self.emulator, link_token).act("open").act("continue").act("skip")
        link.act("institution", institution_id=institution_id)
        link.act("credentials", username="user_good", password=password)
        return link.act("share", account=list(accounts or ("0",))).act("finish").public_token

    def tell_bank_finished(self) -> str:
        """Up to where the worker has to fetch; the public token."""
        public_token = self.share_at_bank(self.open_bank())
        answer = self.post_json(self.url("bank", "finished"), {"public_token": public_token})
        assert answer.get_json() == {"location": self.url()}
        self.get(self.url())
        return public_token

    def finish_bank(self) -> None:
        self.tell_bank_finished()
        self.work()

    def work(self) -> None:
        """The worker does what is due, then the page is looked at again."""
        self.worker.run_due()
        self.get(self.url())

    def answer_credit_file(self, answer: str = "yes") -> None:
        self.post(self.url("credit-file"), answer=answer)
        self.work()

    def to_review(self, token: str, credit_file: str = "yes") -> None:
        """From the launch link to the review, through Layer."""
        self.prove(token)
        self.finish_bank()
        self.answer_credit_file(credit_file)

    def share(self, **changes: Any) -> None:
        """Press the button under the review, with what stands there."""
        self.post(self.url("review"), **{**self.filled_form(self.url("review")), **changes})


def _text(element: Element) -> str:
    return _flat("".join(_pieces(element)))


def _pieces(element: Element) -> list[str]:
    if not isinstance(element.tag, str) or element.tag in ("script", "style", "template", "noscript"):
        return []
    found = [element.text or ""]
    for child in element:
        found += [*_pieces(child), child.tail or ""]
    return [*found, " "]


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
