"""Every screen renders in both languages, is sound HTML, and works without script."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.unit.html_check import faults
from tests.unit.screen_app import make_app, render
from tests.unit.screen_samples import REVIEW, REVIEW_WRONG, START_WRONG, page
from tests.unit.side_screen_samples import ERROR, SAMPLES, sample

NONCE = "bm9uY2U"
NAMES = sorted(SAMPLES)


@pytest.fixture(scope="module")
def app() -> Flask:
    return make_app()


def document(app: Flask, name: str, locale: str = "en", **changes: object) -> str:
    surroundings, screen = sample(name, locale, **changes)
    return render(app, f"consumer/{screen.template}.html", locale, page=surroundings, screen=screen)


def fragment(app: Flask, name: str, **changes: object) -> str:
    surroundings, screen = sample(name, **changes)
    return render(app, f"consumer/_{screen.template}.html", page=surroundings, screen=screen)


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_sound(app: Flask, name: str, locale: str) -> None:
    assert faults(document(app, name, locale), NONCE) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_fragment_is_one_sound_frame(app: Flask, name: str) -> None:
    html = fragment(app, name)
    assert faults(html, NONCE, fragment=True) == []
    assert html.strip().startswith('<div class="frame" id="frame"')
    assert html.strip().endswith("</div>")


@pytest.mark.parametrize("name", NAMES)
def test_forms_carry_action_method_and_token(app: Flask, name: str) -> None:
    for form in re.findall(r"<form .*?</form>", fragment(app, name, csrf_token="the-token"), re.DOTALL):
        head = form.split(">", 1)[0]
        assert re.search(r' action="[^"]+"', head)
        assert 'method="post"' in head
        assert 'name="csrf_token" value="the-token"' in form


@pytest.mark.parametrize("name", NAMES)
def test_without_a_binding_everything_is_native(app: Flask, name: str) -> None:
    if name not in {"waiting", "shell", "bank-intro-window"}:
        assert "data-hx-" not in fragment(app, name, bound=False)


def test_the_check_of_pages_finds_faults() -> None:
    broken = (
        '<!doctype html><html lang="en"><head><title>x</title></head><body><h1>a</h1><h1 id="a">b</h1>'
        '<p id="a" style="color:red" onclick="x()">c</p><input name="bare"><a href="#gone" hx-get="/x">d</a>'
        '<a href="/x" data-hx-get="/x">e</a><script>1</script></body></html>'
    )
    found = " | ".join(faults(broken, NONCE))
    for fault in (
        "stands twice",
        "2 h1",
        "carries style",
        "handler onclick",
        "bare has no label",
        "#gone",
        "spells hx-get",
        "without the nonce",
        "a script without nonce",
    ):
        assert fault in found
    assert "not valid HTML" in faults("<!doctype html><p><div></p>", NONCE)[0]


def test_the_error_page_needs_no_tenant(app: Flask) -> None:
    for locale in ("en", "es"):
        html = render(app, "errors/error.html", locale, screen=ERROR)
        assert faults(html, NONCE) == []
    assert faults(render(app, "errors/_error.html", screen=ERROR), NONCE, fragment=True) == []
    assert "We are on it" in render(app, "errors/_alert.html", sentence="We are on it", go_on_url=None)


def test_only_what_is_given_is_in_the_head(app: Flask) -> None:
    plain = document(app, "code", csrf_token=None, onboarding_url=None)
    for name in ("bearer", "csrf", "embed", "url"):
        assert f"prefill-{name}" not in plain
    assert " data-framed" not in plain
    full = document(app, "code", bearer="b1", csrf_token="c1", framed=True, embed_origin="https://acme.example")
    assert '<meta name="prefill-bearer" content="b1">' in full
    assert '<meta name="prefill-embed" content="https://acme.example">' in full
    assert '<html lang="en" data-framed>' in full


def test_texts_of_others_are_escaped(app: Flask) -> None:
    html = document(app, "code", tenant_name="<b>Acme & Sons</b>")
    assert "<b>Acme" not in html
    assert "&lt;b&gt;Acme &amp; Sons&lt;/b&gt;" in html
    html = document(app, "bank-intro", tenant_name="<b>Acme</b>")
    assert "most of what &lt;b&gt;Acme&lt;/b&gt; asks" in html


def test_errors_stand_in_the_summary_and_at_the_field(app: Flask) -> None:
    html = render(app, "consumer/review.html", page=page(now=4, wide=True), screen=REVIEW_WRONG)
    assert "6 answers need another look" in html
    for link in REVIEW_WRONG.errors:
        assert f'<a href="#{link.target}">' in html
    assert "<title>Error: Check your details" in html
    start = render(app, "consumer/start_phone.html", page=page(), screen=START_WRONG)
    assert 'aria-describedby="phone-hint phone-error" aria-invalid="true"' in start


def test_locked_and_masked_values_are_not_posted(app: Flask) -> None:
    html = render(app, "consumer/_review.html", page=page(now=4), screen=REVIEW)
    for key in ("birth", "mobile", "ssn_last_four", "member"):
        assert f'name="{key}"' not in html
    assert 'name="dispute" value="birth"' in html
    assert 'name="undispute" value="member"' in html
    assert 'name="undo" value="first_name"' in html


def test_enter_never_presses_undo(app: Flask) -> None:
    html = render(app, "consumer/_review.html", page=page(now=4), screen=REVIEW)
    form = html[html.index("<form") :]
    first = re.search(r"<button[^>]*>", form)
    assert first and "name=" not in first[0]


def test_polling_ends_by_markup(app: Flask) -> None:
    assert 'data-hx-trigger="every 1s"' in fragment(app, "waiting")
    assert "data-hx-trigger" not in fragment(app, "waiting-over")


def test_a_form_for_a_window_of_its_own_is_never_htmx(app: Flask) -> None:
    html = fragment(app, "bank-intro-window")
    form = re.search(r"<form[^>]*data-window[^>]*>", html)
    assert form and 'target="_blank"' in form[0] and "data-hx" not in form[0]
    assert 'name="handoff" value="once"' in html


def test_the_alert_is_empty_until_needed(app: Flask) -> None:
    for name in NAMES:
        assert '<div class="alert" id="alert" role="alert"></div>' in fragment(app, name)


def test_the_words_that_scripts_and_people_look_for(app: Flask) -> None:
    wanted = {
        "start": ("Mobile number", "Month", "Day", "Year", "Text me a code", "Fill in the form yourself"),
        "code": ("Six-digit code", "Confirm", "Change the number"),
        "code-wrong": ("Send a new code",),
        "bank-intro": ("Continue to your bank", "Rather not?"),
        "credit-file": ("Yes, get my credit file", "No, I’ll list my debts myself"),
        "review": ("Share with Acme", "This isn’t me", "Share Everyday Checking"),
        "manual": ("Save and continue", "First and middle name"),
        "not-me": ("This isn’t me. Clear it", "It’s me. Go back"),
        "done": ("Back to Acme Credit Union", "What you shared", "Save a copy"),
    }
    for name, words in wanted.items():
        html = fragment(app, name)
        assert [word for word in words if word not in html] == []
