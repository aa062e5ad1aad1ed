"""Which step of a Link session each action of the frame takes; what does not fit the pane is ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.emulators.plaid import layer, ordinary
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import Context, leave

Values = dict[str, Any]
LAYER_FIELDS = set(layer.FIELDS)


def take(context: Context, action: str, values: Values) -> None:
    """Changes the session. Raises INVALID_LINK_TOKEN when its token has expired or is spent."""
    session = context.session
    if session.result is not None:
        return
    if session.token.spent or session.token.expires_at <= context.now():
        raise PlaidError("INVALID_LINK_TOKEN")
    if action in _ALWAYS:
        _ALWAYS[action](context, values)
        return
    step = _STEPS.get((session.pane, action))
    if step is not None:
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
    if context.session.token.template is None:
        ordinary.begin(context)
    else:
        layer.show_consent(context)


def _exit(context: Context, values: Values) -> None:
    """`force` leaves at once; without it a person is asked first."""
    session = context.session
    if values.get("force") or session.pane in ("waiting", "consent", "institutions"):
        _leave(context, values)
    elif session.pane == "failed":
        layer.exit_after_failure(context)
    elif session.pane == "ineligible":
        layer.exit_ineligible(context)
    elif session.pane != "leaving":
        session.pane_before_leaving, session.pane = session.pane, "leaving"


def _leave(context: Context, _values: Values) -> None:
    session = context.session
    pane = session.pane_before_leaving or session.pane
    leave(context, status=ordinary.EXIT_STATUS.get(pane))


def _stay(context: Context, _values: Values) -> None:
    session = context.session
    session.pane, session.pane_before_leaving = session.pane_before_leaving or session.pane, None


def _edit(context: Context, values: Values) -> None:
    session = context.session
    session.selected = chosen(values) if "accounts_shown" in values else session.selected
    if values.get("field") in LAYER_FIELDS:
        session.editing, session.pane = values["field"], "edit"


def _stop_editing(context: Context, _values: Values) -> None:
    context.session.editing, context.session.pane = None, "review"


def _back_to_banks(context: Context, _values: Values) -> None:
    context.session.pane, context.session.institution = "institutions", None


def chosen(values: Values) -> list[str]:
    """The ticked accounts: a form sends one as a string, several as a list."""
    accounts = values.get("account", [])
    return [str(one) for one in accounts] if isinstance(accounts, list) else [str(accounts)]


def _text(values: Values, name: str) -> str:
    return str(values.get(name, "")).strip()


_ALWAYS: dict[str, Callable[[Context, Values], None]] = {"submit": _submit, "open": _open, "exit": _exit}

_STEPS: dict[tuple[str, str], Callable[[Context, Values], None]] = {
    ("consent", "continue"): lambda context, _: layer.send_code(context),
    ("code", "code"): lambda context, values: layer.submit_code(context, _text(values, "code")),
    ("review", "edit"): _edit,
    ("edit", "save"): layer.save,
    ("edit", "back"): _stop_editing,
    ("review", "share"): lambda context, values: layer.share(context, chosen(values)),
    ("institutions", "institution"): lambda context, values: ordinary.select_institution(
        context, _text(values, "institution_id")
    ),
    ("credentials", "credentials"): lambda context, values: ordinary.submit_credentials(
        context, _text(values, "username"), _text(values, "password")
    ),
    ("credentials", "back"): _back_to_banks,
    ("mfa", "mfa"): lambda context, values: ordinary.submit_mfa(context, _text(values, "answer")),
    ("accounts", "share"): lambda context, values: ordinary.share(context, chosen(values)),
    ("leaving", "leave"): _leave,
    ("leaving", "stay"): _stay,
}
