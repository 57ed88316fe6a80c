"""An endpoint is stopped, started again, and what waits for it is skipped: nothing is sent that nobody wants."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from dispatching import got, states, turn_until
from receivers import OK, answer, receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


def test_gone(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """An endpoint that wants nothing more gets nothing more; what waits is kept, and the reason is written down."""
    from mailman_rest_events.model.tables import Course  # noqa: PLC0415 - core must be initialised

    happens(10)
    with receiver(answer("410 Gone")) as peer:
        sending = dispatch(web=peer)

        def stopped() -> bool:
            store.rollback()
            row = store.get(Course, "web")
            return row is not None and "410" in row.stopped

        turn_until(sending, stopped)
        for _ in range(10):
            sending.turn(0.05)
    assert len(peer.requests) == 1
    assert states(store)["claimed"] == 10


def test_started_again(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """When an operator starts it again, all of it is sent, in its order."""
    from mailman_rest_events.model.tables import Course  # noqa: PLC0415 - core must be initialised

    made = happens(10)
    gone = [True]

    def says(peer: Any) -> None:
        peer.sendall(answer("410 Gone") if gone[0] else OK)

    with receiver(says) as peer:
        sending = dispatch(web=peer)

        def stopped() -> bool:
            store.rollback()
            row = store.get(Course, "web")
            return row is not None and bool(row.stopped)

        turn_until(sending, stopped)
        gone[0] = False
        row = store.get(Course, "web")
        assert row is not None
        row.stopped = ""
        store.commit()
        turn_until(sending, lambda: states(store)["delivered"] == 10)
    assert [each["id"] for each in got(peer)][1:] == made


def test_skipped_while_it_fails(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """What an operator skips is not sent any more, though it was claimed."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    made = happens(3)
    down = [True]

    def says(peer: Any) -> None:
        peer.sendall(answer("503 Later") if down[0] else OK)

    with receiver(says) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["claimed"] == 3 and len(peer.requests) > 0)
        store.execute(update(Delivery).where(Delivery.event == made[0]).values(state="skipped"))
        store.commit()
        before = len(peer.requests)
        down[0] = False
        turn_until(sending, lambda: states(store)["delivered"] == 2)
    # The one that was on its way already may arrive.
    assert [each["id"] for each in got(peer)][before:][-2:] == made[1:]
    assert states(store)["skipped"] == 1


@pytest.mark.parametrize("problem", ["503 Later", "410 Gone"])
def test_all_skipped_while_it_fails(
    problem: str, happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Nor is anything else of what is skipped, however much it is; and when it is started again, it is at once."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.administration.deeds import start_again  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415

    made = happens(50)
    says = [answer(problem, "Retry-After: 3600\r\n")]
    with receiver(lambda peer: peer.sendall(says[0])) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["claimed"] == 50 and len(peer.requests) == 1)
        for _ in range(10):
            sending.turn(0.05)
        store.execute(update(Delivery).where(Delivery.event != made[49]).values(state="skipped"))
        store.commit()
        says[0] = OK
        start_again("web")
        store.commit()
        turn_until(sending, lambda: states(store)["delivered"] == 1)
    assert [each["id"] for each in got(peer)] == [made[0], made[49]]


def test_skipped_while_it_is_slow(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Of an endpoint that takes all, only what is on its way already arrives."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    happens(600)

    def slowly(peer: Any) -> None:
        time.sleep(0.01)
        peer.sendall(OK)

    with receiver(slowly) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: not states(store)["waiting"] and len(peer.requests) > 0)
        store.execute(update(Delivery).where(Delivery.state == "claimed").values(state="skipped"))
        store.commit()
        before, last = len(peer.requests), -1
        while last != len(peer.requests):
            last = len(peer.requests)
            for _ in range(10):
                sending.turn(0.05)
    assert len(peer.requests) - before <= 250
    assert states(store)["claimed"] == 0
