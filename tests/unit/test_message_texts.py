"""What texts and mails say: a link and the tenant's name, in both languages, and nothing that markup could abuse."""

import datetime as dt
import re

import pytest

from app.domain.message_texts import day_words, later_mail, later_text, speaker
from app.domain.tenant_settings import Branding

URL = "https://onboarding.example.com/o/" + "x" * 43
ACME = Branding(name="Acme Credit Union", short_name="Acme", light={"action": "#0f5a3d", "on-action": "#ffffff"})
NASTY = Branding(name='<b>A & "B"\r\nBcc: x', short_name="A")


def as_is(words: str, **values: str) -> str:
    return words % values if values else words


@pytest.mark.parametrize("locale", ["en", "es"])
def test_a_text_is_the_name_and_the_link_in_one_or_two_parts(locale: str) -> None:
    body = later_text(speaker(locale), ACME, URL)
    assert body.startswith("Acme: ")
    assert f" {URL} " in body
    assert len(body) <= 160, "longer ones cost twice"
    assert body.isascii() or locale == "es"


def test_the_languages_differ() -> None:
    english, spanish = (later_mail(speaker(locale), ACME, "a@b.cd", URL, "x") for locale in ("en", "es"))
    assert english.subject != spanish.subject
    assert english.text != spanish.text
    assert 'href="' + URL in spanish.html


def test_a_mail_wears_the_brand_and_says_the_link_in_both_bodies() -> None:
    mail = later_mail(as_is, ACME, "a@b.cd", URL, "Friday, December 5")
    assert (mail.to, mail.sender_name) == ("a@b.cd", "Acme Credit Union")
    assert URL in mail.text
    assert f'href="{URL}"' in mail.html
    assert "background:#0f5a3d;color:#ffffff" in mail.html
    assert "Friday, December 5" in mail.text
    assert "a@b.cd" not in mail.text + mail.html + mail.subject


def test_a_name_cannot_leave_its_place() -> None:
    mail = later_mail(as_is, NASTY, "a@b.cd", URL, "x")
    assert "\n" not in mail.subject + mail.sender_name
    assert "<b>" not in mail.html
    assert len(re.findall("<a ", mail.html)) == 1


def test_days_are_written_as_each_language_does() -> None:
    moment = dt.datetime(2026, 12, 4, 23, tzinfo=dt.UTC)
    assert day_words(moment, "en") == "Friday, December 4"
    assert day_words(moment, "es") == "viernes, 4 de diciembre"
