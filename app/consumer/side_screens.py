"""Screens beside the journey and at its ends. As in `screens`: frozen values, no Flask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from app.consumer.screen_parts import Fact, PhoneInput, Tick, Way, Words


@dataclass(frozen=True, kw_only=True)
class NotMe:
    """ "This isn't me": `action` erases, `back_url` returns."""

    template: ClassVar[str] = "not_me"
    action: str
    back_url: str


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question before something final: cancel, delete my data. The door back stands beside it."""

    template: ClassVar[str] = "ask"
    heading: str
    sentence: str
    points: tuple[str, ...]
    action: str
    action_label: str
    back_url: str
    back_label: str


@dataclass(frozen=True, kw_only=True)
class FinishLater:
    """How to come back. The actions are there where a link can be sent so; `email_action` is posted `email`.

    Without `kept` a phone was never proven, so another browser begins anew.
    """

    template: ClassVar[str] = "finish_later"
    until: str
    back_url: str
    kept: bool = True
    text_action: str | None = None
    masked_phone: str | None = None
    email_action: str | None = None
    email: str = ""
    error: str | None = None
    notice: str | None = None
    sent: Literal["text", "email"] | None = None
    device_action: str | None = None


@dataclass(frozen=True, kw_only=True)
class OtherDevice:
    """A code to scan. `state`: `waiting` for a phone, `opened` by one, `ended` unused.

    `qr_path` draws dark squares in a grid of `qr_size`. The page asks `poll_url` until the phone has moved on.
    """

    template: ClassVar[str] = "other_device"
    state: Literal["waiting", "opened", "ended"]
    back_url: str
    action: str
    poll_url: str | None = None
    link: str = ""
    qr_path: str = ""
    qr_size: int = 0
    minutes: int = 10
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One agreement as it was shown: `text` is word for word."""

    title: str
    when: str
    text: str
    note: str | None = None
    withdraw_action: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """The end of a completed onboarding. Feedback posts `how` = `easy`, `fine` or `hard`."""

    template: ClassVar[str] = "done"
    first_name: str | None
    seconds: int
    answers: int
    typed: int
    next_steps: tuple[Tick, ...]
    shared: tuple[Fact, ...]
    left_out: tuple[str, ...]
    consents: tuple[Consent, ...]
    return_url: str | None = None
    copy_url: str | None = None
    feedback_action: str | None = None
    feedback: Literal["easy", "fine", "hard"] | None = None


@dataclass(frozen=True, kw_only=True)
class LinkEnded:
    """A used or expired launch link. Nothing personal. With the last three the phone can be proven."""

    template: ClassVar[str] = "link_ended"
    reason: Literal["used", "expired", "unknown"]
    restart_url: str | None = None
    action: str | None = None
    phone: PhoneInput | None = None
    agreement: Words | None = None
    button: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resume:
    """The browser is not known: prove the phone again. Posts `country` and `phone_number`."""

    template: ClassVar[str] = "resume"
    action: str
    phone: PhoneInput
    agreement: Words
    button: str
    until: str
    restart_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderDown:
    """A provider does not answer: what happened, one best way on, others below."""

    template: ClassVar[str] = "provider_down"
    heading: str
    sentence: str
    primary: Way
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """An onboarding that ended without a result, said honestly, with a door."""

    template: ClassVar[str] = "stopped"
    heading: str
    sentence: str
    primary: Way | None = None
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Proof of work before a code: the script solves `challenge` and posts `fields` with it to `action` by itself.

    Without script the button does it, once `wait_seconds` have passed.
    """

    template: ClassVar[str] = "moment"
    action: str
    challenge: str
    button: str
    fields: tuple[tuple[str, str], ...] = ()
    wait_seconds: int = 60


@dataclass(frozen=True, kw_only=True)
class BankReturn:
    """A bank's own page sent the browser back, and nothing here tells whose it is. Script may know the way back."""

    template: ClassVar[str] = "bank_return"


@dataclass(frozen=True, kw_only=True)
class Shell:
    """`GET /onboarding/{id}` without a credential: impersonal, fetches `step_url` with the kept bearer."""

    template: ClassVar[str] = "shell"
    step_url: str
    resume_url: str
