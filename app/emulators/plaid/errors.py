"""Plaid's documented errors: type, HTTP status and sentence of each code the emulator can answer with."""

from __future__ import annotations

from typing import Any, NamedTuple


class Documented(NamedTuple):
    error_type: str
    status: int
    message: str
    display: str | None = None


_INVALID_REQUEST = "INVALID_REQUEST"
_INVALID_INPUT = "INVALID_INPUT"
_ITEM_ERROR = "ITEM_ERROR"

CODES: dict[str, Documented] = {
    "MISSING_FIELDS": Documented(_INVALID_REQUEST, 400, "the following required fields are missing: {}"),
    "UNKNOWN_FIELDS": Documented(_INVALID_REQUEST, 400, "the following fields are not recognized by this endpoint: {}"),
    "INVALID_FIELD": Documented(_INVALID_REQUEST, 400, "{}"),
    "INVALID_BODY": Documented(_INVALID_REQUEST, 400, "body could not be parsed as JSON"),
    "NOT_FOUND": Documented(_INVALID_REQUEST, 404, "not found"),
    "INVALID_API_KEYS": Documented(_INVALID_INPUT, 400, "invalid client_id or secret provided"),
    "INVALID_ACCESS_TOKEN": Documented(_INVALID_INPUT, 400, "could not find matching access token"),
    "INVALID_PUBLIC_TOKEN": Documented(_INVALID_INPUT, 400, "could not find matching public token"),
    "INVALID_LINK_TOKEN": Documented(_INVALID_INPUT, 400, "invalid link_token provided"),
    "INVALID_ACCOUNT_ID": Documented(_INVALID_INPUT, 400, "failed to find requested account ID for requested item"),
    "INVALID_INSTITUTION": Documented(_INVALID_INPUT, 400, "invalid institution_id provided"),
    "PROFILE_AUTHENTICATION_FAILED": Documented(
        _INVALID_INPUT,
        400,
        "the profile could not be authenticated",
        "We were not able to authenticate your access to this Plaid account.",
    ),
    "INVALID_WEBHOOK_VERIFICATION_KEY_ID": Documented(
        _INVALID_INPUT,
        400,
        "invalid key_id provided. note that key_ids are specific to Plaid environments, and verification "
        "requests must be made to the same environment that the webhook was sent from",
    ),
    "ITEM_NOT_FOUND": Documented(
        _ITEM_ERROR,
        400,
        "The Item you requested cannot be found. This Item does not exist, has been previously removed via "
        "/item/remove, or has had access removed by the user.",
    ),
    "ITEM_LOGIN_REQUIRED": Documented(
        _ITEM_ERROR,
        400,
        "the login details of this item have changed (credentials, MFA, or required user action) and a user "
        "login is required to update this information. use Link's update mode to restore the item to a "
        "good state",
    ),
    "INVALID_CREDENTIALS": Documented(
        _ITEM_ERROR,
        400,
        "the provided credentials were not correct",
        "The provided credentials were not correct. Please try again.",
    ),
    "INVALID_OTP": Documented(
        _ITEM_ERROR, 400, "the provided OTP was invalid", "The provided OTP was invalid. Please try again."
    ),
    "PRODUCT_NOT_READY": Documented(
        _ITEM_ERROR,
        400,
        "the requested product is not yet ready. please provide a webhook or try the request again later",
    ),
    "PRODUCTS_NOT_SUPPORTED": Documented(
        _ITEM_ERROR, 400, "the following products are not supported by this institution: {}"
    ),
    "NO_AUTH_ACCOUNTS": Documented(
        _ITEM_ERROR,
        400,
        "There are no valid checking or savings account(s) associated with this Item. "
        "See https://plaid.com/docs/api/#item-errors for more.",
    ),
    "NO_LIABILITY_ACCOUNTS": Documented(
        _ITEM_ERROR,
        400,
        "There are no valid liability account(s) associated with this Item. "
        "See https://plaid.com/docs/api/#item-errors for more information.",
    ),
    "INSTITUTION_DOWN": Documented(
        "INSTITUTION_ERROR",
        400,
        "this institution is not currently responding to this request. please try again soon",
        "This financial institution is not currently responding to requests. We apologize for the inconvenience.",
    ),
    "INSTITUTION_NO_LONGER_SUPPORTED": Documented(
        "INSTITUTION_ERROR",
        400,
        "this institution is no longer supported",
        "This financial institution is no longer supported. We apologize for the inconvenience.",
    ),
    "LAYER_NOT_AVAILABLE": Documented(_INVALID_INPUT, 400, "the provided phone number is not eligible for Plaid Layer"),
    "LAYER_AUTOFILL_NOT_AVAILABLE": Documented(
        _INVALID_INPUT, 400, "the provided phone number is not eligible for Plaid Layer"
    ),
    "INTERNAL_SERVER_ERROR": Documented("API_ERROR", 500, "an unexpected error occurred"),
}


class PlaidError(Exception):
    """An answer with one of the documented codes. `detail` fills the sentence's gap."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.documented = CODES[code]
        self.message = self.documented.message.format(detail)

    def body(self, request_id: str) -> dict[str, Any]:
        """The error body of the API, keys as Plaid has them."""
        anchor = self.documented.error_type.removesuffix("_ERROR").lower().replace("_", "-")
        return {
            "display_message": self.documented.display,
            "documentation_url": f"https://plaid.com/docs/?ref=error#{anchor}-errors",
            "error_code": self.code,
            "error_message": self.message,
            "error_type": self.documented.error_type,
            "request_id": request_id,
            "suggested_action": None,
        }

    def link_error(self) -> dict[str, str | None]:
        """The error object that Link hands to `onExit`."""
        return {
            "display_message": self.documented.display,
            "error_code": self.code,
            "error_message": self.message,
            "error_type": self.documented.error_type,
        }
