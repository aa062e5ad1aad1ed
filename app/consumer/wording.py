"""What the consumer agrees to, ready to be shown and, by `.plain`, to be stored word for word.

Each takes the translating callable first, so that the texts are extracted and this stays free of Flask.
"""

from __future__ import annotations

from collections.abc import Callable

from app.consumer.screen_parts import Words, words

Gettext = Callable[..., str]


def call_agreement(_: Gettext, *, tenant: str, terms_url: str, privacy_url: str) -> Words:
    """Above "Call me with a code" on the first form."""
    return words(
        _(
            "By tapping **Call me with a code** you agree to the [end user agreement](%(terms)s), to an automatic "
            "call, and let %(tenant)s check this number with your phone carrier. "
            "[How we use your data](%(privacy)s)",
            terms=terms_url,
            tenant=tenant,
            privacy=privacy_url,
        )
    )


def code_agreement(_: Gettext, *, tenant: str, terms_url: str, privacy_url: str) -> Words:
    """Above "Text me a code" on the first form."""
    return words(
        _(
            "By tapping **Text me a code** you agree to the [end user agreement](%(terms)s) and let "
            "%(tenant)s check this number with your phone carrier. Message and data rates may apply. "
            "[How we use your data](%(privacy)s)",
            terms=terms_url,
            tenant=tenant,
            privacy=privacy_url,
        )
    )


def layer_agreement(_: Gettext, *, tenant: str, terms_url: str, privacy_url: str) -> Words:
    """Above "Continue" on the first form, where the bank comes next and Plaid texts the code."""
    return words(
        _(
            "By tapping **Continue** you agree to the [end user agreement](%(terms)s) and let %(tenant)s check this "
            "number with your phone carrier. Plaid may text you a code. Message and data rates may apply. "
            "[How we use your data](%(privacy)s)",
            terms=terms_url,
            tenant=tenant,
            privacy=privacy_url,
        )
    )


def return_agreement(_: Gettext, *, by_call: bool = False) -> Words:
    """Above "Text me a code" or "Call me with a code" when a consumer comes back."""
    if by_call:
        return words(_("By tapping **Call me with a code** you agree to an automatic call that says a code."))
    return words(
        _("By tapping **Text me a code** you agree that we text you a code. Message and data rates may apply.")
    )


def bank_agreement(_: Gettext, *, tenant: str, plaid_url: str) -> Words:
    """Above "Continue to your bank"."""
    return words(
        _(
            "By tapping **Continue to your bank** you agree that Plaid finds your bank and passes these "
            "details to %(tenant)s. [Plaid’s privacy policy](%(url)s)",
            tenant=tenant,
            url=plaid_url,
        )
    )


def credit_agreement(_: Gettext, *, tenant: str, terms_url: str) -> Words:
    """Above "Yes, get my credit file"."""
    return words(
        _(
            "I authorize %(tenant)s to obtain my credit report from a consumer reporting agency, once, to "
            "fill in this form. I can withdraw this later. [The full text](%(url)s)",
            tenant=tenant,
            url=terms_url,
        )
    )


def share_agreement(_: Gettext, *, tenant_short: str, terms_url: str) -> Words:
    """Above "Share with ..."."""
    return words(
        _(
            "By tapping **Share with %(tenant)s** you send what you see here, without what you left out. "
            "[Full terms](%(url)s)",
            tenant=tenant_short,
            url=terms_url,
        )
    )
