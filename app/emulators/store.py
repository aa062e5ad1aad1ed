"""State in memory: what each credential has done so far, the texts sent, and the clock all limits go by."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TypeVar, cast

State = TypeVar("State")

TEXTS_KEPT = 500


class Clock:
    """UTC; a test or the control endpoint can move it forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def milliseconds(self) -> int:
        """Epoch milliseconds."""
        return int(self.now().timestamp() * 1000)

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def reset(self) -> None:
        self._ahead = timedelta()


@dataclass(frozen=True)
class Text:
    """One text message, as the phone would show it; with `channel` `call` what a voice says."""

    phone_number: str
    sender: str
    body: str
    code: str
    sent_at: datetime
    channel: str = "sms"


class Store:
    """Hold `lock` while reading or changing any state; it can be entered again by the same thread."""

    def __init__(
        self,
        spinwheel_api_key: str,
        plaid_client_id: str,
        plaid_secret: str,
        twilio_tokens: dict[str, str] | None = None,
        twilio_services: dict[str, str] | None = None,
    ) -> None:
        """Tokens by account SID, and the account SID that each Verify service belongs to."""
        self.lock = RLock()
        self.clock = Clock()
        self.spinwheel_keys = {spinwheel_api_key}
        self.plaid_secrets = {plaid_client_id: plaid_secret}
        self.twilio_tokens = dict(twilio_tokens or {})
        self.twilio_services = dict(twilio_services or {})
        self._states: dict[tuple[str, str], object] = {}
        self._texts: deque[Text] = deque(maxlen=TEXTS_KEPT)

    def now(self) -> datetime:
        return self.clock.now()

    def state(self, provider: str, credential: str, empty: Callable[[], State]) -> State:
        """The state of one credential with one provider; `empty` makes the first one."""
        with self.lock:
            key = (provider, credential)
            if key not in self._states:
                self._states[key] = empty()
            return cast(State, self._states[key])

    def states(self, provider: str, kind: type[State]) -> Iterator[tuple[str, State]]:
        """Every credential's state, for the few places that only know a token."""
        with self.lock:
            found = [(key[1], value) for key, value in self._states.items() if key[0] == provider]
        return iter([(credential, value) for credential, value in found if isinstance(value, kind)])

    def send_text(self, phone_number: str, sender: str, body: str, code: str, channel: str = "sms") -> None:
        with self.lock:
            self._texts.appendleft(Text(phone_number, sender, body, code, self.now(), channel))

    def texts(self, phone_number: str | None = None) -> list[Text]:
        """Newest first."""
        with self.lock:
            return [text for text in self._texts if phone_number in (None, text.phone_number)]

    def reset(self) -> None:
        """Forgets all state and texts and sets the clock right; registered credentials stay."""
        with self.lock:
            self._states.clear()
            self._texts.clear()
            self.clock.reset()
