"""The one-time value that carries a frame into a window of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.domain.launch import Consumer, bind, use_handoff
from tests.support.tenants import MadeTenant


def test_of_two_presses_at_the_same_moment_one_gets_through(tenant: MadeTenant) -> None:
    onboarding_id, _ = tenant.onboard()
    database = tenant.services.database
    with database.session(tenant.scope) as session:
        _, frame = bind(session, tenant.scope, onboarding_id, place="frame")  # type: ignore[arg-type]
    together = Barrier(4)

    def press(_: int) -> Consumer | None:
        together.wait()
        with database.session(tenant.scope) as session:
            return use_handoff(session, frame.onboarding_id, frame.binding_id, "once")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))
    assert [answer.binding_id for answer in answers if answer is not None] == [frame.binding_id]
