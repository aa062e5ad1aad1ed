"""What the consumer's screens show: plain frozen values, no Flask. A template reads nothing else.

Every screen names its `template`: `consumer/<template>.html` is the document, `consumer/_<template>.html` the
fragment that htmx swaps (the whole `#frame`). Both are given `page` (a `Page`) and `screen`: one of the
classes below or in `side_screens`.
Every URL is a finished string. Texts are already in the reader's language, as are amounts, dates and times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from app.consumer.screen_parts import (
    BirthInput,
    ErrorLink,
    Field,
    FieldGroup,
    LedgerGroup,
    Link,
    PhoneInput,
    Step,
    Tick,
    Way,
    Words,
)

Status = Literal["created", "in_progress", "completed", "canceled", "abandoned", "expired", "failed"]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What surrounds a screen. URLs that are None leave their link out.

    Without `bound` (no binding yet, or lost) links and forms are native: the answer must be a document.
    `title` replaces the screen's own. `press` tells two presses of one button from two pages. The other language is
    asked for by a link (`other_locale_url`) or a form (`other_locale_action`). `return_token` rides on the last
    message to the embedding page.
    """

    nonce: str
    locale: str
    tenant_name: str
    tenant_short_name: str
    logo_light: str | None = None
    logo_dark: str | None = None
    brand_stylesheet: str | None = None
    other_locale: str | None = None
    other_locale_label: str | None = None
    other_locale_url: str | None = None
    other_locale_action: str | None = None
    title: str | None = None
    bound: bool = True
    press: str | None = None
    framed: bool = False
    embed_origin: str | None = None
    bearer: str | None = None
    csrf_token: str | None = None
    onboarding_id: str | None = None
    onboarding_url: str | None = None
    step: str | None = None
    status: Status | None = None
    return_token: str | None = None
    support: Link | None = None
    reference: str | None = None
    finish_later_url: str | None = None
    device_action: str | None = None
    privacy_url: str | None = None
    cancel_url: str | None = None
    delete_url: str | None = None
    steps: tuple[Step, ...] = ()
    wide: bool = False

    @property
    def step_number(self) -> int | None:
        """The place of the step being done now, from 1; None when all are done or none is."""
        return next((place for place, step in enumerate(self.steps, 1) if step.state == "now"), None)


@dataclass(frozen=True, kw_only=True)
class StartPhone:
    """The first form. `phone` or `birth` is None where the tenant gave it already.

    `known_phone` may then show the mask. `heading`, `lead`, `hint` and `button` take the place of the usual words, and
    `change_url` leads to the form for another number. `method` is posted along where it is not the usual one.
    Posts `country`, `phone_number`, `birth_month`, `birth_day`, `birth_year`.
    """

    template: ClassVar[str] = "start_phone"
    action: str
    agreement: Words
    phone: PhoneInput | None
    birth: BirthInput | None
    known_phone: str | None = None
    method: str | None = None
    heading: str | None = None
    lead: str | None = None
    hint: str | None = None
    button: str | None = None
    change_url: str | None = None
    manual_url: str | None = None
    manual_posts: bool = False
    notice: str | None = None

    @property
    def errors(self) -> tuple[ErrorLink, ...]:
        """What the summary lists."""
        asked = [part.error_link for part in (self.phone, self.birth) if part is not None]
        return tuple(link for link in asked if link is not None)


@dataclass(frozen=True, kw_only=True)
class Code:
    """The one-time code, sent by `method` (`sms` or `voice`). Posts `code`.

    `resend_in` and `other_in` are seconds until another may be asked for, by the same method or by `other_method` where
    there is one; 0 = may ask now, None = none can be sent. Both post `method` to `resend_action`.
    With `used_up` (a sentence) the input is gone and `ways` lead on. With `coming_back` the page does not tell whether
    the number is the one the onboarding was begun with.
    """

    template: ClassVar[str] = "code"
    action: str
    masked_phone: str
    method: str = "sms"
    minutes_valid: int = 5
    resend_action: str | None = None
    resend_in: int | None = None
    other_method: str | None = None
    other_in: int | None = None
    resent_at: str | None = None
    change_url: str | None = None
    coming_back: bool = False
    manual_url: str | None = None
    manual_posts: bool = False
    error: str | None = None
    used_up: str | None = None
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BankIntro:
    """Before the bank. With `handoff` the form opens a window of its own and posts that one-time value along.

    `poll_url` answers 204 until the other window has moved the onboarding on, then with the next fragment.
    `another`: a further bank. With `notice` (a title and a sentence) the last window was left, and `ways` lead on;
    `by_link`: ordinary Link is another way, by the form's button `way` = `link`. `new_window` opens a tab.
    """

    template: ClassVar[str] = "bank_intro"
    action: str
    agreement: Words
    manual_url: str | None = None
    manual_posts: bool = False
    handoff: str | None = None
    new_window: bool = True
    poll_url: str | None = None
    notice: tuple[str, str] | None = None
    another: bool = False
    by_link: bool = False
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BankLink:
    """The document that hosts Plaid's script (needs JavaScript).

    The URLs take JSON by POST, all with the `link_token` that is meant, and answer `{"location": url}`, or
    `{"token", "mode"}` to go on here with. finished: `{public_token, link_session_id}`; not_available: `{by: "phone" or
    "birth", reason}`, which may answer `{"date_of_birth"}` for the same handler; exit: `{status, error_code,
    error_type, link_session_id}`; renew: `{}`; events: `{events: [{name, timestamp, view_name, exit_status, error_code,
    link_session_id}]}`, whose answer is not read. Without `link_token` the page asks for a new one itself.
    `received` is the whole address a bank's own page sent the browser back to.
    """

    template: ClassVar[str] = "bank_link"
    script_url: str
    link_token: str | None
    mode: Literal["layer", "link"]
    phone_e164: str | None
    finished_url: str
    not_available_url: str
    exit_url: str
    renew_url: str
    events_url: str
    back_url: str
    retry_url: str
    ways: tuple[Way, ...]
    received: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreditFile:
    """The credit report's own consent. Posts `answer` = `yes` or `no`."""

    template: ClassVar[str] = "credit_file"
    action: str
    agreement: Words
    only_source: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Progress. With `poll_url` the page asks again each `poll_seconds`; without it the asking has ended."""

    template: ClassVar[str] = "waiting"
    ticks: tuple[Tick, ...]
    filled: int
    asked: int
    poll_url: str | None
    poll_seconds: int = 1
    refresh_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ManualForm:
    """Everything by hand. `save_url` takes the same form as `action` and answers 204."""

    template: ClassVar[str] = "manual"
    action: str
    groups: tuple[FieldGroup, ...]
    save_url: str | None = None
    connect_url: str | None = None
    minutes: int = 8
    notice: str | None = None

    @property
    def errors(self) -> tuple[ErrorLink, ...]:
        """What the summary lists, in the order of the page."""
        return _errors(group.fields for group in self.groups)


@dataclass(frozen=True, kw_only=True)
class Review:
    """Check and share. Posts every field by its key and `share` once for each entry kept.

    When such a button was pressed, one of `undo`, `dispute`, `undispute` (a field's key) comes along: then
    the answer is the review again. Otherwise everything is shared.
    """

    template: ClassVar[str] = "review"
    action: str
    agreement: Words
    filled: int
    asked: int
    groups: tuple[FieldGroup, ...]
    needed: tuple[Field, ...] = ()
    ledgers: tuple[LedgerGroup, ...] = ()
    save_url: str | None = None
    not_me_url: str | None = None
    notice: str | None = None

    @property
    def errors(self) -> tuple[ErrorLink, ...]:
        """What the summary lists, in the order of the page."""
        return _errors((self.needed, *(group.fields for group in self.groups)))


def _errors(groups: Iterable[tuple[Field, ...]]) -> tuple[ErrorLink, ...]:
    return tuple(link for fields in groups for field in fields for link in field.error_links)
