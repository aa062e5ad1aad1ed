"""Which function works which kind of job: the worker's whole table."""

from collections.abc import Callable

from app.domain.bank_fetch import fetch_bank
from app.domain.bank_removal import remove_bank
from app.domain.callbacks import deliver_callback, publish_event
from app.domain.credit_file import fetch_credit_file
from app.domain.jobs import ClaimedJob
from app.domain.messages import send_message
from app.domain.preverified import connect_user, stop_waiting
from app.domain.provider_hooks import handle_event
from app.domain.services import Services
from app.domain.upkeep import abandon_onboarding, expire_onboarding

# True: the handler recorded how the job ended itself, in one transaction with what it did.
Handler = Callable[[Services, ClaimedJob], bool | None]

HANDLERS: dict[str, Handler] = {
    "event.publish": publish_event,
    "callback.deliver": deliver_callback,
    "bank.fetch": fetch_bank,
    "bank.remove": remove_bank,
    "credit_file.fetch": fetch_credit_file,
    "spinwheel.connect": connect_user,
    "spinwheel.waited": stop_waiting,
    "provider.event": handle_event,
    "onboarding.expire": expire_onboarding,
    "onboarding.abandon": abandon_onboarding,
    "message.send": send_message,
}
