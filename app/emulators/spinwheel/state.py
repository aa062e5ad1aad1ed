"""What Spinwheel remembers for one key."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.emulators.persona_models import Persona
from app.emulators.spinwheel.assumptions import (
    CHECKS_BEFORE_BURST,
    CHECKS_COUNTED_WITHIN,
    LOCK,
    SENDS_BEFORE_LOCK,
    SENDS_COUNTED_WITHIN,
)
from app.emulators.spinwheel.envelope import Refused


@dataclass
class Connection:
    """One code that was sent and is still to be typed."""

    connection_id: str
    persona: Persona
    phone_number: str
    date_of_birth: date
    expires_at: datetime
    wrong: int = 0


@dataclass
class User:
    user_id: str
    ext_user_id: str | None
    persona: Persona
    phone_number: str
    date_of_birth: date
    created_on: int
    updated_on: int
    connection: Connection | None = None
    connected: bool = False
    report: dict[str, Any] | None = None
    report_day: date | None = None
    bureau: str | None = None

    def connect(self, connection: Connection, now: int) -> None:
        """The person proved by the code; somebody else's report does not stay."""
        if connection.persona is not self.persona:
            self.report = self.bureau = None
        self.persona = connection.persona
        self.phone_number = connection.phone_number
        self.date_of_birth = connection.date_of_birth
        self.connected = True
        self.updated_on = now


@dataclass
class PhoneLimits:
    """Times are UTC."""

    sends: list[datetime] = field(default_factory=list)
    checks: list[datetime] = field(default_factory=list)
    locked_until: datetime | None = None
    waits_until: datetime | None = None

    def count_send(self, now: datetime) -> None:
        """Refuses the send that is one too many, and locks the number for a day."""
        if self.locked_until and now < self.locked_until:
            raise Refused("TOO_MANY_VERIFICATIONS")
        if self.waits_until and now < self.waits_until:
            raise Refused("MAX_ATTEMPTS_REACHED")
        self.sends = _since(self.sends, now, SENDS_COUNTED_WITHIN)
        if len(self.sends) >= SENDS_BEFORE_LOCK:
            self.locked_until = now + LOCK
            self.sends = []
            raise Refused("TOO_MANY_VERIFICATIONS")
        self.sends.append(now)

    def count_check(self, now: datetime) -> None:
        self.checks = _since(self.checks, now, CHECKS_COUNTED_WITHIN)
        if len(self.checks) >= CHECKS_BEFORE_BURST:
            raise Refused("TOO_MANY_REQUESTS")
        self.checks.append(now)


def _since(times: list[datetime], now: datetime, span: timedelta) -> list[datetime]:
    return [moment for moment in times if moment > now - span]


@dataclass
class Switches:
    """What an account is enabled for, and how its refreshes end."""

    preverified: bool = True
    risk_layer: bool = False
    refresh_seconds: float = 2.0
    refresh_fails: bool = False


@dataclass
class Subscription:
    """Where one event (`*`: every one) is sent."""

    webhook_id: str
    event_name: str
    url: str
    headers: dict[str, str]

    def wants(self, event_type: str) -> bool:
        return self.event_name in ("*", event_type)


@dataclass(frozen=True)
class RefreshPart:
    """One liability of a refresh."""

    transaction_id: str
    id_field: str
    liability_id: str


@dataclass
class Refresh:
    ext_request_id: str
    user_id: str
    asked_at: datetime
    done_at: datetime
    fails: bool
    parts: list[RefreshPart]


@dataclass
class State:
    switches: Switches = field(default_factory=Switches)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    user_ids: dict[str, str] = field(default_factory=dict)
    phones: dict[str, PhoneLimits] = field(default_factory=dict)

    def user(self, user_id: str) -> User:
        if user_id not in self.users:
            raise Refused("USER_NOT_FOUND")
        return self.users[user_id]

    def user_by_ext_id(self, ext_user_id: str) -> User:
        return self.user(self.user_ids.get(ext_user_id, ""))

    def limits(self, phone_number: str) -> PhoneLimits:
        return self.phones.setdefault(phone_number, PhoneLimits())

    def forget(self, user_id: str) -> None:
        user = self.user(user_id)
        del self.users[user_id]
        if user.ext_user_id:
            self.user_ids.pop(user.ext_user_id, None)
