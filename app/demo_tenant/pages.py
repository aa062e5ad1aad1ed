"""The pages of the credit union."""

import hashlib
import hmac
import secrets

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.demo_tenant.context import tenant
from app.demo_tenant.prefill_api import PrefillError
from app.demo_tenant.presentation import birthday, clock, ladder, moment, result_sections, spoken, telephone
from app.demo_tenant.returns import ReturnRefused
from app.demo_tenant.visits import Visit

blueprint = Blueprint("pages", __name__)
for words in (spoken, ladder, moment, clock, birthday, telephone):
    blueprint.add_app_template_filter(words)


@blueprint.app_context_processor
def about_the_tenant() -> dict[str, object]:
    return {"config": tenant().config}


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@blueprint.get("/")
def home() -> str:
    # One for each way there is; the emulators list the others.
    people = {persona.ladder: persona for persona in reversed(tenant().config.personas)}
    return render_template("home.html", attempt=secrets.token_urlsafe(16), people=list(people.values())[::-1])


@blueprint.post("/apply")
def apply() -> AnyResponse:
    """By redirect: the consumer leaves for Prefill and comes back to `/return`."""
    visit = _begin(return_url=f"{tenant().config.tenant_url}/return")
    return redirect(visit.url, 303)


@blueprint.post("/embedded")
def apply_here() -> AnyResponse:
    """In a frame: the consumer stays on this site."""
    visit = _begin(embed_origin=tenant().config.tenant_url)
    return redirect(url_for("pages.embedded", onboarding_id=visit.onboarding_id), 303)


@blueprint.get("/embedded/<onboarding_id>")
def embedded(onboarding_id: str) -> tuple[str, int]:
    visit = tenant().visits.find(_session_id(), onboarding_id)
    if visit is None:
        return _refusal("This application was not started in this browser.", 404)
    if visit.link_expired:
        link = tenant().api.fresh_link(onboarding_id)
        visit = Visit(onboarding_id, visit.state, link["url"], link["link_expires_at"])
        tenant().visits.remember(_session_id(), visit)
    return render_template("embedded.html", visit=visit), 200


@blueprint.get("/embedded/<onboarding_id>/status")
def embedded_status(onboarding_id: str) -> tuple[Response, int]:
    """What is true. The frame's messages are unsigned, so the page asks here before it believes one."""
    if tenant().visits.find(_session_id(), onboarding_id) is None:
        return jsonify(status="unknown"), 404
    return jsonify(status=tenant().api.onboarding(onboarding_id)["status"]), 200


@blueprint.get("/return")
def come_back() -> tuple[str, int]:
    """The query is worth nothing by itself: anybody can type it. The token is signed."""
    onboarding_id = request.args.get("onboarding_id", "")
    visit = tenant().visits.find(_session_id(), onboarding_id)
    if visit is None:
        return _refusal("This return does not belong to an application started in this browser.", 403)
    try:
        claims = tenant().returns.verify(request.args.get("return_token", ""), onboarding_id, visit.state)
    except ReturnRefused as refused:
        return _refusal(str(refused), 403)
    completed = claims.get("status") == "completed"
    sections = result_sections(tenant().api.result(onboarding_id)) if completed else []
    return render_template("return.html", claims=claims, completed=completed, sections=sections), 200


@blueprint.get("/applications")
def applications() -> str:
    """What the bank's staff would see behind a login."""
    return render_template("applications.html", applications=tenant().api.onboardings(limit=50))


@blueprint.get("/applications/<onboarding_id>")
def application(onboarding_id: str) -> str:
    found = tenant().api.onboarding(onboarding_id)
    sections = result_sections(tenant().api.result(onboarding_id)) if found["status"] == "completed" else []
    return render_template("application.html", application=found, sections=sections)


@blueprint.app_errorhandler(PrefillError)
def prefill_failed(error: PrefillError) -> tuple[str, int]:
    known = error.status == 404
    title = "We can’t find that application" if known else "We can’t reach the form right now"
    return render_template("problem.html", title=title, detail=str(error)), 404 if known else 502


@blueprint.app_errorhandler(HTTPException)
def page_failed(error: HTTPException) -> tuple[str, int]:
    title = "We can’t find that page" if error.code == 404 else "That didn’t work"
    return render_template("problem.html", title=title, detail=error.description), error.code or 500


def _refusal(reason: str, status: int) -> tuple[str, int]:
    return render_template("problem.html", title="We can’t accept this", detail=reason), status


def _session_id() -> str:
    """A random id in a signed cookie; all else about a visitor stays here."""
    if "id" not in session:
        session["id"] = secrets.token_urlsafe(16)
    return str(session["id"])


def _begin(**where: str) -> Visit:
    """One onboarding for each time the page was shown: a double click finds the first one again."""
    attempt = request.form.get("attempt") or secrets.token_urlsafe(16)
    mark = _mark(attempt)
    fields = {"external_user_id": f"applicant-{mark[:16]}", "state": mark[32:], **where}
    created = tenant().api.create(f"{'-'.join(where)}-{mark[:32]}", **fields)
    visit = Visit(created["id"], fields["state"], created["url"], created["link_expires_at"])
    tenant().visits.remember(_session_id(), visit)
    return visit


def _mark(attempt: str) -> str:
    """Nobody else can guess it, and the same attempt in the same browser gives it again."""
    key = current_app.config["SECRET_KEY"]
    return hmac.new(key, f"{_session_id()}:{attempt}".encode(), hashlib.sha256).hexdigest()
