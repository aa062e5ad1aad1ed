"""The risk layer: what the vendor behind Spinwheel says of a phone, where an account has it."""

from typing import Any

from app.emulators.persona_models import Persona
from app.emulators.spinwheel.assumptions import RISK_VENDOR
from app.emulators.spinwheel.state import State


def assessments(state: State, persona: Persona) -> dict[str, Any]:
    """`riskAssessments` for a persona that has a risk, or for everybody once the switch is on; else no such field."""
    risk = persona.spinwheel.risk
    if risk is None and not state.switches.risk_layer:
        return {}
    details = {
        "transactionId": f"trust-{persona.phone_number[-4:]}",
        "phoneNumber": persona.phone_number.lstrip("+"),
        "lineType": risk.line_type if risk else "Mobile",
        "isBaselined": True,
        "trustScore": risk.trust_score if risk else 910,
        "reasonCodes": list(risk.reason_codes) if risk else [],
    }
    verified = {"verified": risk.verified if risk else True, "phoneNumber": persona.phone_number.lstrip("+")}
    return {
        "riskAssessments": [
            {"vendor": RISK_VENDOR, "version": "trust/v2", "details": details},
            {"vendor": RISK_VENDOR, "version": "identity/v2", "details": verified},
        ]
    }
