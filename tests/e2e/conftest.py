"""Fixtures of the tests that drive the whole product in a browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.e2e.person import Person
from tests.support.browser import Watch, browser, playwright, watched  # noqa: F401 - fixtures
from tests.support.served import Product, product  # noqa: F401 - fixtures

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=800)
NewPerson = Callable[..., Person]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test when any page, frame or pop-up met an error that it did not expect."""
    made = Watch()
    yield made
    assert made.wrong == []


@pytest.fixture
def new_person(product: Product, browser: Browser, watch: Watch) -> Iterator[NewPerson]:  # noqa: F811
    """Makes a person with a browser of their own: `framed`, `locale`, and options of the browser."""
    product.control("/reset", {})
    with ExitStack() as ends:

        def make(*, framed: bool = False, locale: str = "en", **options: Any) -> Person:
            wanted = {"viewport": DESK, "locale": "es-US" if locale == "es" else "en-US", **options}
            context = ends.enter_context(watched(browser, watch, **wanted))
            return Person(product, context, locale=locale, framed=framed)

        yield make


@pytest.fixture
def maria(new_person: NewPerson) -> Person:
    """The person with whom everything works, at a desk."""
    return new_person()
