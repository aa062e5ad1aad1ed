"""The credit report itself: profile, inquiries, score, totals, and the liabilities beside it."""

import copy
import uuid
from datetime import date
from typing import Any

from app.emulators.persona_credit import CreditFile, Score
from app.emulators.spinwheel.assumptions import FULL_ACCOUNT_NUMBER, FULL_CARD_NUMBER
from app.emulators.spinwheel.liabilities import KINDS, NAMESPACE, arrays_and_summaries, debts_of
from app.emulators.spinwheel.profile import report_profile
from app.emulators.spinwheel.state import User
from app.emulators.store import Clock


def build_report(
    user: User, file: CreditFile, bureau: str, model: str | None, with_liabilities: bool, clock: Clock
) -> dict[str, Any]:
    """`creditReports` and the liabilities, numbers whole: `masked` hides them on the way out."""
    now, today = clock.milliseconds(), clock.now().date()
    profile = report_profile(user.persona, bureau, now, today)
    scores = [_score(file.score, model, bureau, today)] if model and file.score else []
    if scores:
        profile |= {"creditScore": scores[0]["creditScore"], "model": model}
    report = {
        "id": str(uuid.uuid5(NAMESPACE, f"{user.user_id}/{today}")),
        "sourceBureau": bureau,
        "type": "1_BUREAU.FULL",
        "profile": profile,
        "inquiries": _inquiries(file, bureau),
        "bankruptcies": [],
        "creditScoreDetails": scores,
        "creditAttributes": [
            {"description": "Number of tradelines", "value": str(sum(map(len, debts_of(file).values())))}
        ],
        "summary": _totals(file),
        "reportStatus": {"status": "SUCCESS"},
        "updatedOn": now,
        "createdOn": now,
    }
    liabilities = arrays_and_summaries(file, user.user_id, now, today) if with_liabilities else {}
    return {"creditReports": [report], **liabilities}


def masked(data: dict[str, Any], unmask: set[str]) -> dict[str, Any]:
    """A copy with the SSN's last four, and without full account numbers, unless they were asked for."""
    shown = copy.deepcopy(data)
    for report in shown.get("creditReports", []):
        if "ssn" not in unmask:
            report["profile"]["ssn"] = report["profile"]["ssn"][-4:]
    for kind in KINDS:
        for liability in shown.get(kind.array, []):
            profile = liability[kind.profile]
            number = profile.pop("fullNumber")
            if "accountNumber" in unmask:
                card = kind.array == "creditCards"
                profile[FULL_CARD_NUMBER if card else FULL_ACCOUNT_NUMBER] = number
    return shown


def _score(score: Score, model: str, bureau: str, today: date) -> dict[str, Any]:
    return {
        "creditScore": score.value,
        "model": model,
        "sourceBureau": bureau,
        "reportedDate": today.isoformat(),
        "factors": [factor.model_dump() for factor in score.factors],
    }


def _inquiries(file: CreditFile, bureau: str) -> list[dict[str, Any]]:
    return [
        {
            "inquirerName": inquiry.inquirer.upper(),
            "inquiryDate": inquiry.day.isoformat(),
            "inquirerIndustryCode": inquiry.industry_code,
            "purposeType": inquiry.purpose,
            "sourceBureau": bureau,
            "bureauSubscriberCode": f"000{inquiry.industry_code}00000",
        }
        for inquiry in file.inquiries
    ]


def _totals(file: CreditFile) -> dict[str, Any]:
    """Debt by the bureau's three classes; unsecured also without student loans."""
    balances: dict[str, list[float]] = {"SECURED": [], "UNSECURED": [], "UNKNOWN": [], "STUDENT": []}
    for kind in KINDS:
        for debt in debts_of(file)[kind.array]:
            balances[kind.debt_type].append(debt.balance)
            if kind.array == "studentLoans":
                balances["STUDENT"].append(debt.balance)
    total = {name: round(sum(values), 2) for name, values in balances.items()}
    count = {name: len(values) for name, values in balances.items()}
    return {
        "totalSecuredDebtAmount": total["SECURED"],
        "securedDebtLiabilitiesCount": count["SECURED"],
        "totalUnsecuredDebtAmount": total["UNSECURED"],
        "unsecuredDebtLiabilitiesCount": count["UNSECURED"],
        "totalUnsecuredDebtAmountExcludingStudent": round(total["UNSECURED"] - total["STUDENT"], 2),
        "unsecuredDebtLiabilitiesCountExcludingStudent": count["UNSECURED"] - count["STUDENT"],
        "totalUnknownDebtAmount": total["UNKNOWN"],
        "unknownDebtLiabilitiesCount": count["UNKNOWN"],
    }
