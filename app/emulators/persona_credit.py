"""A persona's credit file and what Spinwheel says of the person."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.emulators.persona_base import Address, Digits9, Identity, Name, Part, Short

Bureau = Literal["TransUnion", "Equifax"]
FileStatus = Literal["ok", "frozen", "locked", "fraud", "manual_file", "manual_review", "referred", "not_found"]


class ReportedAddress(Address):
    """An address as a bureau holds it; `until` set means PREVIOUS."""

    ownership: Literal["OWN", "RENT", "BUY"] | None = None
    reported: date | None = None


class Employment(Part):
    employer: Short
    position: Short | None = None
    since: date | None = None
    reported: date | None = None
    status: Literal["CURRENT", "PREVIOUS"] = "CURRENT"


class Inquiry(Part):
    inquirer: Short
    day: date
    industry_code: Short = "BB"
    purpose: Literal["HARD", "SOFT"] = "HARD"


class ScoreFactor(Part):
    code: Annotated[str, Field(pattern=r"^\d{1,3}$")]
    description: Short


class Score(Part):
    value: int = Field(ge=300, le=850)
    factors: list[ScoreFactor] = []


class Debt(Part):
    """What all six kinds of liabilities have. Money in dollars, rates in percent."""

    creditor: Short
    display_name: Short | None = Field(default=None, description="Left out: the creditor")
    opened: date
    closed: date | None = None
    balance: float = Field(ge=0)
    minimum_payment: float = Field(default=0, ge=0)
    due_in_days: int = Field(default=14, ge=0, le=60, description="Days from today to the next due date")
    last_four: Annotated[str, Field(pattern=r"^\d{4}$")]
    joint: bool = False
    rating: Annotated[str, Field(pattern=r"^[0-9A-Z]$")] = "1"
    overdue: Literal["NOT_OVERDUE", "LATE_30_DAYS", "LATE_60_DAYS", "LATE_90_DAYS", "LATE_120_DAYS"] = "NOT_OVERDUE"
    payment_history: Annotated[str, Field(pattern=r"^[0-9A-Z]{0,84}$")] = Field(
        default="000000000000", description="One sign a month, newest first: 0 current, 1-6 late, D no data"
    )


class CreditCard(Debt):
    credit_limit: float = Field(gt=0)
    apr: float | None = None


class Loan(Debt):
    """An auto, home or personal loan."""

    original_amount: float = Field(gt=0)
    interest_rate: float | None = None
    term_months: int | None = None


class StudentLoan(Loan):
    loan_type: Literal["PUBLIC", "PRIVATE", "UNVERIFIED"] = "PUBLIC"


class Miscellaneous(Debt):
    """Utilities, collections and the like."""

    subtype: Literal["UtilityCompany", "Collection"] = "UtilityCompany"
    original_creditor: Short | None = None


class CreditFile(Part):
    """`status` other than ok: the report is refused with the provider's error."""

    status: FileStatus = "ok"
    bureau: Bureau = "TransUnion"
    name: Name | None = Field(default=None, description="Left out: the persona's, in upper case")
    former_names: list[Name] = []
    ssn: Digits9 | None = Field(default=None, description="Left out: the persona's")
    addresses: list[ReportedAddress] = Field(default=[], description="Left out: the persona's, in upper case")
    employment: list[Employment] = []
    inquiries: list[Inquiry] = []
    score: Score | None = None
    credit_cards: list[CreditCard] = []
    auto_loans: list[Loan] = []
    home_loans: list[Loan] = []
    personal_loans: list[Loan] = []
    student_loans: list[StudentLoan] = []
    miscellaneous_liabilities: list[Miscellaneous] = []


ConnectOutcome = Literal[
    "ok",
    "FAILED_ELIGIBILITY",
    "FAILED_IDENTIFICATION",
    "FAILED_IDENTIFICATION_INFO_MISMATCH",
    "UNSUPPORTED_NUMBER",
]


class Risk(Part):
    """What the risk layer says of the person's phone."""

    trust_score: int = Field(default=910, ge=0, le=1000)
    line_type: Literal["Mobile", "Landline", "FixedVoIP", "NonFixedVoIP", "Prepaid"] = "Mobile"
    reason_codes: list[Annotated[str, Field(pattern=r"^[A-Z0-9]{1,4}$")]] = []
    verified: bool = True


class Spinwheel(Part):
    """How Spinwheel's text-message connection ends for the person, and the profile it hands over."""

    connect: ConnectOutcome = "ok"
    any_phone: bool = Field(
        default=False,
        description="Chosen by date of birth for every number that is nobody's, as the sandbox does",
    )
    profile: Identity | None = Field(default=None, description="Left out: the identity, in upper case")
    preverified: bool = Field(default=True, description="false: connecting by a pre-verified phone is refused (403)")
    risk: Risk | None = Field(
        default=None, description="Left out: no risk assessments, unless the control switch asks for everybody's"
    )
