"""Mails by SMTP and into the inbox, texts by Twilio: what goes over the line, and what becomes of every refusal."""

import email
import email.policy
import logging
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.providers.errors import ProviderError, Reason
from app.providers.messages import Email, InboxSender
from app.providers.messages_smtp import SmtpSender
from app.providers.transport import Timeouts
from app.providers.twilio_messages import TwilioMessagesClient
from tests.contract.smtp_server import MailServer, mail_server
from tests.support.emulator import Emulator
from tests.support.inbox import mails_to, texts_to

SENDER = "no-reply@prefill.example"
MAIL = Email(
    to="maria@example.com",
    sender_name="Acme Credit Union",
    subject="Su formulario está listo",
    text="Aquí está: https://onboarding.example.com/o/abc\n",
    html="<p>Aquí está</p>",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as made:
        yield made


def sender(server: MailServer, scheme: str = "smtp", login: str = "", seconds: float = 5.0) -> SmtpSender:
    url = f"{scheme}://{login}localhost:{server.port}"
    return SmtpSender(url, SENDER, timeouts=Timeouts(2, 2, seconds), tls=server.trusting)


def refused(server: MailServer, mail: Email = MAIL, **more: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        sender(server, **more).send(mail)
    return caught.value


# ---------- SMTP ----------


def test_a_mail_goes_encrypted_with_both_bodies(server: MailServer) -> None:
    sender(server, login="user%40x:se%2Fcret@").send(MAIL)
    (raw,) = server.mails
    mail = email.message_from_string(raw, policy=email.policy.default)
    assert (mail["From"], mail["To"]) == (f"Acme Credit Union <{SENDER}>", "maria@example.com")
    assert (mail["Subject"], mail["Auto-Submitted"]) == (MAIL.subject, "auto-generated")
    assert mail["Message-ID"].endswith("@prefill.example>")
    assert mail["Date"]
    parts = {part.get_content_type(): part.get_content().strip() for part in mail.walk() if not part.is_multipart()}
    assert parts == {"text/plain": MAIL.text.strip(), "text/html": MAIL.html}
    plain = [command for command in server.commands if "encrypted" not in command]
    assert plain == ["EHLO", "STARTTLS"], "nothing of the mail went in the clear"
    assert server.logins == ["AUTH PLAIN " + b64encode(b"\0user@x\0se/cret").decode()]


def test_smtps_is_encrypted_from_the_first_byte(tmp_path: Path) -> None:
    with mail_server(tmp_path, from_start=True) as server:
        sender(server, "smtps").send(MAIL)
        assert len(server.mails) == 1
        assert all("encrypted" in command for command in server.commands)


def test_a_server_without_encryption_gets_nothing(server: MailServer) -> None:
    server.without_tls = True
    error = refused(server, login="user:secret@")
    assert (error.code, error.reason, error.retryable) == ("not_supported", Reason.NOT_CONFIGURED, False)
    assert (server.mails, server.logins) == ([], [])


def test_a_certificate_of_nobody_we_know_gets_nothing(server: MailServer) -> None:
    with pytest.raises(ProviderError) as caught:
        SmtpSender(f"smtp://user:secret@localhost:{server.port}", SENDER).send(MAIL)
    assert caught.value.code == "tls_failed"
    assert (server.mails, server.logins) == ([], [])


@pytest.mark.parametrize(
    ("word", "answer", "code", "retryable"),
    [
        ("greeting", "554 not today", "smtp_554", False),
        ("greeting", "421 full", "smtp_421", True),
        ("AUTH", "535 wrong", "login_refused", False),
        ("MAIL", "451 later", "smtp_451", True),
        ("RCPT", "550 nobody here", "recipient_refused", False),
        ("RCPT", "450 busy", "recipient_refused", True),
        ("DATA", "554 no", "smtp_554", False),
        ("taken", "452 full", "smtp_452", True),
        ("taken", "554 spam of maria@example.com", "smtp_554", False),
    ],
)
def test_a_refusal_is_final_or_may_pass(
    server: MailServer, caplog: pytest.LogCaptureFixture, word: str, answer: str, code: str, retryable: bool
) -> None:
    server.answers[word] = answer
    with caplog.at_level(logging.INFO):
        error = refused(server, login="user:secret@")
    assert (error.code, error.retryable) == (code, retryable)
    assert "maria" not in caplog.text + repr(error) + str(error)
    assert "secret" not in caplog.text + repr(error)


def test_a_rude_goodbye_changes_nothing(server: MailServer) -> None:
    server.answers["QUIT"] = "500 what?"
    sender(server).send(MAIL)
    assert len(server.mails) == 1


@pytest.mark.parametrize("word", ["greeting", "EHLO", "RCPT", "DATA"])
def test_a_server_that_drips_is_cut_off(server: MailServer, word: str) -> None:
    server.drip = word
    server.answers[word] = "250 " + "x" * 60
    with pytest.raises(ProviderError) as caught:
        sender(server, seconds=0.6).send(MAIL)
    assert (caught.value.code, caught.value.reason, caught.value.retryable) == ("timeout", Reason.PROVIDER_SLOW, True)


def test_nobody_there_may_pass() -> None:
    with pytest.raises(ProviderError) as caught:
        SmtpSender("smtp://localhost:9", SENDER).send(MAIL)
    assert (caught.value.code, caught.value.retryable) == ("connection_broken", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "maria@example.com\r\nBcc: all@example.com"},
        {"to": "maria"},
        {"subject": "Hello\r\nBcc: all@example.com"},
        {"sender_name": "Acme\r\nBcc: all@example.com"},
    ],
)
def test_nothing_slips_a_header_in(server: MailServer, changes: dict[str, str]) -> None:
    error = refused(server, Email(**{**vars(MAIL), **changes}))
    assert (error.code, error.retryable) == ("unusable_mail", False)
    assert server.commands == []


# ---------- The inbox and Twilio ----------


def test_the_inbox_keeps_a_mail(emulator: Emulator) -> None:
    InboxSender(f"{emulator.url}/inbox/mails", SENDER).send(MAIL)
    (mail,) = mails_to(emulator, MAIL.to)
    assert mail["sender"] == f"Acme Credit Union <{SENDER}>"
    assert (mail["subject"], mail["text"], mail["html"]) == (MAIL.subject, MAIL.text, MAIL.html)


def twilio(emulator: Emulator, **changes: str) -> TwilioMessagesClient:
    own = emulator.settings
    given = {
        "base_url": own.twilio_base_url,
        "account_sid": own.twilio_account_sid,
        "auth_token": own.twilio_auth_token,
        "from_number": own.twilio_from_number,
    }
    return TwilioMessagesClient(**{**given, **changes}, connection_key="con")


def test_a_text_is_sent(emulator: Emulator) -> None:
    twilio(emulator).send("+14155550011", "Acme: https://onboarding.example.com/o/abc & más")
    assert texts_to(emulator, "+14155550011") == ["Acme: https://onboarding.example.com/o/abc & más"]


@pytest.mark.parametrize(
    ("changes", "to", "reason"),
    [
        ({"auth_token": "wrong"}, "+14155550011", Reason.NOT_CONFIGURED),
        ({}, "12", Reason.NUMBER_INVALID),
    ],
)
def test_what_twilio_refuses_is_final(emulator: Emulator, changes: dict[str, str], to: str, reason: Reason) -> None:
    with pytest.raises(ProviderError) as caught:
        twilio(emulator, **changes).send(to, "x")
    assert (caught.value.reason, caught.value.retryable) == (reason, False)
    assert texts_to(emulator, to) == []


def test_a_text_that_may_be_on_its_way_is_not_sent_twice(emulator: Emulator) -> None:
    fault: dict[str, object] = {"provider": "twilio", "operation": "*", "fault": "500"}
    emulator.control("POST", "/faults", fault)
    with pytest.raises(ProviderError) as caught:
        twilio(emulator).send("+14155550011", "x")
    assert caught.value.retryable
    calls = emulator.control("GET", "/calls")["calls"]
    assert isinstance(calls, list)
    assert len(calls) == 1
