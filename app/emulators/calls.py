"""Notes every call that a provider answered."""

from flask import Response, g, request

from app.emulators.context import emulators
from app.emulators.faults import Call

PROVIDERS = {"plaid": "plaid", "spinwheel": "spinwheel", "spinwheel_secure": "spinwheel", "twilio": "twilio"}


def record(response: Response) -> Response:
    """`g.credential` is set by a provider's own check once it has accepted one."""
    provider = PROVIDERS.get(request.path.split("/")[1].replace("-", "_"))
    if provider is not None:
        shared = emulators()
        call = Call(
            at=shared.store.now(),
            provider=provider,
            method=request.method,
            path=request.path,
            credential=g.get("credential"),
            status=response.status_code,
        )
        shared.calls.add(call)
    return response
