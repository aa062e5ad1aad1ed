"""After a whole journey nothing personal stays in the browser: cookies, storage, history, addresses."""

import base64
import json
import re
from typing import Any
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Frame

from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person

pytestmark = pytest.mark.e2e

# What Maria typed and what was found about her, as it would appear in any spelling of it.
PERSONAL = ("ortiz", "maria", "larkspur", "5550011", "555-0011", "555 0011", "1975-01-18", "19750118", "0011", "123456")
# Where storage is denied, nothing can have been kept.
READ = """async () => {
  const tried = async (read) => { try { return await read(); } catch { return "denied"; } };
  return {
    local: await tried(() => ({...localStorage})),
    session: await tried(() => ({...sessionStorage})),
    databases: await tried(() => indexedDB.databases()),
    caches: await tried(() => caches.keys()),
    state: history.state,
    url: location.href,
  };
}"""


def _unpacked(text: str) -> str:
    """With everything that is base64 in it once more in plain."""
    words = re.findall(r"[A-Za-z0-9_-]{16,}", text)
    opened = (base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode("utf-8", "ignore") for word in words)
    return " ".join((text, unquote_plus(text), *opened)).lower()


def _personal(kept: Any) -> set[str]:
    text = _unpacked(json.dumps(kept))
    # Ids and keys are hexadecimal or base64: digits alone mean nothing inside them.
    words = {word for word in PERSONAL if word in text}
    return {word for word in words if not word.isdigit() or re.search(rf"(?<![0-9a-z_-]){word}(?![0-9a-z_-])", text)}


def _watch_addresses(person: Person) -> list[str]:
    seen: list[str] = []

    def note(frame: Frame) -> None:
        if frame.url.startswith(person.product.app_url):
            seen.append(frame.url)

    def ask(request: Any) -> None:
        if request.url.startswith(person.product.app_url):
            seen.append(request.url)

    person.page.on("framenavigated", note)
    person.context.on("request", ask)
    return seen


def _kept(person: Person, seen: list[str]) -> dict[str, Any]:
    ours = [frame for page in person.context.pages for frame in page.frames if person.product.app_url in frame.url]
    assert ours
    return {
        "cookies": person.context.cookies(),
        "storage": [frame.evaluate(READ) for frame in ours],
        "state": person.context.storage_state(indexed_db=True),
        "addresses": seen,
    }


@pytest.mark.parametrize("framed", [False, True])
def test_nothing_personal_stays_in_the_browser(new_person: NewPerson, framed: bool) -> None:
    person = new_person(framed=framed)
    seen = _watch_addresses(person)
    person.apply()
    person.to_review()
    person.field("Last name").fill("Ortiz-Reyes")
    person.share()
    kept = _kept(person, seen)
    assert len(kept["addresses"]) > 5
    assert _personal(kept) == set()
    if not framed:
        entries = person.page.evaluate("history.length")
        for _ in range(entries - 1):
            person.page.go_back()
        assert _personal({"addresses": seen}) == set()


def test_the_search_finds_what_is_planted(maria: Person) -> None:
    seen = _watch_addresses(maria)
    maria.begin()
    maria.give_phone()
    assert _personal(_kept(maria, seen)) == set()
    for plant, word in (
        ("localStorage.setItem('draft', '(415) 555-0011')", "555-0011"),
        ("sessionStorage.setItem('draft', btoa('Maria Elena Ortiz Reyes'))", "ortiz"),
        ("history.replaceState({birth: '1975-01-18'}, '')", "1975-01-18"),
        ("history.replaceState({}, '', location.pathname + '?name=Larkspur+Street')", "larkspur"),
        ("document.cookie = 'code=123456'", "123456"),
    ):
        maria.page.evaluate(plant)
        assert word in _personal(_kept(maria, seen)), plant
