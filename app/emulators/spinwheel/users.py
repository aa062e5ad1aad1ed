"""Reading a user back."""

from typing import Any

from app.emulators.spinwheel.profile import hydrated_profile
from app.emulators.spinwheel.report import masked
from app.emulators.spinwheel.state import User


def hydrated(user: User, unmask: set[str]) -> dict[str, Any]:
    """Identity once connected, the report and liabilities once ordered."""
    data: dict[str, Any] = {
        "userId": user.user_id,
        "extUserId": user.ext_user_id,
        "isBorrower": user.report is not None,
        "isChampion": False,
        "createdOn": user.created_on,
        "updatedOn": user.updated_on,
    }
    if user.connected:
        data["profile"] = hydrated_profile(user, unmask)
    if user.report is None:
        return data
    data |= masked(user.report, unmask)
    report = data["creditReports"][0]["profile"]
    data["profile"] |= {key: report[key] for key in ("creditScore", "model") if key in report}
    return data
