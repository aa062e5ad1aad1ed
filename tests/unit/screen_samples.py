"""One sample of every screen and its states, for the render tests and for looking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.consumer import screens, wording
from app.consumer.screen_parts import (
    Alternative,
    BirthInput,
    Entry,
    Field,
    FieldGroup,
    Ledger,
    LedgerGroup,
    Link,
    Option,
    PhoneInput,
    Source,
    Step,
    Tick,
    Way,
)

TENANT = "Acme Credit Union"
COUNTRIES = (Option("US", "US +1"), Option("PR", "PR +1"))
BANK = Source("From your bank · 2 min ago")
CREDIT = Source("From your credit file · today", "file")
STATES = tuple(Option(code, name) for code, name in (("CA", "California"), ("OR", "Oregon")))


def identity(text: str, **values: object) -> str:
    """Gettext without a catalog."""
    return text % values if values else text


def steps(now: int) -> tuple[Step, ...]:
    """The four steps with number `now` under way; 5 means all are done."""
    labels = ("Your phone", "Your code", "Your bank", "Check and share")
    return tuple(
        Step(label, "done" if place < now else "now" if place == now else "next")
        for place, label in enumerate(labels, 1)
    )


def page(locale: str = "en", now: int | None = 1, **changes: Any) -> screens.Page:
    """The surroundings of a bound, unframed page."""
    common = screens.Page(
        nonce="bm9uY2U",
        locale=locale,
        tenant_name=TENANT,
        tenant_short_name="Acme",
        logo_light="/static/logos/acme.svg",
        logo_dark="/static/logos/acme-dark.svg",
        brand_stylesheet="/brand.css",
        other_locale="en" if locale == "es" else "es",
        other_locale_label="English" if locale == "es" else "Español",
        other_locale_url="?locale=es",
        csrf_token="csrf-of-this-binding",
        onboarding_id="onb_01",
        onboarding_url="/onboarding/onb_01",
        step="phone",
        status="in_progress",
        support=Link("Call 800-555-0142", "tel:+18005550142"),
        reference="K7M 4QD",
        finish_later_url="/onboarding/onb_01/later",
        privacy_url="https://acme.example/privacy",
        cancel_url="/onboarding/onb_01/cancel",
        steps=steps(now) if now else (),
    )
    return replace(common, **changes)


def start_phone(**changes: Any) -> screens.StartPhone:
    agreement = wording.code_agreement(identity, tenant=TENANT, terms_url="/terms", privacy_url="/privacy")
    sample = screens.StartPhone(
        action="/o/abc",
        agreement=agreement,
        phone=PhoneInput(countries=COUNTRIES),
        birth=BirthInput(),
        manual_url="/o/abc/manual",
    )
    return replace(sample, **changes)


START_WRONG = start_phone(
    phone=PhoneInput(countries=COUNTRIES, number="555", error="Enter all ten digits of your mobile number"),
    birth=BirthInput(month="13", day="1", year="1988", error="Enter a month from 1 to 12"),
    notice="Your link is still good.",
)
START_KNOWN = start_phone(phone=None, birth=None, known_phone="(•••) •••-0142", manual_posts=True)

CODE = screens.Code(
    action="/onboarding/onb_01/code",
    masked_phone="(•••) •••-0142",
    resend_action="/onboarding/onb_01/code/resend",
    resend_in=24,
    change_url="/onboarding/onb_01/phone",
)
CODE_WRONG = replace(CODE, resend_in=0, error="That code doesn’t match. You have 2 tries left.")
CODE_RESENT = replace(CODE, resent_at="9:41", resend_in=118, manual_url="/onboarding/onb_01/manual", manual_posts=True)
CODE_BOTH = replace(CODE, resend_in=90, other_method="voice", other_in=0)
CODE_CALLED = replace(CODE, method="voice", resend_in=24, other_method="sms", other_in=24, resent_at="9:41")
BY_HAND = Way("Fill in the form yourself", "/onboarding/onb_01/manual", "About 8 minutes", post=True)
LATER = Way("Come back later", "/onboarding/onb_01/later", "Your answers are kept")
CODE_USED_UP = replace(CODE, used_up="This number had six codes today.", ways=(BY_HAND, LATER))

BANK_INTRO = screens.BankIntro(
    action="/onboarding/onb_01/bank",
    agreement=wording.bank_agreement(identity, tenant=TENANT, plaid_url="https://plaid.com/legal/"),
    manual_url="/onboarding/onb_01/manual",
)
BANK_INTRO_WINDOW = replace(
    BANK_INTRO,
    handoff="once",
    poll_url="/onboarding/onb_01/step?since=3",
    notice=("You closed the bank’s window", "Nothing was shared. You can try again, or go on another way."),
    by_link=True,
    ways=(BY_HAND, LATER),
)
BANK_INTRO_MORE = replace(BANK_INTRO, another=True, manual_url=None)
BANK_LINK = screens.BankLink(
    script_url="http://127.0.0.1:8001/plaid/link-initialize.js",
    link_token="link-sandbox-1",
    mode="layer",
    phone_e164="+14155550011",
    finished_url="/onboarding/onb_01/bank/finished",
    not_available_url="/onboarding/onb_01/bank/not-available",
    exit_url="/onboarding/onb_01/bank/exit",
    renew_url="/onboarding/onb_01/bank/renew",
    events_url="/onboarding/onb_01/bank/events",
    back_url="/onboarding/onb_01",
    retry_url="/onboarding/onb_01/bank",
    ways=(replace(BY_HAND, document=True), replace(LATER, document=True)),
)
CREDIT_FILE = screens.CreditFile(
    action="/onboarding/onb_01/credit",
    agreement=wording.credit_agreement(identity, tenant=TENANT, terms_url="/terms"),
    only_source="Your bank couldn’t tell us about your loans and cards. Your credit file can.",
)
WAITING = screens.Waiting(
    ticks=(
        Tick("Signed in to Harbor & Pine Bank", "done"),
        Tick("Reading your accounts", "now", "3 so far"),
        Tick("Putting it all in your form", "next"),
    ),
    filled=9,
    asked=18,
    poll_url="/onboarding/onb_01/step",
    refresh_url="/onboarding/onb_01",
)
WAITING_OVER = replace(WAITING, poll_url=None, asked=0, filled=0)

FIRST_NAME = Field(key="first_name", label="First and middle name", autocomplete="given-name")
EMAIL = Field(key="email", label="Email", kind="email", autocomplete="email", wide=True, hint="For news")
HOME = (
    Field(key="street", label="Street address", autocomplete="address-line1", wide=True),
    Field(key="unit", label="Apartment or unit", required=False, autocomplete="address-line2"),
    Field(key="state", label="State", kind="select", options=STATES),
    Field(key="zip", label="ZIP code", kind="digits", autocomplete="postal-code", max_length=10),
)
TENURE = Field(
    key="tenure",
    label="Do you own or rent?",
    kind="radio",
    value="rent",
    wide=True,
    options=(Option("own", "Own"), Option("rent", "Rent")),
)
MANUAL = screens.ManualForm(
    action="/onboarding/onb_01/manual",
    groups=(
        FieldGroup(key="name", title="Your name", fields=(FIRST_NAME, EMAIL)),
        FieldGroup(key="home", title="Your home", fields=(*HOME, TENURE), hint="Where you live now"),
        FieldGroup(
            key="more",
            title="More",
            fields=(
                Field(key="birth", label="Date of birth", kind="date", autocomplete="bday"),
                Field(key="note", label="Anything else", kind="long", required=False, wide=True),
            ),
        ),
    ),
    save_url="/onboarding/onb_01/save",
    connect_url="/onboarding/onb_01/bank",
)

HOUSING = Field(
    key="housing_cost",
    label="Housing cost each month",
    kind="money",
    state="missing",
    hint="Rent or mortgage payment",
    suffix="a month",
)
EMPLOYMENT = Field(
    key="employment",
    label="How do you earn a living?",
    kind="select",
    state="missing",
    hint="Pick the one that fits best",
    options=(Option("full", "Employed full time"), Option("retired", "Retired")),
)
ABOUT = (
    replace(
        FIRST_NAME,
        value="María Elena",
        state="edited",
        source=Source("You changed it from “MARIA E”", "pencil"),
        can_undo=True,
    ),
    Field(key="last_name", label="Last name", value="Ortiz Reyes", state="filled", source=BANK),
    Field(
        key="birth",
        label="Date of birth",
        kind="date",
        value="April 27, 1988",
        state="locked",
        source=Source("You entered it at the start", "lock"),
        can_dispute=True,
    ),
    Field(
        key="mobile",
        label="Mobile number",
        kind="tel",
        value="(503) 555-0142",
        state="locked",
        source=Source("Confirmed by text · 4 min ago", "check-circle"),
        can_dispute=True,
    ),
    Field(key="email", label="Email", kind="email", value="m@mail.example", state="filled", source=BANK),
    Field(
        key="ssn_last_four",
        label="Last four digits of your SSN",
        value="••••",
        state="filled",
        source=CREDIT,
        reveal_url="/onboarding/onb_01/reveal/ssn",
    ),
    Field(
        key="member",
        label="Member number",
        value="0048-2213",
        state="disputed",
        source=Source("You told us this isn’t right. Acme will check it with you.", "flag"),
        wide=True,
    ),
)
ADDRESS = Field(
    key="address",
    label="Where do you live now?",
    kind="choice",
    wide=True,
    hint="Your bank and your credit file don’t agree.",
    alternatives=(
        Alternative(value="bank", lines=("1408 Alder Street, Apt 3", "Portland, OR 97205"), source=BANK),
        Alternative(value="credit", lines=("77 Larkspur Avenue", "Eugene, OR 97401"), source=CREDIT),
    ),
    other_label="Neither. I’ll enter it myself",
    parts=HOME,
)
WORK = (
    Field(key="employer", label="Employer", value="Cedar Grove Clinic", state="filled", source=BANK),
    Field(
        key="income",
        label="Income before tax",
        kind="money",
        value="64,800",
        state="filled",
        suffix="a year",
        source=Source("Our estimate from 24 months of deposits"),
    ),
    Field(key="since", label="There since", kind="date", value="2019-05-01", source=BANK, can_undo=True),
)
ACCOUNTS = LedgerGroup(
    key="accounts",
    title="Accounts",
    hint="Leave out any account you don’t want to share.",
    more=Link("Connect another bank", "/onboarding/onb_01/bank"),
    ledgers=(
        Ledger(
            heading="Harbor & Pine Bank",
            detail="Connected 2 min ago",
            monogram="HP",
            entries=(
                Entry(
                    key="a1",
                    name="Everyday Checking",
                    detail="Checking ·· 4821",
                    amount="$3,482.16",
                    sums=(348216,),
                ),
                Entry(
                    key="a2",
                    name="Rainy Day Savings",
                    detail="Savings ·· 7730",
                    amount="$11,250.00",
                    sums=(1125000,),
                ),
                Entry(
                    key="a3",
                    name="Household Joint",
                    detail="Checking ·· 9054",
                    amount="$1,204.55",
                    sums=(120455,),
                    shared=False,
                ),
            ),
            totals=(("Shared balance", "$14,732.16"),),
        ),
    ),
)
DEBTS = LedgerGroup(
    key="debts",
    title="Debts",
    ledgers=(
        Ledger(
            heading="Your credit file",
            detail="Read today, with your consent",
            entries=(
                Entry(
                    key="d1",
                    name="Lark Card",
                    detail="Credit card ·· 1007",
                    amount="$2,140.33",
                    note="$65 a month",
                    sums=(214033, 6500),
                ),
            ),
            totals=(("You owe", "$2,140.33"), ("You pay each month", "$65.00")),
        ),
    ),
)
REVIEW = screens.Review(
    action="/onboarding/onb_01/review",
    agreement=wording.share_agreement(identity, tenant_short="Acme", terms_url="/terms"),
    filled=16,
    asked=18,
    needed=(HOUSING, EMPLOYMENT),
    groups=(
        FieldGroup(key="about", title="About you", fields=ABOUT),
        FieldGroup(key="home", title="Home", fields=(ADDRESS,)),
        FieldGroup(key="work", title="Work and income", fields=WORK),
    ),
    ledgers=(ACCOUNTS, DEBTS),
    save_url="/onboarding/onb_01/save",
    not_me_url="/onboarding/onb_01/not-me",
)


def _wrong(field: Field, message: str) -> Field:
    return replace(field, error=message)


REVIEW_WRONG = replace(
    REVIEW,
    needed=(_wrong(HOUSING, "Enter what you pay for housing. If nothing, enter 0."), EMPLOYMENT),
    groups=(
        FieldGroup(key="about", title="About you", fields=(_wrong(ABOUT[4], "Enter your whole email"),)),
        FieldGroup(
            key="home",
            title="Home",
            fields=(
                _wrong(ADDRESS, "Choose the address where you live now"),
                _wrong(TENURE, "Choose one"),
                Field(
                    key="old",
                    label="Address before",
                    kind="address",
                    parts=tuple(replace(part, key="old_" + part.key) for part in HOME),
                    error="Enter the address you had before",
                ),
                _wrong(replace(WORK[2], typed=("13", "1", "2019")), "Enter a month from 1 to 12"),
            ),
        ),
    ),
)
