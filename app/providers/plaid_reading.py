"""From Plaid's JSON to records. Every function gives None when the reply lacks what it is about.

plaid-python's own response models refuse whole replies over one missing or null field (required
keys changed between its versions 44 and 45), so replies are read here and its models are not used.
"""

from app.providers.observations import Address, BankAccount, Debt
from app.providers.plaid_records import (
    AccountNumbers,
    AccountOwners,
    EditCounts,
    Institution,
    ItemAccounts,
    ItemStatus,
    Jwk,
    LayerIdentity,
    LayerSession,
    LinkedItem,
    LinkToken,
    Owner,
    Transaction,
    TransactionChanges,
)
from app.providers.reading import Json, amount, flag, iso_date, moment, part, parts, text, texts

PLAID_LIABILITIES = "plaid_bank"
_DEBT_KINDS = {
    "credit card": "credit_card",
    "paypal": "credit_card",
    "auto": "auto_loan",
    "mortgage": "home_loan",
    "home equity": "home_loan",
    "consumer": "personal_loan",
    "student": "student_loan",
}


def link_token(body: Json) -> LinkToken | None:
    """From `/link/token/create` and from the `link` part of `/session/token/create`."""
    inner = part(body, "link") or body
    token, expires = text(inner, "link_token"), moment(inner.get("expiration"))
    return LinkToken(token, expires) if token and expires else None


def linked_item(body: Json) -> LinkedItem | None:
    item_id, token = text(body, "item_id"), text(body, "access_token")
    return LinkedItem(item_id, token) if item_id and token else None


def layer_session(body: Json) -> LayerSession | None:
    if "identity" not in body and "items" not in body:
        return None
    identity = part(body, "identity")
    items = (linked_item(item) for item in parts(body, "items"))
    return LayerSession(
        link_session_id=text(body, "link_session_id"),
        identity=_layer_identity(identity) if identity else None,
        edit_counts=_edit_counts(part(body, "identity_edit_history")),
        items=tuple(item for item in items if item),
        phone_number=text(identity, "phone_number"),
    )


def _layer_identity(body: Json) -> LayerIdentity:
    ssn = text(body, "ssn_last_4", "ssn")
    name = part(body, "name")
    return LayerIdentity(
        first_name=text(name, "first_name"),
        last_name=text(name, "last_name"),
        address=address(part(body, "address")),
        email=text(body, "email"),
        date_of_birth=iso_date(body.get("date_of_birth")),
        ssn_last_four=ssn[-4:] if ssn and ssn[-4:].isdecimal() and len(ssn) >= 4 else None,
    )


def _edit_counts(history: Json) -> dict[str, EditCounts]:
    groups = {name: part(history, name) for name in ("name", "address", "email", "date_of_birth")}
    groups["ssn"] = part(part(history, "official_document"), "ssn")
    keys = ("edits_current", "edits_1d", "edits_30d", "edits_365d", "edits_all_time")
    counts = {name: [group.get(key) for key in keys] for name, group in groups.items() if group}
    return {
        name: EditCounts(*(value if isinstance(value, int) else 0 for value in values))
        for name, values in counts.items()
    }


def address(body: Json) -> Address | None:
    """None when not even one part is known."""
    found = Address(
        street=text(body, "street"),
        unit=text(body, "street2"),
        city=text(body, "city"),
        state=text(body, "region"),
        postal_code=text(body, "postal_code"),
        country=text(body, "country"),
    )
    return found if any(found.values()) else None


def item_accounts(body: Json) -> ItemAccounts | None:
    item = part(body, "item")
    item_id = text(item, "item_id")
    if item_id is None or not isinstance(body.get("accounts"), list):
        return None
    institution_id, name = text(item, "institution_id"), text(item, "institution_name")
    read = (_account(account, item_id, institution_id, name) for account in parts(body, "accounts"))
    return ItemAccounts(item_id, institution_id, name, tuple(account for account in read if account))


def _account(body: Json, item_id: str, institution_id: str | None, institution_name: str | None) -> BankAccount | None:
    account_id = text(body, "account_id")
    if account_id is None:
        return None
    balances = part(body, "balances")
    return BankAccount(
        account_id=account_id,
        item_id=item_id,
        institution_id=institution_id,
        institution_name=institution_name,
        name=text(body, "name"),
        official_name=text(body, "official_name"),
        type=text(body, "type") or "other",
        subtype=text(body, "subtype"),
        mask=text(body, "mask"),
        available=amount(balances.get("available")),
        current=amount(balances.get("current")),
        limit=amount(balances.get("limit")),
        currency=text(balances, "iso_currency_code", "unofficial_currency_code"),
    )


def account_owners(body: Json) -> tuple[AccountOwners, ...] | None:
    if not isinstance(body.get("accounts"), list):
        return None
    return tuple(
        AccountOwners(account_id, tuple(_owner(owner) for owner in parts(account, "owners")))
        for account in parts(body, "accounts")
        if (account_id := text(account, "account_id"))
    )


def _owner(body: Json) -> Owner:
    """Values with the one marked primary first."""
    emails = (text(entry, "data") for entry in _primary_first(parts(body, "emails")))
    phones = (text(entry, "data") for entry in _primary_first(parts(body, "phone_numbers")))
    places = (address(part(entry, "data")) for entry in _primary_first(parts(body, "addresses")))
    return Owner(
        names=texts(body, "names"),
        emails=tuple(email for email in emails if email),
        phone_numbers=tuple(phone for phone in phones if phone),
        addresses=tuple(place for place in places if place),
    )


def _primary_first(entries: list[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: not flag(entry, "primary"))


def account_numbers(body: Json) -> tuple[AccountNumbers, ...] | None:
    if not isinstance(body.get("numbers"), dict):
        return None
    return tuple(
        AccountNumbers(account_id, number, text(ach, "routing"), flag(ach, "is_tokenized_account_number"))
        for ach in parts(part(body, "numbers"), "ach")
        if (account_id := text(ach, "account_id")) and (number := text(ach, "account"))
    )


def transaction_changes(body: Json) -> TransactionChanges | None:
    """One page; `is_complete` is the opposite of `has_more`."""
    cursor = body.get("next_cursor")
    if not isinstance(cursor, str):
        return None
    removed = (text(entry, "transaction_id") for entry in parts(body, "removed"))
    return TransactionChanges(
        added=_transactions(parts(body, "added")),
        modified=_transactions(parts(body, "modified")),
        removed=tuple(entry for entry in removed if entry),
        cursor=cursor,
        status=text(body, "transactions_update_status"),
        is_complete=not flag(body, "has_more"),
    )


def _transactions(entries: list[Json]) -> tuple[Transaction, ...]:
    return tuple(
        Transaction(
            transaction_id=transaction_id,
            account_id=account_id,
            amount=moved,
            currency=text(entry, "iso_currency_code", "unofficial_currency_code"),
            date=iso_date(entry.get("date")),
            name=text(entry, "name"),
            merchant_name=text(entry, "merchant_name"),
            category=text(part(entry, "personal_finance_category"), "primary"),
            pending=flag(entry, "pending"),
        )
        for entry in entries
        if (transaction_id := text(entry, "transaction_id"))
        and (account_id := text(entry, "account_id"))
        and (moved := amount(entry.get("amount")))
    )


def debts(body: Json) -> tuple[Debt, ...] | None:
    """Each liability joined with its account; any of Plaid's lists may be null."""
    held = item_accounts(body)
    liabilities = part(body, "liabilities")
    if held is None or "liabilities" not in body:
        return None
    details = {
        account_id: entry
        for entries in ("credit", "mortgage", "student", "loan", "line_of_credit")
        for entry in parts(liabilities, entries)
        if (account_id := text(entry, "account_id"))
    }
    owed = [account for account in held.accounts if account.account_id in details]
    return tuple(_debt(account, details[account.account_id]) for account in owed)


def _debt(account: BankAccount, details: Json) -> Debt:
    payment = details.get("next_monthly_payment", details.get("minimum_payment_amount"))
    return Debt(
        record_id=account.account_id,
        kind=_DEBT_KINDS.get(account.subtype or "", "other"),
        creditor=account.institution_name,
        mask=account.mask,
        balance=account.current,
        limit=account.limit if account.type == "credit" else None,
        monthly_payment=amount(payment),
        rate=_rate(details),
        status="open",
        source=PLAID_LIABILITIES,
    )


def _rate(details: Json) -> str | None:
    purchase = (apr for apr in parts(details, "aprs") if apr.get("apr_type") == "purchase_apr")
    return (
        amount(next(purchase, {}).get("apr_percentage"))
        or amount(part(details, "interest_rate").get("percentage"))
        or amount(details.get("interest_rate_percentage"))
    )


def item_status(body: Json) -> ItemStatus | None:
    item = part(body, "item")
    item_id = text(item, "item_id")
    if item_id is None:
        return None
    return ItemStatus(
        item_id=item_id,
        institution_id=text(item, "institution_id"),
        institution_name=text(item, "institution_name"),
        webhook=text(item, "webhook"),
        error_code=text(part(item, "error"), "error_code"),
        consented_products=texts(item, "consented_products"),
        consent_expires_at=moment(item.get("consent_expiration_time")),
    )


def institution(body: Json) -> Institution | None:
    found = part(body, "institution")
    institution_id, name = text(found, "institution_id"), text(found, "name")
    if institution_id is None or name is None:
        return None
    return Institution(
        institution_id,
        name,
        logo=text(found, "logo"),
        primary_color=text(found, "primary_color"),
        url=text(found, "url"),
        is_oauth=flag(found, "oauth"),
    )


def webhook_key(body: Json) -> Jwk | None:
    return part(body, "key") or None
