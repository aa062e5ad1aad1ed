"""Plaid's replies as observations and bank accounts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.providers.addresses import tidy_address
from app.providers.casing import nice_name, same_name, split_name
from app.providers.observations import PLAID_BANK, PLAID_LAYER, Address, BankAccount, Observation
from app.providers.phones import e164
from app.providers.plaid_records import AccountNumbers, AccountOwners, ItemAccounts, LayerSession, Owner

Found = list[tuple[str, str | Address]]


def layer_observations(session: LayerSession, observed_at: datetime) -> list[Observation]:
    """What the person shared in Layer. Only the phone is proven; all else could be edited there."""
    record = session.link_session_id or ""
    identity, found = session.identity, list[tuple[str, str | Address | None]]()
    if identity:
        found = [
            ("first_name", identity.first_name and nice_name(identity.first_name)),
            ("last_name", identity.last_name and nice_name(identity.last_name)),
            ("email", identity.email),
            ("date_of_birth", identity.date_of_birth),
            ("ssn_last_four", identity.ssn_last_four),
            ("address", identity.address and tidy_address(identity.address)),
        ]
    observations = [Observation(field, value, PLAID_LAYER, record, observed_at) for field, value in found if value]
    if phone := e164(session.phone_number or ""):
        proven = Observation("phone_number", phone, PLAID_LAYER, record, observed_at, verified=True)
        observations.append(proven)
    return observations


def bank_observations(
    accounts: Sequence[AccountOwners], observed_at: datetime, *, expected_name: str | None = None
) -> list[Observation]:
    """What banks hold about this person, without doubles, primary values first.

    Of a joint account only what is plainly this person's: the one owner whose name matches
    `expected_name`, else nothing.
    """
    observations: list[Observation] = []
    for account in accounts:
        for field, value in _of_account(account.owners, expected_name):
            if not any(seen.field == field and seen.value == value for seen in observations):
                record = account.account_id
                observations.append(Observation(field, value, PLAID_BANK, record, observed_at))
    return observations


def bank_accounts(
    held: ItemAccounts,
    numbers: Sequence[AccountNumbers] = (),
    owners: Sequence[AccountOwners] = (),
) -> tuple[BankAccount, ...]:
    """The Item's accounts with what `/auth/get` and `/identity/get` add to them."""
    by_account = {entry.account_id: entry for entry in numbers}
    holders = {
        entry.account_id: tuple(nice_name(name) for owner in entry.owners for name in owner.names) for entry in owners
    }
    return tuple(
        replace(
            _with_numbers(account, by_account.get(account.account_id)),
            owners=holders.get(account.account_id, ()),
        )
        for account in held.accounts
    )


def _with_numbers(account: BankAccount, found: AccountNumbers | None) -> BankAccount:
    if found is None:
        return account
    return replace(
        account,
        account_number=found.account_number,
        routing_number=found.routing_number,
        is_tokenized=found.is_tokenized,
    )


def _of_account(owners: tuple[Owner, ...], expected_name: str | None) -> Found:
    names = [(owner, name) for owner in owners for name in owner.names]
    if len(names) > 1 and expected_name:
        names = [(owner, name) for owner, name in names if same_name(name, expected_name)]
    if len(names) != 1:
        return []
    owner, name = names[0]
    split = split_name(name)
    # Banks also put both holders into one block; its contact data may then be the other one's.
    if split is None or len(owner.names) > 1:
        return _name_parts(split)
    return _name_parts(split) + _contact(owner)


def _name_parts(split: tuple[str, str] | None) -> Found:
    return [("first_name", split[0]), ("last_name", split[1])] if split else []


def _contact(owner: Owner) -> Found:
    phones = (e164(phone) for phone in owner.phone_numbers)
    found: Found = [("email", email) for email in owner.emails]
    found += [("phone_number", phone) for phone in phones if phone]
    found += [("address", tidy_address(place)) for place in owner.addresses]
    return found
