"""The end: what happens next, and the reader's own copy."""

from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _

from app.consumer.context import View
from app.consumer.field_words import address_lines, label, option_label, source_name
from app.consumer.formats import clock, date_words, money, when
from app.consumer.ledgers import account_name
from app.consumer.screen_parts import Fact, Tick
from app.consumer.side_screens import Consent, Done
from app.domain.consents import consent_text, consents_of
from app.domain.ids import wire_id
from app.domain.numbers import shown_phone
from app.domain.prefill.answers import PHONE_CHECK, Answers, answers_of
from app.domain.prefill.fields import CONSUMER, FIELDS, LISTS, TENANT
from app.domain.prefill.merge import Chosen
from app.domain.signing import return_token
from app.models.vault import vault
from app.web import settings


def done_screen(view: View) -> Done:
    """What was shared, left out and agreed to, and the way back."""
    onboarding = view.onboarding
    answers = answers_of(view.session, onboarding)
    filled, _asked = answers.counts()
    assert onboarding.completed_at is not None
    began = onboarding.started_at or onboarding.created_at
    first_name = answers.chosen.get("first_name")
    return Done(
        first_name=str(first_name.value).split(" ")[0] if first_name else None,
        seconds=int((onboarding.completed_at - began).total_seconds()),
        answers=filled,
        typed=answers.typed_by_consumer(),
        next_steps=_next_steps(view),
        shared=shared_facts(answers),
        left_out=tuple(account_name(h) for h in (*answers.bank_accounts, *answers.debts) if not h.shared),
        consents=consent_list(view),
        return_url=return_link(view),
        copy_url=view.url("copy"),
        feedback_action=view.url("feedback"),
        feedback=onboarding.satisfaction,  # type: ignore[arg-type]
    )


def _next_steps(view: View) -> tuple[Tick, ...]:
    assert view.onboarding.completed_at is not None
    short = view.branding.short_name
    reads = Tick(_("%(tenant)s reads them", tenant=short), "next", view.flow.next_step_time or None)
    return (
        Tick(_("You shared your details"), "done", clock(view.onboarding.completed_at)),
        reads,
        Tick(_("You hear back from %(tenant)s", tenant=short), "next"),
    )


def return_link(view: View) -> str | None:
    """Back to the tenant, with a signed word of how it ended and nothing personal."""
    onboarding = view.onboarding
    if onboarding.return_url is None:
        return None
    query = {
        "onboarding_id": wire_id("onboarding", onboarding.id),
        "status": view.status,
        "return_token": return_token(view.session, onboarding, settings().app_url),
    }
    state = vault(view.session).open(onboarding, "state")
    if state is not None:
        query["state"] = state
    return f"{onboarding.return_url}?{urlencode(query)}"


def shared_facts(answers: Answers) -> tuple[Fact, ...]:
    """The reader's copy, birth date and SSN digits masked."""
    facts = [_fact(key, answers.chosen[key]) for key in FIELDS if key in answers.chosen and key not in LISTS]
    shared = [account_name(account) for account in answers.bank_accounts if account.shared]
    if shared:
        facts.append(Fact(_("Accounts"), tuple(shared), _("From your bank")))
    debts = [debt for debt in answers.debts if debt.shared]
    if debts:
        lines = tuple(f"{account_name(debt)} · {money(debt.balance)}" for debt in debts)
        facts.append(Fact(_("Debts"), lines))
    return tuple(facts)


def _fact(key: str, chosen: Chosen) -> Fact:
    silent = (CONSUMER, TENANT, PHONE_CHECK)
    note = None if chosen.source in silent else source_name(chosen.source)
    return Fact(label(key), _lines(key, chosen.value), note)


def _lines(key: str, value: Any) -> tuple[str, ...]:
    kind = FIELDS[key].kind
    if kind == "address":
        return address_lines(value)
    if kind == "digits":
        return ("••••",)
    if kind == "date":
        return (f"••• •• {value[:4]}",) if key == "date_of_birth" else (date_words(value),)
    if kind == "phone":
        return (shown_phone(value),)
    if kind == "choice":
        return (option_label(value),)
    return (f"{money(value)} {_('a year')}",) if kind == "money" else (str(value),)


def consent_list(view: View) -> tuple[Consent, ...]:
    """Everything that was agreed to, readable again in full."""
    titles = {
        "phone": _("A code by text, and the check of your number"),
        "resume": _("A code by text, to come back"),
        "bank": _("Reading your details at your bank, once"),
        "credit_file": _("Reading your credit file, once"),
        "share": _("Sharing your details with %(tenant)s", tenant=view.branding.name),
    }
    found = []
    for consent in consents_of(view.session, view.onboarding):
        note = _("we have disconnected from your bank") if consent.kind == "bank" else None
        withdraw = view.url("consents", consent.id.hex, "withdraw") if consent.kind == "credit_file" else None
        found.append(
            Consent(
                title=titles[consent.kind],
                when=when(consent.given_at),
                text=consent_text(view.session, consent),
                note=note,
                withdraw_action=withdraw,
                withdrawn=consent.withdrawn_at is not None,
            )
        )
    return tuple(found)
