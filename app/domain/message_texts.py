"""What our texts and mails say. Nothing personal beyond the tenant's name: both may be read over a shoulder.

As in the pages each takes the translating callable first, so that the words are extracted.
"""

import datetime as dt
import gettext
from collections.abc import Callable
from html import escape
from pathlib import Path

from babel.dates import format_date

from app.domain.tenant_settings import Branding
from app.providers.messages import Email

TRANSLATIONS = Path(__file__).parents[1] / "translations"
DAYS = {"en": "EEEE, MMMM d", "es": "EEEE, d 'de' MMMM"}
# Where a tenant's brand says nothing.
ACTION, ON_ACTION = "#1f4fd8", "#ffffff"

Gettext = Callable[..., str]


def speaker(locale: str) -> Gettext:
    """Our words in a language; English where there is none."""
    catalog = gettext.translation("messages", TRANSLATIONS, [locale], fallback=True)

    def say(words: str, **values: str) -> str:
        return catalog.gettext(words) % values if values else catalog.gettext(words)

    return say


def day_words(moment: dt.datetime, locale: str) -> str:
    """`Friday, December 5`."""
    return str(format_date(moment.date(), DAYS[locale], locale))


def later_text(_: Gettext, branding: Branding, url: str) -> str:
    """A link to go on with, for a phone."""
    return _("%(tenant)s: go on with your form here: %(url)s It works once.", tenant=branding.short_name, url=url)


def later_mail(_: Gettext, branding: Branding, to: str, url: str, until: str) -> Email:
    """A link to go on with, as a mail."""
    name = " ".join(branding.name.split())
    lead = _(
        "Here is your link to go on with your form at %(tenant)s. It works once, until %(date)s.",
        tenant=name,
        date=until,
    )
    safe = _("We ask for your phone first, so that nobody else sees your answers.")
    other = _("You didn’t ask for this? Then you can ignore it.")
    button = _("Go on with my form")
    return Email(
        to=to,
        sender_name=name,
        subject=_("Your form at %(tenant)s", tenant=name),
        text="\n\n".join((lead, url, safe, other, name)) + "\n",
        html=_page(branding, (lead, safe, other), button, url),
    )


def _page(branding: Branding, lines: tuple[str, str, str], button: str, url: str) -> str:
    """Simple enough for every mail program. Styles stand inline because many of them drop all others."""
    colour, on = branding.light.get("action", ACTION), branding.light.get("on-action", ON_ACTION)
    lead, *others = (f'<p style="margin:0 0 20px">{escape(line)}</p>' for line in lines)
    link = (
        f'<p style="margin:0 0 20px"><a href="{escape(url)}" style="display:inline-block;padding:14px 22px;'
        f'border-radius:8px;background:{colour};color:{on};font-weight:bold;text-decoration:none">{escape(button)}</a></p>'
    )
    return (
        '<!doctype html><html><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">'
        f'<div style="max-width:480px"><p style="margin:0 0 20px;font-weight:bold">{escape(branding.name)}</p>'
        f"{lead}{link}{''.join(others)}</div></body></html>\n"
    )
