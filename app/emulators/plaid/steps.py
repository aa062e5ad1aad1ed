"""Which step of a Link session each action of the frame takes; what does not fit the pane is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.emulators.plaid import connecting, layer, oauth, ordinary, returning
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import Context, leave, tell

Values = dict[str, Any]
LAYER_FIELDS = set(layer.FIELDS)
TIME_IN_LINK = timedelta(minutes=30)
# Where there is nothing to lose, nobody is asked whether they really want to go.
LEFT_AT_ONCE = ("waiting", "consent", "welcome", "institutions")


def take(context: Context, action: str, values: Values) -> None:
    """Changes the session. Raises INVALID_LINK_TOKEN when its token has expired or is spent."""
    session = context.session
    if session.result is not None:
        return
    if session.refused is not None:
        raise session.refused
    too_long = session.opened_at is not None and context.now() - session.opened_at > TIME_IN_LINK
    if session.token.spent or session.token.expires_at <= context.now() or too_long:
        raise PlaidError("INVALID_LINK_TOKEN")
    if action in _ALWAYS:
        _ALWAYS[action](context, values)
        return
    step = _STEPS.get((session.pane, action))
    if step is not None:
        if action != "oauth_look":
            session.problem = None
        step(context, values)


def _submit(context: Context, values: Values) -> None:
    if context.session.token.template is None or context.session.opened:
        return
    if "phone_number" in values:
        layer.submit_phone(context, str(values["phone_number"]))
    elif "date_of_birth" in values:
        layer.submit_date_of_birth(context, str(values["date_of_birth"]))


def _open(context: Context, _values: Values) -> None:
    context.session.asked_to_open = True
    context.session.opened_at = context.session.opened_at or context.now()
    if context.session.token.template is None:
        ordinary.begin(context)
    else:
        layer.show_consent(context)


def _exit(context: Context, values: Values) -> None:
    """`force` leaves at once; without it a person is asked first."""
    session = context.session
    if session.added:
        connecting.finish(context)
    elif values.get("force") or session.pane in LEFT_AT_ONCE:
        _leave(context, values)
    elif session.pane == "broken":
        tell(context, "TRANSITION_VIEW", view_name="EXIT")
        _leave(context, values)
    elif session.pane == "failed":
        layer.exit_after_failure(context)
    elif session.pane == "ineligible":
        layer.exit_ineligible(context)
    elif session.pane != "leaving":
        tell(context, "TRANSITION_VIEW", view_name="EXIT")
        session.pane_before_leaving, session.pane = session.pane, "leaving"


def _leave(context: Context, _values: Values) -> None:
    session = context.session
    pane = session.pane_before_leaving or session.pane
    leave(context, session.error, ordinary.exit_status(context, pane))


def _stay(context: Context, _values: Values) -> None:
    session = context.session
    session.pane, session.pane_before_leaving = session.pane_before_leaving or session.pane, None


def _edit(context: Context, values: Values) -> None:
    session = context.session
    session.selected = chosen(values) if "accounts_shown" in values else session.selected
    if values.get("field") in LAYER_FIELDS:
        session.editing, session.pane = values["field"], "edit"


def _add_bank(context: Context, values: Values) -> None:
    session = context.session
    if session.token.template is None or session.token.template.accounts == "skip":
        return
    session.kept = chosen(values) if "accounts_shown" in values else session.selected
    connecting.start_over(context)


def _stop_editing(context: Context, _values: Values) -> None:
    context.session.editing, context.session.pane = None, "review"


def chosen(values: Values) -> list[str]:
    """The ticked accounts: a form sends one as a string, several as a list."""
    accounts = values.get("account", [])
    return [str(one) for one in accounts] if isinstance(accounts, list) else [str(accounts)]


def _text(values: Values, name: str) -> str:
    return str(values.get(name, "")).strip()


def _answers(values: Values) -> list[str]:
    """The fields answer_0, answer_1 and so on, in this order."""
    names = sorted((name for name in values if re.fullmatch(r"answer_\d", name)), key=str)
    return [_text(values, name) for name in names]


_ALWAYS: dict[str, Callable[[Context, Values], None]] = {"submit": _submit, "open": _open, "exit": _exit}

_STEPS: dict[tuple[str, str], Callable[[Context, Values], None]] = {
    ("consent", "continue"): lambda context, _: layer.send_code(context),
    ("code", "code"): lambda context, values: layer.submit_code(context, _text(values, "code")),
    ("review", "edit"): _edit,
    ("edit", "save"): layer.save,
    ("edit", "back"): _stop_editing,
    ("review", "add_bank"): _add_bank,
    ("institutions", "review"): lambda context, _: layer.back_to_review(context),
    ("review", "share"): lambda context, values: layer.share(context, chosen(values)),
    ("welcome", "continue"): lambda context, _: returning.ask_phone(context),
    ("phone", "phone"): lambda context, values: returning.submit_phone(context, _text(values, "phone")),
    ("phone", "skip"): lambda context, _: returning.skip_phone(context),
    ("otp", "code"): lambda context, values: returning.submit_code(context, _text(values, "code")),
    ("saved", "choose"): lambda context, values: returning.choose_saved(context, _text(values, "place")),
    ("saved", "other"): lambda context, _: ordinary.choose_bank(context),
    ("institutions", "search"): lambda context, values: ordinary.search(context, _text(values, "query")),
    ("institutions", "institution"): lambda context, values: ordinary.select_institution(
        context, _text(values, "institution_id")
    ),
    ("degraded", "continue"): lambda context, _: ordinary.go_on_degraded(context),
    ("degraded", "back"): lambda context, _: connecting.start_over(context),
    ("credentials", "credentials"): lambda context, values: ordinary.submit_credentials(
        context, _text(values, "username"), _text(values, "password")
    ),
    ("credentials", "back"): lambda context, _: connecting.start_over(context),
    ("broken", "back"): lambda context, _: connecting.start_over(context),
    ("mfa", "mfa"): lambda context, values: ordinary.submit_mfa(context, _answers(values)),
    ("oauth", "oauth_open"): lambda context, _: oauth.opened(context),
    ("oauth", "oauth_look"): lambda context, _: oauth.look(context),
    ("oauth", "oauth_closed"): lambda context, _: oauth.closed(context),
    ("oauth", "back"): lambda context, _: connecting.start_over(context),
    ("accounts", "share"): lambda context, values: connecting.share(context, chosen(values)),
    ("connected", "finish"): lambda context, _: connecting.finish(context),
    ("connected", "another"): lambda context, _: connecting.connect_another(context),
    ("leaving", "leave"): _leave,
    ("leaving", "stay"): _stay,
}
