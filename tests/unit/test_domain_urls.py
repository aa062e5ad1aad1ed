"""Addresses of tenants: exact, safe, and nothing guessed."""

import pytest

from app.domain.urls import check_embed_origin, check_link, check_return_url

GOOD = [
    "https://acme.example/return",
    "https://acme.example",
    "http://localhost:8002/return",
    "http://127.0.0.1:8002/r",
]
BAD = [
    "",
    "acme.example/return",
    "//evil.example",
    "/return",
    "http://acme.example/return",
    "https://user@acme.example/",
    "https://user:pw@acme.example/",
    "https://",
    "https:///return",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://acme.example/",
    "https://acme.example\\@evil.example/",
    "https://acme.example/ return",
    "https://acme.example/\nreturn",
    "https://acme.éxample/",
    "https://acme.example:port/",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_good_return_url_stays_letter_by_letter(url: str) -> None:
    assert check_return_url(url) == url


@pytest.mark.parametrize(
    "url", [*BAD, "https://acme.example/?a=b", "https://acme.example/#x", "https://acme.example/?"]
)
def test_any_other_return_url_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|needs|has)"):
        check_return_url(url)


@pytest.mark.parametrize("url", BAD)
def test_a_link_to_a_page_is_held_to_the_same(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|needs|has)"):
        check_link(url)


def test_a_link_to_a_page_may_have_a_query() -> None:
    assert check_link("https://acme.example/terms?v=2#top") == "https://acme.example/terms?v=2#top"


@pytest.mark.parametrize("origin", ["https://acme.example", "https://acme.example:8443", "http://127.0.0.1:8002"])
def test_an_origin_is_as_a_browser_writes_it(origin: str) -> None:
    assert check_embed_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [*BAD, "https://acme.example/", "https://ACME.example", "https://acme.example/x", "https://*.acme.example/", "*"],
)
def test_anything_else_is_no_origin(origin: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|needs|has)"):
        check_embed_origin(origin)
