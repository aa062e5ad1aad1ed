"""What every page any test fetches must hold."""

import re
import warnings
from xml.etree.ElementTree import Element

import html5lib

HTMX = re.compile(r"^(data-)?hx-")


def check_page(text: str, policy: str) -> None:
    """Fail when a page or fragment is not valid, repeats an id, or steps around the policy.

    Raises:
        AssertionError: says which rule and where.
    """
    whole = text.lstrip().lower().startswith("<!doctype")
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = parser.parse(text) if whole else _fragment(parser, text)
    errors = [error for error in parser.errors if error[1] != "expected-doctype-but-got-start-tag"]
    assert not errors, f"not valid HTML: {errors[:3]}"
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    _check_ids(elements)
    _check_headings(elements, whole)
    _check_forms(elements)
    _check_attributes(elements, policy)


def _fragment(parser: html5lib.HTMLParser, text: str) -> Element:
    root = Element("fragment")
    root.extend(parser.parseFragment(text))
    return root


def _check_ids(elements: list[Element]) -> None:
    ids = [element.attrib["id"] for element in elements if "id" in element.attrib]
    repeated = {name for name in ids if ids.count(name) > 1}
    assert not repeated, f"ids used twice: {repeated}"
    known = set(ids)
    for element in elements:
        for name in ("aria-describedby", "aria-labelledby", "for"):
            for target in element.attrib.get(name, "").split():
                assert target in known, f"{name} points at {target}, which is not there"


def _check_headings(elements: list[Element], whole: bool) -> None:
    headings = [element for element in elements if element.tag == "h1"]
    assert len(headings) <= 1, "more than one h1"
    if whole:
        assert headings, "no h1"
        assert any(element.tag == "title" and (element.text or "").strip() for element in elements), "no title"
        root = next(element for element in elements if element.tag == "html")
        assert root.attrib.get("lang"), "no language"


def _check_forms(elements: list[Element]) -> None:
    labelled = {element.attrib["for"] for element in elements if element.tag == "label" and "for" in element.attrib}
    wrapped = {id(child) for element in elements if element.tag == "label" for child in element.iter()}
    for element in elements:
        if element.tag == "form":
            assert element.attrib.get("action"), "a form without an action"
            assert element.attrib.get("method", "get").lower() in ("post", "get")
        if element.tag in ("input", "select", "textarea") and element.attrib.get("type") != "hidden":
            named = element.attrib.get("id") in labelled or id(element) in wrapped
            assert named or "aria-label" in element.attrib, f"no label for {element.attrib}"


def _check_attributes(elements: list[Element], policy: str) -> None:
    nonce = re.search(r"'nonce-([^']+)'", policy)
    for element in elements:
        for name, value in element.attrib.items():
            assert name != "style", "a style attribute"
            assert not name.startswith("on"), f"an inline handler: {name}"
            assert not HTMX.match(name) or name.startswith("data-hx-"), f"{name} must be written data-{name}"
            if name in ("src", "href"):
                assert not value.startswith(("data:", "javascript:")), f"{name} is {value[:20]}"
        if element.tag == "script" and element.attrib.get("type") != "application/json":
            assert nonce, "a script where the policy has no nonce"
            assert element.attrib.get("nonce") == nonce.group(1), "a script without the page's nonce"
        if any(name.startswith("data-hx-") for name in element.attrib):
            assert nonce, "htmx where the policy has no nonce"
            assert element.attrib.get("data-hx-nonce") == nonce.group(1), f"htmx without the nonce: {element.attrib}"
