"""The bank step in all its stages, and the document that hosts Plaid."""

import time
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.access import new_handoff
from app.consumer.context import FRAMED, View, tenant_home
from app.consumer.screen_parts import Tick, Way
from app.consumer.screens import BankIntro, BankLink, CreditFile, Waiting
from app.consumer.sentences import bank_heading, exit_words
from app.consumer.side_screens import ProviderDown, Stopped
from app.consumer.wording import bank_agreement, credit_agreement
from app.domain.bank import can_fetch_again
from app.domain.bank_state import has_bank_data
from app.domain.bank_tokens import link_token_is_good
from app.domain.credit_file import missing_without_it
from app.domain.flow import allowed
from app.domain.prefill.answers import answers_of
from app.domain.rungs import LAYER
from app.models.vault import vault

PLAID_PRIVACY = "https://plaid.com/legal/#end-user-privacy-policy"
SCRIPT_PATH = "/link/v2/stable/link-initialize.js"
WINDOW = "window"
AFTER_SHARING = ("fetching", "credit_file", "credit_fetching")
# Asking once more with what was shared would only fail the same way.
CONNECT_ANEW = ("login_required", "access_revoked", "link_expired", "bank_unsupported", "no_accounts")


def bank_screen(view: View) -> Any:
    """The screen of the stage the bank step is in."""
    stage = view.onboarding.stage
    if view.consumer is not None and view.consumer.place == WINDOW and stage in AFTER_SHARING:
        return window_done(view)
    if stage in ("fetching", "credit_fetching"):
        return waiting(view)
    if stage == "credit_file":
        return credit_screen(view)
    if stage == "failed":
        return failed(view)
    if stage == "unavailable":
        return unavailable(view)
    return intro(view)


def bank_words(view: View) -> Any:
    """The agreement above "Continue to your bank"."""
    return bank_agreement(_, tenant=view.branding.name, plaid_url=PLAID_PRIVACY)


def intro(view: View) -> BankIntro:
    """What connecting means. In a frame the bank opens in a window of its own, and the frame follows along."""
    progress = view.onboarding.progress
    place = view.consumer.place if view.consumer else None
    opens_window = needs_window(view)
    # In that window a form carries the proof of this browser: with every cookie blocked nothing else would.
    handed = opens_window or place == WINDOW
    another = has_bank_data(view.session, view.onboarding)
    why = progress.get("closed")
    return BankIntro(
        action=view.url("window") if handed else view.url("bank"),
        agreement=bank_words(view),
        manual_url=view.url("by-hand") if view.flow.by_hand and not another and not why else None,
        manual_posts=True,
        handoff=new_handoff(view.consumer) if handed and view.consumer else None,
        new_window=opens_window,
        poll_url=view.url("progress") if place == FRAMED and view.onboarding.step == "bank" else None,
        notice=exit_words(why) if why else None,
        another=another,
        by_link=bool(why) and "layer" not in progress and not another,
        ways=_ways_after_exit(view, another) if why or another else (),
    )


def needs_window(view: View) -> bool:
    """Whether the bank opens in a window of its own, because this page stands in a frame."""
    framed = view.consumer is not None and view.consumer.place == FRAMED
    return framed and view.flow.bank_in_frame == "popup"


def _ways_after_exit(view: View, another: bool) -> tuple[Way, ...]:
    if not another:
        return (*by_hand_way(view), later_way(view))
    if view.onboarding.step == "review":
        return (Way(_("Back to your form"), view.url("step")),)
    return (without_way(view), later_way(view))


def without_way(view: View) -> Way:
    """On with what other banks have filled in."""
    return Way(_("Go on without this bank"), view.url("bank", "skip"), _("What we have so far is kept"), post=True)


def link_screen(view: View, link_origin: str, received: str | None = None) -> BankLink:
    """The page that hosts Plaid's script."""
    onboarding, keep = view.onboarding, vault(view.session)
    good = link_token_is_good(view.session, onboarding)
    return BankLink(
        script_url=link_origin + SCRIPT_PATH,
        link_token=keep.open(onboarding, "link_token") if good or received else None,
        mode="layer" if onboarding.rung in LAYER else "link",
        phone_e164=keep.open(onboarding, "phone_number") if onboarding.rung in LAYER else None,
        finished_url=view.url("bank", "finished"),
        not_available_url=view.url("bank", "not-available"),
        exit_url=view.url("bank", "exit"),
        renew_url=view.url("bank", "renew"),
        events_url=view.url("bank", "events"),
        back_url=view.url(),
        retry_url=view.url("bank"),
        ways=tuple(by_hand_way(view)),
        received=received,
    )


def by_hand_way(view: View) -> list[Way]:
    """The way that is always there, unless the tenant closed it."""
    if not view.flow.by_hand:
        return []
    return [Way(_("Fill in the form yourself"), view.url("by-hand"), _("About 8 minutes"), post=True)]


def later_way(view: View) -> Way:
    """Come back another time."""
    return Way(_("Finish later"), view.url("later"), _("Your answers stay safe"))


def failed(view: View) -> ProviderDown:
    """A provider did not do its part: say so, and go on."""
    problem = str(view.onboarding.progress.get("problem", ""))
    heading, sentence = bank_heading(problem)
    again = problem not in CONNECT_ANEW and can_fetch_again(view.session, view.onboarding)
    label = _("Sign in again") if problem == "login_required" else _("Try again")
    primary = Way(label, view.url("bank", "retry"), post=True) if again else _open_way(view, label)
    more = (without_way(view),) if _has_others(view) else ()
    return ProviderDown(
        heading=heading, sentence=sentence, primary=primary, ways=(*more, *by_hand_way(view), later_way(view))
    )


def _has_others(view: View) -> bool:
    return has_bank_data(view.session, view.onboarding) and allowed(view.onboarding, "skip_bank")


def _open_way(view: View, label: str) -> Way:
    """To the bank's window; from a frame by way of the page whose button opens a tab."""
    return Way(label, view.url("connect")) if needs_window(view) else Way(label, view.url("bank"), post=True)


def unavailable(view: View) -> ProviderDown:
    """Layer does not know this person, and the page that would have gone on by itself is gone."""
    return ProviderDown(
        heading=_("Choose your bank"),
        sentence=_("We couldn’t find your bank by your phone. You can pick it from a list."),
        primary=_open_way(view, _("Choose your bank")),
        ways=(*by_hand_way(view), later_way(view)),
    )


def window_done(view: View) -> Stopped:
    """In the window a frame opened: the rest goes on in the frame."""
    return Stopped(
        heading=_("Your bank is connected"),
        sentence=_("You can close this tab. The page you came from goes on by itself."),
        primary=Way(_("Go on here instead"), view.url("here"), post=True),
    )


def credit_words(view: View) -> Any:
    """The authorization above its button; word for word what is stored."""
    return credit_agreement(_, tenant=view.branding.name, terms_url=view.disclosures["terms"])


def credit_screen(view: View) -> CreditFile:
    """The credit file's own consent."""
    missing = missing_without_it(view.session, view.onboarding)
    if missing == ["employer_name"]:
        only_source = _(
            "Your bank couldn’t tell us where you work. Your credit file can, so you don’t have to look it up."
        )
    else:
        only_source = _(
            "Your bank couldn’t tell us about your loans and cards. "
            "Your credit file can, so you don’t have to list them."
        )
    return CreditFile(action=view.url("credit-file"), agreement=credit_words(view), only_source=only_source)


def waiting(view: View) -> Waiting:
    """Progress, as far as the worker has come. The fragment polls until the markup says nothing more."""
    onboarding = view.onboarding
    answers = answers_of(view.session, onboarding)
    filled, asked = answers.counts()
    accounts = onboarding.progress.get("accounts", 0)
    read = "session_read" in onboarding.progress
    found = ngettext("%(num)s so far", "%(num)s so far", accounts) if accounts else None
    credit = onboarding.stage == "credit_fetching"
    lines: list[tuple[str, str | None, bool]] = [
        (_("Signed in to your bank"), None, True),
        (_("Found your name and address"), None, read or credit),
        (_("Reading your accounts"), found, bool(accounts) or credit),
    ]
    if credit:
        lines.append((_("Reading your credit file"), None, False))
    lines.append((_("Putting it all in your form"), None, False))
    return Waiting(
        ticks=_ticks(lines),
        filled=filled,
        asked=asked,
        poll_url=f"{view.url('progress')}?at={int(time.time())}",
        refresh_url=view.url(),
    )


def _ticks(lines: list[tuple[str, str | None, bool]]) -> tuple[Tick, ...]:
    ticks, now_given = [], False
    for label, more, done in lines:
        state = "done" if done else "next" if now_given else "now"
        now_given = now_given or not done
        ticks.append(Tick(label, state, more))  # type: ignore[arg-type]
    return tuple(ticks)


def home_way(view: View) -> Way | None:
    """Back to the tenant."""
    home = tenant_home(view)
    return Way(_("Back to %(tenant)s", tenant=view.branding.name), home, document=True) if home else None
