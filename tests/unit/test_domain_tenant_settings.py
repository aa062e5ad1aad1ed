"""A tenant's settings: strict, so that a slip of the pen is never silently ignored."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.prefill.fields import DEFAULT_ASKED
from app.domain.tenant_settings import COLOUR_TOKENS, Branding, FlowSettings

NAMES = {"name": "Acme Credit Union", "short_name": "Acme"}


def test_the_defaults_suit_a_lender_in_the_united_states() -> None:
    flow = FlowSettings()
    assert (flow.max_attempts, flow.countries, flow.minimum_age) == (3, ("US",), 18)
    assert (flow.credit_report, flow.bank_in_frame, flow.keep_bank_connection) == (
        "when_needed",
        "popup",
        "until_completed",
    )
    assert flow.fields == DEFAULT_ASKED
    assert flow.return_urls == flow.embed_origins == ()


def test_fields_that_are_not_named_keep_their_default() -> None:
    flow = FlowSettings.model_validate({"fields": {"income": "required"}})
    assert flow.fields == {**DEFAULT_ASKED, "income": "required"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimun_age": 21},
        {"minimum_age": 12},
        {"minimum_age": 31},
        {"max_attempts": 0},
        {"max_attempts": 6},
        {"countries": ["DE"]},
        {"credit_report": "always"},
        {"verification": "carrier_pigeon"},
        {"fields": {"shoe_size": "required"}},
        {"fields": {"email": "maybe"}},
        {"return_urls": ["http://acme.example/return"]},
        {"return_urls": ["https://acme.example/return?x=1"]},
        {"embed_origins": ["https://acme.example/"]},
        {"embed_origins": ["*"]},
        {"locales": ["de"]},
        {"disclosures": {"terms": "https://acme.example"}},
        {"bank_in_frame": "maybe"},
    ],
)
def test_what_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FlowSettings.model_validate(wrong)


def test_settings_survive_a_tenant_s_repository() -> None:
    flow = FlowSettings.model_validate(
        {"return_urls": ["https://acme.example/r"], "keep_bank_connection": 30, "fields": {"income": "optional"}}
    )
    assert FlowSettings.model_validate(json.loads(flow.model_dump_json())) == flow
    brand = Branding.model_validate({**NAMES, "light": {"action": "#00539f"}})
    assert Branding.model_validate(json.loads(brand.model_dump_json())) == brand


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"short_name": "x" * 25},
        {"light": {"action": "red"}},
        {"light": {"action": "#00539F"}},
        {"light": {"action": "#00539f; } body { display: none"}},
        {"light": {"colour": "#00539f"}},
        {"dark": {"action": "#00539f\n"}},
        {"shape": {"radius-control": "1em"}},
        {"shape": {"margin": "1px"}},
        {"logo_light": "../secret.svg"},
        {"logo_light": "logo.png"},
        {"logo_light": "https://evil.example/logo.svg"},
        {"support_href": "javascript:alert(1)"},
        {"support_href": "http://acme.example"},
        {"support_href": 'mailto:"><script>'},
    ],
)
def test_a_brand_that_could_break_a_page_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Branding.model_validate({**NAMES, **wrong})


@pytest.mark.parametrize("href", ["", "tel:+15035550100", "mailto:help@acme.example", "https://acme.example/help"])
def test_support_is_a_phone_a_mail_or_a_page(href: str) -> None:
    assert Branding.model_validate({**NAMES, "support_href": href}).support_href == href


def test_the_stylesheet_declares_the_tokens_and_nothing_else() -> None:
    colours = dict.fromkeys(COLOUR_TOKENS, "#00539f")
    sheet = Branding.model_validate({**NAMES, "light": colours, "dark": colours, "shape": {"radius-card": "4px"}})
    css = sheet.stylesheet()
    lines = [line.strip() for line in css.splitlines() if line.strip()]
    for line in lines:
        assert re.fullmatch(r"(:root|@media).*\{|\}|--[a-z-]+: (#[0-9a-f]{6}|\d{1,2}px);", line), line
    assert css.count("{") == css.count("}")
    assert css.count("--action: #00539f;") == 3, "light, dark by the system, dark by choice"
