"""The consumer's part, by plain forms, as a browser without script would send them."""

import re
from dataclasses import dataclass, field
from typing import Any

import html5lib
from werkzeug.test import TestResponse

from app.worker import Worker
from tests.contract.plaid_drive import Link
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator

PHONE, BIRTH, CODE = "(415) 555-0011", ("1", "18", "1975"), "123456"


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

    def get(self, url: str) -> TestResponse:
        return self._keep(self.client.get(url, follow_redirects=True, headers=self.headers))

    def post(self, url: str, **form: Any) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        if token:
            form["csrf_token"] = token[1]
        return self._keep(self.client.post(url, data=form, follow_redirects=True, headers=self.headers))

    def post_json(self, url: str, body: dict[str, Any]) -> TestResponse:
        token = re.search(r'name="prefill-csrf" content="([^"]+)"', self.page)
        headers = {"X-CSRF-Token": token[1]} if token else {}
        return self.client.post(url, json=body, headers={**self.headers, **headers})

    def _keep(self, response: TestResponse) -> TestResponse:
        self.page, self.status = response.get_data(as_text=True), response.status_code
        found = re.search(r'data-onboarding="(onb_[0-9a-f]+)"', self.page)
        self.onboarding = found[1] if found else self.onboarding
        return response

    @property
    def heading(self) -> str:
        """What the reader sees first."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.S)
        return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", found[1])).strip() if found else ""

    def url(self, *parts: str) -> str:
        return "/".join((f"/onboarding/{self.onboarding}", *parts))

    def filled_form(self) -> dict[str, Any]:
        """The form on the page as it would be sent unchanged."""
        root = html5lib.parse(self.page, namespaceHTMLElements=False)
        sent: dict[str, Any] = {}
        for element in root.iter():
            name, kind = element.attrib.get("name") if isinstance(element.tag, str) else None, element.attrib.get("type")
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

    def open_bank(self) -> str:
        """To the page that hosts Plaid; the link token on it."""
        self.post(self.url("bank"))
        found = re.search(r'data-token="([^"]+)"', self.page)
        return found[1] if found else ""

    def share_at_bank(self, link_token: str, phone: str = "+14155550011") -> str:
        """What happens inside Plaid's window, by the emulator's own calls; the public token."""
        through = Link(self.emulator, link_token).through_code(phone)
        return str(through.act("share", account=["0-0"]).public_token)

    def finish_bank(self) -> None:
        public_token = self.share_at_bank(self.open_bank())
        answer = self.post_json(self.url("bank", "finished"), {"public_token": public_token})
        self.worker.run_due()
        self.get(answer.get_json()["location"])

    def answer_credit_file(self, answer: str = "yes") -> None:
        self.post(self.url("credit-file"), answer=answer)
        self.worker.run_due()
        self.get(self.url())
