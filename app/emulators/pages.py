"""What a person looks at: the people to try, the inbox of texts, and how to steer the emulators."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from app.emulators.context import emulators
from app.emulators.faults import KINDS
from app.emulators.messages import Mail, mails
from app.emulators.persona_models import Persona
from app.emulators.personas import SCHEMA
from app.emulators.store import Text

blueprint = Blueprint("pages", __name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
RUNGS = {
    "layer_phone": ("Filled by phone", "Plaid Layer knows these people by their phone number."),
    "layer_date_of_birth": ("Filled by date of birth", "Plaid Layer needs the date of birth as well."),
    "link": ("Bank sign-in", "Plaid Layer does not know them; they sign in to their bank."),
    "manual": ("By hand", "Plaid Layer does not know them, and they have no bank to sign in to."),
}
CONNECT_WORDS = {
    "FAILED_ELIGIBILITY": "Not eligible",
    "FAILED_IDENTIFICATION": "Not identified",
    "FAILED_IDENTIFICATION_INFO_MISMATCH": "Not matched",
    "UNSUPPORTED_NUMBER": "No texts",
}
FILE_WORDS = {
    "frozen": "Frozen",
    "locked": "Locked",
    "fraud": "Fraud alert",
    "manual_file": "Manual file",
    "manual_review": "In review",
    "referred": "Referred",
    "not_found": "None",
}
TEXTS_SHOWN = 50


@blueprint.after_request
def add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/")
def index() -> str:
    people = list(emulators().personas)
    groups: list[dict[str, Any]] = []
    for rung, (title, lead) in RUNGS.items():
        lines = [_line(persona) for persona in people if persona.ladder == rung]
        if lines:
            groups.append({"rung": rung, "title": title, "lead": lead, "people": lines})
    return render_template("emulators/index.html", groups=groups)


@blueprint.get("/personas.json")
def personas_json() -> Response:
    """What a script types: the first goes the whole way when the file says so."""
    fields = {"name", "ladder", "phone_number", "date_of_birth", "code", "description"}
    people = [persona.model_dump(mode="json", include=fields) for persona in emulators().personas]
    return jsonify(personas=people)


@blueprint.get("/inbox")
def inbox() -> str:
    """Newest first; `?phone_number=` (E.164) shows one phone's texts."""
    shared = emulators()
    phone_number = _phone_number()
    names = {persona.phone_number: persona.name for persona in shared.personas}
    texts = [
        {
            **_fields(text),
            "phone": _spaced(text.phone_number),
            "name": names.get(text.phone_number),
            "ago": _ago(text.sent_at, shared.store.now()),
        }
        for text in shared.store.texts(phone_number)[:TEXTS_SHOWN]
    ]
    source = url_for("pages.inbox_json", phone_number=phone_number)
    kept = [] if phone_number else [_mail_fields(mail) for mail in mails(shared)[:TEXTS_SHOWN]]
    return render_template(
        "emulators/inbox.html",
        texts=texts,
        mails=[{**mail, "ago": _ago(datetime.fromisoformat(mail["sent_at"]), shared.store.now())} for mail in kept],
        phone_number=_spaced(phone_number) if phone_number else None,
        source=source,
    )


@blueprint.get("/inbox.json")
def inbox_json() -> Response:
    """Newest first; `?phone_number=` (E.164) for one phone's texts, without it the mails too."""
    shared, phone_number = emulators(), _phone_number()
    kept = [] if phone_number else [_mail_fields(mail) for mail in mails(shared)]
    return jsonify(texts=[_fields(text) for text in shared.store.texts(phone_number)], mails=kept)


@blueprint.get("/help")
def help_page() -> str:
    return render_template("emulators/help.html", settings=emulators().settings, kinds=KINDS)


@blueprint.get("/personas.schema.json")
def persona_schema() -> Response:
    return jsonify(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _fields(text: Text) -> dict[str, Any]:
    return {
        "phone_number": text.phone_number,
        "sender": text.sender,
        "body": text.body,
        "code": text.code,
        "channel": text.channel,
        "sent_at": text.sent_at.isoformat(),
    }


def _mail_fields(mail: Mail) -> dict[str, str]:
    return {
        "to": mail.to,
        "sender": mail.sender,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "sent_at": mail.sent_at.isoformat(),
    }


def _line(persona: Persona) -> dict[str, Any]:
    return {
        "persona": persona,
        "phone": _spaced(persona.phone_number),
        "birth": persona.date_of_birth.strftime("%m/%d/%Y"),
        "credit": _credit(persona),
    }


def _credit(persona: Persona) -> str:
    """In two words, what asking for the credit file ends in."""
    outcome, file = persona.spinwheel.connect, persona.credit_file
    if outcome != "ok":
        return CONNECT_WORDS[outcome]
    if file is None:
        return "None"
    if file.status != "ok":
        return FILE_WORDS[file.status]
    return f"Score {file.score.value}" if file.score else "Without score"


def _spaced(phone_number: str) -> str:
    """+1 415-555-0011; other countries as they are."""
    if phone_number.startswith("+1") and len(phone_number) == 12:
        return f"+1 {phone_number[2:5]}-{phone_number[5:8]}-{phone_number[8:]}"
    return phone_number


def _ago(then: datetime, now: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


def _phone_number() -> str | None:
    """A plus sign in a query arrives as a space when it was not escaped."""
    value = request.args.get("phone_number", "").replace(" ", "+")
    return value or None
