"""Bulkheads: a group that is full fails at once and takes nothing from the others."""

import threading
from contextlib import ExitStack

import pytest

from app.providers.bulkheads import Bulkheads, FullError, group_of

# Of 16 threads: 10 on one connection's group, 12 on a group, 14 on all providers together.
THREADS = 16


def fill(stack: ExitStack, bulkheads: Bulkheads, connection: str, operation: str, provider: str = "plaid") -> int:
    """How many places there were."""
    for taken in range(100):
        try:
            stack.enter_context(bulkheads.place(provider, connection, operation))
        except FullError:
            return taken
    raise AssertionError("there was no end of places")


def test_one_connection_of_many_gets_a_part() -> None:
    bulkheads = Bulkheads(THREADS)
    with ExitStack() as stack:
        assert fill(stack, bulkheads, "con_1", "link/token/create") == 10
        assert fill(stack, bulkheads, "con_2", "session/token/create") == 2
    with ExitStack() as stack:
        assert fill(stack, bulkheads, "con_1", "link/token/create") == 10


def test_a_slow_bank_leaves_room_for_codes_and_pages() -> None:
    bulkheads = Bulkheads(THREADS)
    with ExitStack() as stack:
        for connection in ("con_1", "con_2"):
            fill(stack, bulkheads, connection, "session/token/create")
        assert fill(stack, bulkheads, "con_1", "connect_sms", "spinwheel") == 2
        assert fill(stack, bulkheads, "con_3", "accounts/get") == 0


def test_every_kind_of_server_has_a_place() -> None:
    bulkheads = Bulkheads(1)
    with bulkheads.place("plaid", "con_1", "accounts/get"), pytest.raises(FullError):
        bulkheads.place("spinwheel", "con_1", "connect_sms").__enter__()
    bulkheads.resize(THREADS)
    with ExitStack() as stack:
        assert fill(stack, bulkheads, "con_1", "accounts/get") == 10


def test_a_place_comes_back_after_an_error() -> None:
    bulkheads = Bulkheads(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="oops"), bulkheads.place("plaid", "con_1", "accounts/get"):
            raise ValueError("oops")


def test_of_many_threads_no_more_than_the_places_are_inside() -> None:
    bulkheads, start = Bulkheads(THREADS), threading.Barrier(40)
    inside, refused, let_go = [], [], threading.Event()

    def ask() -> None:
        start.wait()
        try:
            with bulkheads.place("plaid", "con_1", "accounts/get"):
                inside.append(1)
                let_go.wait(10)
        except FullError:
            refused.append(1)
            if len(refused) == 30:
                let_go.set()

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(refused)) == (10, 30)


@pytest.mark.parametrize(
    ("provider", "operation", "group"),
    [
        ("spinwheel", "verify_sms", "code"),
        ("twilio", "check_code", "code"),
        ("plaid", "session/token/create", "window"),
        ("plaid", "webhook_verification_key/get", "webhooks"),
        ("plaid", "accounts/get", "data"),
        ("nobody", "knows", "data"),
    ],
)
def test_groups(provider: str, operation: str, group: str) -> None:
    assert group_of(provider, operation) == group
