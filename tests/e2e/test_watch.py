"""The watch over every browser test hears what it must, wherever it happens."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from tests.support.browser import Watch, watched

pytestmark = pytest.mark.e2e

SITE = "http://watched.example"
POLICY = "default-src 'none'; script-src 'self'; frame-src 'self'"
PAGES = {
    "/": ("<script src=/frame-then-window.js></script><iframe src=/frame></iframe>", POLICY),
    "/frame": ("<script src=/throws.js></script>", POLICY),
    "/window": ("<script>alert(1)</script>", POLICY),
}
SCRIPTS = {"/frame-then-window.js": "console.error('said aloud'); open('/window')", "/throws.js": "nobody.home()"}


def _serve(context: BrowserContext) -> None:
    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path in SCRIPTS:
            route.fulfill(body=SCRIPTS[path], content_type="text/javascript")
        elif path in PAGES:
            body, policy = PAGES[path]
            route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": policy})
        else:
            route.fulfill(status=404)

    context.route(f"{SITE}/**", answer)


def test_errors_of_a_page_its_frame_and_its_window_are_heard(browser: Browser) -> None:
    watch = Watch()
    with watched(browser, watch) as context:
        _serve(context)
        page = context.new_page()
        page.goto(f"{SITE}/")
        page.wait_for_timeout(500)
    heard = "\n".join(watch.wrong)
    for part in ("said aloud", "nobody is not defined", "Content Security Policy"):
        assert part in heard
    watch.expect("said aloud")
    assert "said aloud" not in "\n".join(watch.wrong)
    assert "nobody is not defined" in "\n".join(watch.wrong)
