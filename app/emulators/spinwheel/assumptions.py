"""Everything here is a guess that a real key can correct: the public documents do not say it.

Codes and sentences of the connect step are documented, their HTTP statuses are not (INVALID_NUMBER is).
Guessed in behaviour, where it is coded:
- connect.py: a second connect with the same extUserId sends a new code to the same user, and is a conflict
  once that user is connected by another phone; a refused identity ends the connection.
- debt_profile.py: an empty order means the report; a score alone brings no liabilities.
- views.py: the secure base only reads and deletes; unmask on the standard base is refused.
- preverified.py: an account or a person that is not enabled is a 403; the reconnect by userId is the same call.
- risk.py: which details the vendor gives, and that a phone without a risk of its own gets a good score.
- refresh.py: one transaction for each liability, all done at once; an extRequestId works once.
- subscriptions.py: paths and fields of /v1/webhooks are known from an unverified source alone.
- hooks.py: tries, pauses, and what most events carry in `data`.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Refusal:
    """HTTP status, also `status.code`; the sentence is `status.messages[0].desc`."""

    status: int
    sentence: str


REFUSALS: dict[str, Refusal] = {
    # Connect and verify: documented sentences.
    "INVALID_NUMBER": Refusal(400, "The provided phone number is invalid."),
    "UNSUPPORTED_COUNTRY_CODE": Refusal(400, "The region associated with the provided phone number is not supported."),
    "MAX_ATTEMPTS_REACHED": Refusal(429, "Exceeded 5 attempt maximum. Resend a new code in 5 minutes"),
    "TOO_MANY_VERIFICATIONS": Refusal(429, "Too many verification attempts - this phone number is disabled for 24hrs."),
    "EXPIRED": Refusal(400, "Code Expired. Please create a new connection."),
    "INCORRECT": Refusal(400, "Incorrect Code"),
    "FAILED_ELIGIBILITY": Refusal(
        400, "User failed to meet eligibility requirements. Please continue with challenge questions."
    ),
    "FAILED_IDENTIFICATION": Refusal(400, "Failed user identification. Please continue with challenge questions."),
    "FAILED_IDENTIFICATION_INFO_MISMATCH": Refusal(
        400,
        "Failed user identification. Either the user’s DOB or Phone Number is incorrect - please check and try again.",
    ),
    "TOO_MANY_REQUESTS": Refusal(
        429, "Too many verification attempts in a short period of time for the given phone number."
    ),
    # Debt profile: documented codes and statuses; of the sentences only the daily limit's was seen.
    "DAILY_USER_REQUEST_LIMIT_REACHED": Refusal(
        429, "Credit report orders are limited to one request per user per day"
    ),
    "USER_NOT_FOUND": Refusal(404, "User not found"),
    "CREDIT_REPORT_NOT_FOUND": Refusal(404, "No credit report was found for the user"),
    "USER_NOT_CONNECTED": Refusal(400, "User is not connected"),
    "FRAUDULENT_REPORT": Refusal(400, "The credit report carries a fraud alert"),
    "FROZEN_REPORT": Refusal(400, "The credit report is frozen"),
    "LOCKED_REPORT": Refusal(400, "The credit report is locked"),
    "MANUAL_FILE": Refusal(400, "The credit file needs manual handling"),
    "MANUAL_REVIEW_REQUIRED": Refusal(400, "The credit file needs a manual review"),
    "INVALID_SCORE_MODEL": Refusal(400, "The credit score model is not supported"),
    "REFERRED_FILE": Refusal(409, "The credit file was referred"),
    "BUREAU_SOURCE_CONFLICT": Refusal(409, "The user is connected to another bureau"),
    # Neither code nor sentence is documented, but for the sentence of a missing key.
    "UNSUPPORTED_NUMBER": Refusal(400, "The provided phone number is not supported."),
    "UNAUTHORIZED": Refusal(401, "No auth key provided"),
    "INVALID_AUTH_KEY": Refusal(401, "Invalid auth key"),
    "BAD_REQUEST": Refusal(400, "Bad request"),
    "NOT_FOUND": Refusal(404, "Not found"),
    "SECURE_HOST_REQUIRED": Refusal(403, "unmask is only available on the secure host"),
    "USER_CONFLICT": Refusal(409, "Conflict with existing user"),
    "PRODUCT_NOT_ENABLED": Refusal(403, "This product is not enabled for the account"),
}

# Statuses of success: two public clients expect 201 from connect; nobody says it of verify.
CONNECT_STATUS = 201
VERIFY_STATUS = 200
PREVERIFIED_STATUS = 201
REFRESH_STATUS = 201
WEBHOOK_STATUS = 201
PREVERIFIED_SENTENCE = "Connecting pre-verified phone numbers is not enabled for the account"
# The value before the code is verified; no document tells it.
PENDING_CONNECTION_STATUS = "IN_PROGRESS"

# Codes live 300 s and 5 wrong ones are allowed: documented. How the rest is counted is not.
CODE_LIFE = timedelta(seconds=300)
WRONG_CODES_ALLOWED = 5
WAIT_AFTER_WRONG_CODES = timedelta(minutes=5)
SENDS_BEFORE_LOCK = 20
SENDS_COUNTED_WITHIN = timedelta(hours=24)
LOCK = timedelta(hours=24)
CHECKS_BEFORE_BURST = 10
CHECKS_COUNTED_WITHIN = timedelta(seconds=60)

MINIMUM_AGE_YEARS = 18


def code_expires_at(milliseconds: int) -> int:
    """Epoch milliseconds as a number, the house style; one document shows a string."""
    return milliseconds


# A day of the one-report limit is a UTC day, and an order that was refused does not use it up.
REPORT_TYPES = ("1_BUREAU.FULL",)
SCORE_MODELS = ("VANTAGE_SCORE_3_0",)
SCORE_MODELS_NOT_ENABLED = ("FICO_SCORE_4", "FICO_SCORE_8")

# Of the risk layer vendor and versions are documented, `details` is not.
RISK_VENDOR = "PROVE"

# The documents show one id in `id` of a refresh; one public client met an answer that demanded a list.
REFRESH_ID_AS_LIST = False
REFRESH_AGAIN_AFTER = timedelta(hours=24)

# Nothing is said of how often a webhook is tried.
WEBHOOK_TRIES = 5

# Where the numbers stand that `unmask=accountNumber` reveals.
FULL_CARD_NUMBER = "creditCardNumber"
FULL_ACCOUNT_NUMBER = "accountNumber"

# The file status of a persona, and the refusal it brings.
FILE_REFUSALS = {
    "frozen": "FROZEN_REPORT",
    "locked": "LOCKED_REPORT",
    "fraud": "FRAUDULENT_REPORT",
    "manual_file": "MANUAL_FILE",
    "manual_review": "MANUAL_REVIEW_REQUIRED",
    "referred": "REFERRED_FILE",
    "not_found": "CREDIT_REPORT_NOT_FOUND",
}
