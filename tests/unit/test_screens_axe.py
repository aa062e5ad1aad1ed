"""axe finds nothing on any screen, light and dark, framed and not; none is wider than the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.unit.screen_app import ROOT
from tests.unit.screen_server import Stage, Turn
from tests.unit.side_screen_samples import SAMPLES

pytest_plugins = ["tests.unit.screen_browser"]
pytestmark = pytest.mark.e2e
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@pytest.mark.parametrize(
    ("width", "theme", "framed"), [(320, "light", False), (390, "dark", True), (1280, "light", False)]
)
def test_every_screen_is_accessible(stage: Stage, browser: Browser, width: int, theme: str, framed: bool) -> None:
    script = AXE.read_text()
    found = []
    for name in SAMPLES:
        stage.plan[f"/{name}"] = [Turn(name, page={**SAMPLES[name][1], "framed": framed})]
    with browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if theme == "dark" else "light",
        bypass_csp=True,
        reduced_motion="reduce",
    ) as context:
        context.route("**/link-initialize.js", lambda route: route.abort())
        page = context.new_page()
        for name in SAMPLES:
            page.goto(f"{stage.origin}/{name}")
            page.evaluate(OPEN_ALL)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{name} is wider than {width}")
            page.evaluate(script)
            result = page.evaluate("(rules) => axe.run(document, { runOnly: rules })", RULES)
            found += [f"{name}: {one['id']} {one['nodes'][0]['html'][:100]}" for one in result["violations"]]
    assert found == []
