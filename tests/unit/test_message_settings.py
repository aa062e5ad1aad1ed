"""Where mails may leave: whole, encrypted, and in production never into the inbox."""

import base64
import secrets

import pytest

from config.settings import Settings, SettingsError, load_settings

URL, FROM = "PREFILL_MESSAGES__EMAIL_URL", "PREFILL_MESSAGES__EMAIL_FROM"


def loaded(environment: str = "production", **more: str) -> Settings:
    def key() -> str:
        return base64.b64encode(b"\xff" + secrets.token_bytes(31)).decode()

    return load_settings(
        {
            "PREFILL_ENVIRONMENT": environment,
            "PREFILL_APP_URL": "https://onboarding.example.com",
            "PREFILL_DATABASE_URL": "postgresql+psycopg://db/prefill",
            "PREFILL_ROOT_KEYS": key(),
            "PREFILL_HASH_KEY": key(),
            **more,
        }
    )


@pytest.mark.parametrize("url", ["smtp://user:p%40ss@mail.example.com:587", "smtps://mail.example.com"])
def test_a_mail_server_is_taken_and_its_password_not_shown(url: str) -> None:
    settings = loaded(**{URL: url, FROM: "no-reply@example.com"})
    assert settings.messages.email_url.get_secret_value() == url
    assert "p%40ss" not in repr(settings)


def test_without_one_no_mails_are_sent() -> None:
    assert loaded().messages.email_url.get_secret_value() == ""


def test_production_refuses_the_inbox() -> None:
    inbox = {URL: "http://127.0.0.1:8001/inbox/mails", FROM: "no-reply@example.com"}
    assert loaded("development", **inbox).messages.email_from == "no-reply@example.com"
    with pytest.raises(SettingsError, match="the inbox is for development"):
        loaded(**inbox)


@pytest.mark.parametrize(
    ("url", "sender", "words"),
    [
        ("ftp://mail.example.com", "a@b.cd", "email_url is"),
        ("smtp:// mail", "a@b.cd", "email_url is"),
        ("smtp://mail.example.com", "", "need each other"),
        ("", "a@b.cd", "need each other"),
        ("smtp://mail.example.com", "Acme <a@b.cd>", "email_from is one address"),
        ("smtp://mail.example.com", "a@b.cd\r\nBcc: x@y.z", "email_from is one address"),
    ],
)
def test_what_could_not_work_is_refused_with_a_sentence(url: str, sender: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        loaded(**{URL: url, FROM: sender})
    assert "PREFILL_MESSAGES" in str(caught.value)
