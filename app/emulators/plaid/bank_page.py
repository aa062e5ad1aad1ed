"""The page of a bank with a sign-in of its own (OAuth), at /link/bank/<state id>: sign in, choose accounts, allow."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.emulators.context import emulators
from app.emulators.plaid import catalog, oauth
from app.emulators.plaid.link import blueprint
from app.emulators.plaid.oauth import OAuthState

SIGN_IN = "emulators/link/bank/sign_in.html"
ACCOUNTS = "emulators/link/bank/accounts.html"
DONE = "emulators/link/bank/done.html"


@blueprint.get("/bank/<state_id>")
def bank_page(state_id: str) -> ResponseReturnValue:
    """The sign-in."""
    visit = _visit(state_id)
    return _page(visit, SIGN_IN) if visit else _gone()


@blueprint.post("/bank/<state_id>")
def answer_bank_page(state_id: str) -> ResponseReturnValue:
    """One press: `sign_in`, `allow` with the ticked accounts, or `deny`."""
    visit = _visit(state_id)
    if visit is None:
        return _gone()
    pressed, shared = request.form.get("press"), emulators()
    if pressed == "sign_in":
        with shared.store.lock:
            oauth.sign_in(shared, visit, request.form.get("username", ""), request.form.get("password", ""))
        return _page(visit, ACCOUNTS)
    selected = request.form.getlist("account")
    if pressed == "allow" and not selected:
        return _page(visit, ACCOUNTS, problem="Choose at least one account.")
    with shared.store.lock:
        oauth.decide(visit, selected if pressed == "allow" else None)
    return _page(visit, DONE)


@blueprint.get("/logo/<institution_id>.svg")
def logo(institution_id: str) -> ResponseReturnValue:
    """The initials of a bank on its colour."""
    found = catalog.institutions(emulators().personas).get(institution_id)
    if found is None:
        return _gone()
    words = [word for word in found.name.split() if word[0].isalpha()]
    initials = "".join(word[0] for word in words)[:2]
    markup = render_template("emulators/link/bank/logo.svg", initials=initials, color=found.primary_color)
    return Response(markup, mimetype="image/svg+xml")


def _visit(state_id: str) -> OAuthState | None:
    shared = emulators()
    with shared.store.lock:
        return oauth.states(shared).get(state_id)


def _page(visit: OAuthState, template: str, problem: str | None = None) -> str:
    if visit.status != "pending":
        template = DONE
    institution = catalog.institution(emulators().personas, visit.institution_id)
    return render_template(template, visit=visit, institution=institution, problem=problem)


def _gone() -> ResponseReturnValue:
    return render_template("emulators/link/bank/gone.html"), 404
