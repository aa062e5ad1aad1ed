"""One taxonomy for everything that goes wrong at a provider. Never holds bodies or personal data."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    NETWORK = "network"
    RATE_LIMIT = "rate_limit"
    AUTHENTICATION = "authentication"
    DATA_VALIDATION = "data_validation"


class Reason(StrEnum):
    """Why, in terms a consumer's page has a sentence for."""

    WRONG_CODE = "wrong_code"
    CODE_EXPIRED = "code_expired"
    TOO_MANY_CODES = "too_many_codes"
    NUMBER_LOCKED = "number_locked"
    NUMBER_INVALID = "number_invalid"
    NUMBER_UNSUPPORTED = "number_unsupported"
    COUNTRY_UNSUPPORTED = "country_unsupported"
    IDENTITY_MISMATCH = "identity_mismatch"
    NOT_ELIGIBLE = "not_eligible"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_SLOW = "provider_slow"
    PROVIDER_BUSY = "provider_busy"
    REPORT_UNAVAILABLE = "report_unavailable"
    REPORT_FROZEN = "report_frozen"
    REPORT_LOCKED = "report_locked"
    REPORT_FRAUD_ALERT = "report_fraud_alert"
    REPORT_DAILY_LIMIT = "report_daily_limit"
    LINK_EXPIRED = "link_expired"
    LOGIN_REQUIRED = "login_required"
    ACCESS_REVOKED = "access_revoked"
    BANK_UNAVAILABLE = "bank_unavailable"
    BANK_UNSUPPORTED = "bank_unsupported"
    NO_ACCOUNTS = "no_accounts"
    DATA_NOT_READY = "data_not_ready"
    NOT_CONFIGURED = "not_configured"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Meaning:
    """What one provider code means to us."""

    kind: Kind
    reason: Reason
    retryable: bool = False


class ProviderError(Exception):
    """A provider call that failed. `retryable` says whether the same call may succeed later."""

    def __init__(
        self,
        kind: Kind,
        reason: Reason,
        *,
        retryable: bool,
        provider: str,
        operation: str,
        code: str,
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{provider} {operation}: {code}")
        self.kind = kind
        self.reason = reason
        self.retryable = retryable
        self.provider = provider
        self.operation = operation
        self.code = code
        self.http_status = http_status
        self.retry_after = retry_after

    @property
    def is_outage(self) -> bool:
        """Whether it speaks of the provider's health (a breaker counts it) and not of this one call."""
        return self.reason in (Reason.PROVIDER_DOWN, Reason.PROVIDER_SLOW, Reason.PROVIDER_BUSY)

    def __repr__(self) -> str:
        return (
            f"ProviderError({self.provider} {self.operation} {self.code}, kind={self.kind.value}, "
            f"reason={self.reason.value}, retryable={self.retryable}, http_status={self.http_status})"
        )
