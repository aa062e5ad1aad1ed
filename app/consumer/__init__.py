"""What a consumer sees: `/o/…` and `/onboarding/…`."""

from flask import Flask

from app.access import allow
from app.consumer import (
    bank,
    bank_return,
    code,
    credit_file,
    done,
    form,
    journey,
    launch,
    leave,
    limits,
    phone,
    proof,
    resume,
)


def init_app(app: Flask) -> None:
    """Mount every part of the journey and say who may call it."""
    for module in (launch, journey, phone, code, bank, bank_return, credit_file, form, done, leave, resume):
        app.register_blueprint(module.blueprint)
    proof.init_app(app)
    limits.init_app(app)
    allow("launch", "launch.show_link", "launch.use", "launch.use_by_hand")
    allow("handoff", "bank.open_window")
    allow("public", "resume.ask_again", "resume.prove_again")
    allow("consumer", "journey.show_page", "journey.step", "journey.progress", "journey.stay_here", "journey.speak")
    allow("consumer", "phone.show_form", "phone.submit", "code.confirm", "code.resend")
    allow("consumer", "bank.begin", "bank.show_link", "bank.show_intro", "bank.finished", "bank.not_available")
    allow("consumer", "bank.closed", "bank.events", "bank.retry", "bank.by_hand", "credit_file.decide")
    allow("consumer", "bank.renew", "bank.skip")
    allow("public", "bank_return.come_back")
    allow("consumer", "form.save_manual", "form.save_as_typed", "form.submit_review", "form.reveal")
    allow("consumer", "form.ask_not_me", "form.clear_not_me")
    allow("consumer", "done.rate", "done.save_copy", "done.withdraw", "leave.later", "leave.ask", "leave.cancel")
    allow("consumer", "leave.text_link", "leave.mail_link", "leave.move")
