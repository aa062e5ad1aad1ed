"""After the end: how it was, a copy to keep, and taking a consent back."""

import json
import uuid

from flask import Blueprint, Response, abort
from htmx_flask import request

from app.consumer.context import View, load, read_scope
from app.consumer.current import answer, need_consumer
from app.consumer.done_screen import consent_list, shared_facts
from app.domain.consents import withdraw_consent
from app.domain.events import record
from app.domain.prefill.answers import answers_of
from app.models import Consent, Onboarding
from app.web import services

blueprint = Blueprint("done", __name__)

SATISFACTION = {"easy": 5, "fine": 3, "hard": 1}


@blueprint.post("/onboarding/<onboarding_id>/feedback")
def rate(onboarding_id: str) -> Response:
    """One tap: easy, fine or hard. The last one counts."""
    consumer = need_consumer()
    how = request.form.get("how", "")
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if how in SATISFACTION and onboarding.status == "completed":
            onboarding.satisfaction = how
            record(session, onboarding, "onboarding.rated", {"user_satisfaction": SATISFACTION[how]})
    return answer(consumer)


@blueprint.get("/onboarding/<onboarding_id>/copy")
def save_copy(onboarding_id: str) -> Response:
    """What was shared and agreed to, as a plain file."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if not view.may_see or view.onboarding.status != "completed":
            abort(404)
        body = json.dumps(_copy(view), ensure_ascii=False, indent=2)
    headers = {
        "Content-Disposition": f'attachment; filename="onboarding-{view.onboarding.reference.replace(" ", "")}.json"'
    }
    return Response(body, mimetype="application/json", headers=headers)


def _copy(view: View) -> dict[str, object]:
    answers = answers_of(view.session, view.onboarding)
    return {
        "shared_with": view.branding.name,
        "reference": view.onboarding.reference,
        "completed_at": view.onboarding.completed_at.isoformat() if view.onboarding.completed_at else None,
        "shared": [
            {"question": fact.label, "answer": list(fact.lines), "source": fact.note} for fact in shared_facts(answers)
        ],
        "agreed": [{"what": c.title, "when": c.when, "text": c.text} for c in consent_list(view)],
    }


@blueprint.post("/onboarding/<onboarding_id>/consents/<uuid:consent_id>/withdraw")
def withdraw(onboarding_id: str, consent_id: uuid.UUID) -> Response:
    """Take one consent back; the tenant is told."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        consent = session.get(Consent, consent_id)
        if consent is None or consent.onboarding_id != onboarding.id or not consumer.proven:
            abort(404)
        withdraw_consent(session, onboarding, consent)
    return answer(consumer)
