"""Money, dates and times as the reader's language writes them."""

import datetime as dt
from decimal import Decimal

from babel.numbers import format_currency
from flask_babel import format_date, format_datetime, get_locale, ngettext
from flask_babel import gettext as _

from app.models import utcnow

# Money as it is written in the United States, in either language.
MONEY_LOCALES = {"en": "en_US", "es": "es_US"}


def money(amount: Decimal | str, currency: str = "USD") -> str:
    """`$1,204.55`."""
    return str(format_currency(Decimal(amount), currency, locale=MONEY_LOCALES[str(get_locale())[:2]]))


def day(moment: dt.datetime) -> str:
    """`Friday, December 5`."""
    pattern = "EEEE, d 'de' MMMM" if str(get_locale()).startswith("es") else "EEEE, MMMM d"
    return str(format_date(moment, pattern))


def date_words(iso: str) -> str:
    """`April 27, 1988` for an ISO date."""
    return str(format_date(dt.date.fromisoformat(iso), "long"))


def ago(moment: dt.datetime) -> str:
    """`2 min ago`, `today`, or a date."""
    passed = utcnow() - moment
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(num)s min ago", "%(num)s min ago", minutes)
    if passed < dt.timedelta(hours=20):
        return _("today")
    return str(format_date(moment, "MMMM y"))


def clock(moment: dt.datetime) -> str:
    """A time of day with its zone, as evidence wants it: `9:41 AM UTC`."""
    return f"{format_datetime(moment, 'h:mm a')} UTC"


def when(moment: dt.datetime) -> str:
    """`Nov 24, 2026, 9:41 AM UTC`."""
    return f"{format_datetime(moment, 'MMM d, y, h:mm a')} UTC"
