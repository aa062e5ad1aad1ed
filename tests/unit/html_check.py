"""What every page must hold: valid HTML, one h1, unique ids, tied labels, nonces, the htmx spelling."""

from __future__ import annotations

from html.parser import HTMLParser

import html5lib

Attributes = dict[str, str | None]
_CONTROLS = ("input", "select", "textarea")


class _Elements(HTMLParser):
    """Collects the start tags in order, and which labels wrap which controls."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, Attributes]] = []
        self.wrapped: set[int] = set()
        self._labels = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "label":
            self._labels += 1
        elif tag in _CONTROLS and self._labels:
            self.wrapped.add(len(self.found))
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._labels -= 1


def faults(html: str, nonce: str, *, fragment: bool = False) -> list[str]:
    """Everything that is wrong with a page or fragment; empty when it is well."""
    parser = html5lib.HTMLParser(strict=True)
    try:
        if fragment:
            parser.parseFragment(html)
        else:
            parser.parse(html)
    except html5lib.html5parser.ParseError as error:
        return [f"not valid HTML: {error}"]
    elements = _Elements()
    elements.feed(html)
    found = elements.found
    ids = [attributes["id"] for _tag, attributes in found if "id" in attributes]
    wrong = [f"id {one} stands twice" for one in {one for one in ids if ids.count(one) > 1}]
    headings = sum(tag == "h1" for tag, _attributes in found)
    if headings != 1:
        wrong.append(f"{headings} h1")
    wrong += _loose_references(found, {str(one) for one in ids}, fragment=fragment)
    wrong += _bare_controls(found, elements.wrapped)
    for tag, attributes in found:
        wrong += _unsafe(tag, attributes, nonce)
    return wrong


def _loose_references(found: list[tuple[str, Attributes]], ids: set[str], *, fragment: bool) -> list[str]:
    wrong = []
    for tag, attributes in found:
        for name in ("aria-describedby", "aria-labelledby", "for", "data-reveal"):
            lost = [target for target in (attributes.get(name) or "").split() if target not in ids]
            wrong += [f"{tag} {name} points to {target}, which is not there" for target in lost]
        href = attributes.get("href") or ""
        if href.startswith("#") and href[1:] not in ids and not (fragment and tag == "use"):
            wrong.append(f"{tag} leads to {href}, which is not there")
    return wrong


def _bare_controls(found: list[tuple[str, Attributes]], wrapped: set[int]) -> list[str]:
    labelled = {attributes.get("for") for tag, attributes in found if tag == "label"}
    return [
        f"{tag} {attributes.get('name')} has no label"
        for place, (tag, attributes) in enumerate(found)
        if tag in _CONTROLS
        and attributes.get("type") != "hidden"
        and place not in wrapped
        and "aria-label" not in attributes
        and attributes.get("id") not in labelled
    ]


def _unsafe(tag: str, attributes: Attributes, nonce: str) -> list[str]:
    wrong = []
    if "style" in attributes or tag == "style":
        wrong.append(f"{tag} carries style")
    wrong += [f"{tag} has the handler {name}" for name in attributes if name.startswith("on")]
    wrong += [f"{tag} spells {name}" for name in attributes if name.startswith("hx-")]
    if tag == "script" and (attributes.get("nonce") != nonce or "src" not in attributes):
        wrong.append("a script without nonce or source")
    moves = [name for name in attributes if name.startswith("data-hx-")]
    if moves and attributes.get("data-hx-nonce") != nonce:
        wrong.append(f"{tag} has {moves[0]} without the nonce")
    if moves and "data-hx-target" not in attributes:
        wrong.append(f"{tag} has {moves[0]} without a target")
    if any((value or "").startswith(("data:", "javascript:")) for value in attributes.values()):
        wrong.append(f"{tag} has a data: or javascript: URL")
    return wrong
