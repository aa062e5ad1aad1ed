"""The fields a tenant can ask for: one table. Everything else about a field follows from its row."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "email", "phone", "date", "digits", "address", "choice", "money", "list"]

CONSUMER = "consumer"
TENANT = "tenant"


@dataclass(frozen=True)
class FieldSpec:
    """One field: where it stands in the result, and which sources are believed, best first."""

    key: str
    pointer: str
    kind: Kind
    sources: tuple[str, ...]
    asked: str = "off"
    options: tuple[str, ...] = ()


_PERSON = ("spinwheel_profile", "plaid_layer", "plaid_bank", "spinwheel_credit_file")
_HOME = ("plaid_layer", "plaid_bank", "spinwheel_profile", "spinwheel_credit_file")

FIELDS: dict[str, FieldSpec] = {
    spec.key: spec
    for spec in (
        FieldSpec("first_name", "/personal_info/first_name", "text", _PERSON, "required"),
        FieldSpec("last_name", "/personal_info/last_name", "text", _PERSON, "required"),
        FieldSpec("date_of_birth", "/personal_info/date_of_birth", "date", (), "required"),
        FieldSpec("phone_number", "/personal_info/phone_number", "phone", (), "required"),
        FieldSpec(
            "email", "/personal_info/email", "email", ("plaid_layer", "plaid_bank", "spinwheel_profile"), "required"
        ),
        FieldSpec("ssn_last_four", "/personal_info/ssn", "digits", _PERSON, "optional"),
        FieldSpec("address", "/addresses/0", "address", _HOME, "required"),
        FieldSpec(
            "housing_status",
            "/addresses/0/housing_status",
            "choice",
            ("spinwheel_credit_file",),
            options=("own", "rent", "other"),
        ),
        FieldSpec("employer_name", "/employment/employer_name", "text", ("spinwheel_credit_file",), "optional"),
        FieldSpec(
            "employment_type",
            "/employment/employment_type",
            "choice",
            (),
            options=("full_time", "part_time", "self_employed", "retired", "student", "not_working"),
        ),
        FieldSpec("income", "/employment/income", "money", ()),
        FieldSpec("bank_accounts", "/financial_info/bank_accounts", "list", ("plaid_bank",), "optional"),
        FieldSpec(
            "credit_accounts",
            "/financial_info/credit_accounts",
            "list",
            ("plaid_bank", "spinwheel_credit_file"),
            "optional",
        ),
    )
}

DEFAULT_ASKED = {spec.key: spec.asked for spec in FIELDS.values()}
LISTS = ("bank_accounts", "credit_accounts")
# Fields that only a credit file can fill: the reason to ask for one when `credit_report` is `when_needed`.
ONLY_CREDIT_FILE = frozenset(key for key, spec in FIELDS.items() if spec.sources == ("spinwheel_credit_file",))
