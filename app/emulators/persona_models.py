"""One person, with everything both providers say of him or her."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.emulators.persona_bank import Bank
from app.emulators.persona_base import Identity, Part, Phone, Short
from app.emulators.persona_credit import CreditFile, Spinwheel

Ladder = Literal["layer_phone", "layer_date_of_birth", "link", "manual"]
LayerField = Literal["name", "date_of_birth", "address", "ssn", "email"]


class LayerProfile(Part):
    """What Plaid's saved profile lacks, and which of the person's banks are connected to it."""

    missing: list[LayerField] = []
    banks: list[str] = Field(default=[], description="institution_id of each connected bank")
    accounts: list[str] | None = Field(default=None, description="Masks offered; left out: all accounts")


class Layer(Part):
    """Left out: unknown to Plaid that way (LAYER_NOT_AVAILABLE, LAYER_AUTOFILL_NOT_AVAILABLE)."""

    by_phone: LayerProfile | None = None
    by_date_of_birth: LayerProfile | None = None
    identity: Identity | None = Field(default=None, description="Left out: the persona's identity")


class Persona(Part):
    name: Short
    ladder: Ladder = Field(description="The first rung that works for this person")
    phone_number: Phone
    date_of_birth: date
    code: Annotated[str, Field(pattern=r"^(\d{6})?$")] = Field(
        default="", description="The code in every text to this phone; left out: EMULATOR_SMS_CODE"
    )
    description: Annotated[str, Field(min_length=1, max_length=400)]
    identity: Identity
    layer: Layer = Layer()
    banks: list[Bank] = []
    credit_file: CreditFile | None = Field(default=None, description="Left out: no file is found")
    spinwheel: Spinwheel = Spinwheel()

    @model_validator(mode="after")
    def layer_names_what_there_is(self) -> Self:
        known = {bank.institution_id: bank for bank in self.banks}
        for profile in (self.layer.by_phone, self.layer.by_date_of_birth):
            if profile is None:
                continue
            unknown = [name for name in profile.banks if name not in known]
            if unknown:
                raise ValueError(f"layer names the bank {unknown[0]}, which is not among the banks")
            masks = {account.mask for name in profile.banks for account in known[name].accounts}
            strange = [mask for mask in profile.accounts or [] if mask not in masks]
            if strange:
                raise ValueError(f"layer names the account {strange[0]}, which its banks do not have")
        return self


class PersonaFile(Part):
    """The whole file."""

    schema_name: str | None = Field(default=None, alias="$schema", description="For editors; not read")
    personas: list[Persona] = Field(min_length=1)
