"""Sent again, or given up: what is meant and nothing else, and what can't be is said in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from receivers import OK, answer, receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from standing import Outbox

REPLAYED = ("delivered", "parked", "skipped", "aside")
SKIPPED = ("waiting", "claimed", "aside", "parked")


@pytest.fixture
def deeds(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman_rest_events.administration import deeds  # noqa: PLC0415

    return deeds


@pytest.fixture
def one_of_each(outbox: Outbox) -> Callable[..., dict[str, str]]:
    """An event in each state: its ID by the state."""
    from mailman_rest_events.outbox.states import State  # noqa: PLC0415 - core must be initialised

    return lambda *endpoints: {
        str(state): outbox.put(1, *endpoints, state=str(state), problem="It answered 500.", attempts=3)[0]
        for state in State
    }


def test_replay(outbox: Outbox, deeds: Any, one_of_each: Callable[..., dict[str, str]]) -> None:
    """It is as if the event had just been written down, but for its ID."""
    uids = one_of_each()
    (before,) = outbox.deliveries(uids["parked"])
    since, data = before.since, before.event
    deeds.replay(deeds.Which(events=(uids["parked"],)))
    outbox.store.commit()
    (row,) = outbox.deliveries(uids["parked"])
    assert (row.state, row.sequence, row.attempts, row.due, row.done, row.problem) == (
        "waiting",
        None,
        0,
        None,
        None,
        "",
    )
    assert row.event == data
    assert row.since > since
    assert outbox.states() == {"waiting": 2, "claimed": 1, "aside": 1, "delivered": 1, "skipped": 1}


def test_skip(outbox: Outbox, deeds: Any, one_of_each: Callable[..., dict[str, str]]) -> None:
    """It is done, and can be replayed."""
    uids = one_of_each()
    deeds.skip(deeds.Which(events=(uids["claimed"],)))
    outbox.store.commit()
    (row,) = outbox.deliveries(uids["claimed"])
    assert (row.state, row.due) == ("skipped", None)
    assert row.done is not None
    assert deeds.replay(deeds.Which(events=(uids["claimed"],))).deliveries == 1


def test_states(outbox: Outbox, deeds: Any, one_of_each: Callable[..., dict[str, str]]) -> None:
    """All of an endpoint is all that it can be done to; another endpoint's is left."""
    one_of_each("web", "other")
    assert deeds.replay(deeds.Which("web", everything=True)).deliveries == len(REPLAYED)
    outbox.store.commit()
    assert outbox.states() == {"waiting": 6, "claimed": 2, "aside": 1, "delivered": 1, "parked": 1, "skipped": 1}
    assert deeds.skip(deeds.Which("other", everything=True)).deliveries == len(SKIPPED)


def test_sequences(outbox: Outbox, deeds: Any) -> None:
    """Numbers of one endpoint, both ends among them."""
    uids = outbox.put(10, "web", "other", state="delivered")
    assert deeds.replay(deeds.Which("web", first=3, last=5)).deliveries == 3
    outbox.store.commit()
    waiting = [row.event for row in outbox.deliveries() if row.state == "waiting"]
    assert waiting == uids[2:5]
    assert deeds.replay(deeds.Which("web", first=9)).deliveries == 2
    assert deeds.replay(deeds.Which("web", last=1)).deliveries == 1


def test_all_parked(outbox: Outbox, deeds: Any) -> None:
    """Of all endpoints, where none is named."""
    from mailman_rest_events.outbox.states import State  # noqa: PLC0415 - core must be initialised

    outbox.put(3, "web", "other", state="parked")
    outbox.put(2, state="delivered")
    assert deeds.replay(deeds.Which(state=State.PARKED)).deliveries == 6


def test_many(outbox: Outbox, deeds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until all of many are changed: each time some are committed.  None is left out, and none taken twice."""
    from sqlalchemy import event  # noqa: PLC0415

    monkeypatch.setattr(deeds, "_AT_ONCE", 3)
    outbox.put(20, "web", "other", state="delivered")
    committed = []

    def note(session: Any) -> None:
        committed.append(session)

    event.listen(outbox.store, "after_commit", note)
    try:
        assert deeds.replay(deeds.Which("web", everything=True)).deliveries == 20
        assert len(committed) > 4
        assert deeds.skip(deeds.Which("web", everything=True)).deliveries == 20
    finally:
        event.remove(outbox.store, "after_commit", note)
    outbox.store.commit()
    assert outbox.states() == {"skipped": 20, "delivered": 20}


def test_keeps_the_order(outbox: Outbox, deeds: Any) -> None:
    """What is sent again gets numbers behind those there are, in the order in which it happened."""
    from mailman_rest_events.outbox import claims  # noqa: PLC0415 - core must be initialised

    uids = outbox.put(5, state="delivered")
    outbox.put(2)
    deeds.replay(deeds.Which("web", first=2, last=4))
    claims.number("web", 100)
    outbox.store.commit()
    numbered = sorted((row.sequence, row.event) for row in outbox.deliveries() if row.state == "claimed")
    assert [number for number, _ in numbered] == [6, 7, 8, 9, 10]
    assert [uid for _, uid in numbered][:3] == uids[1:4]


def test_starts_a_stopped_endpoint(outbox: Outbox, deeds: Any) -> None:
    """And only that one."""
    outbox.put(1, "web", "other", state="delivered")
    outbox.course("web", stopped="It answered 410.", failures=3)
    outbox.course("other", stopped="It answered 410.")
    done = deeds.replay(deeds.Which("web", everything=True))
    outbox.store.commit()
    assert done.started == ("web",)
    found = outbox.course("web")
    assert (found.stopped, found.failures, found.due) == ("", 0, None)
    assert outbox.course("other").stopped


def test_endpoint_without_a_section(outbox: Outbox, deeds: Any) -> None:
    """What waits for it can be given up; it can't be sent again, since nobody would send it."""
    from mailman_rest_events.administration.mistakes import UnknownError  # noqa: PLC0415 - core must be initialised

    (uid,) = outbox.put(1, "gone", "web", state="parked")
    with pytest.raises(UnknownError, match=r"There is no endpoint 'gone'. Those there are: web, other\."):
        deeds.replay(deeds.Which("gone", everything=True))
    assert deeds.replay(deeds.Which(events=(uid,))).deliveries == 1
    assert deeds.skip(deeds.Which("gone", everything=True)).deliveries == 1
    outbox.store.commit()
    assert outbox.states() == {"waiting": 1, "skipped": 1}


@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ({}, "Say which"),
        ({"endpoint": "web"}, "Say which"),
        ({"first": 1}, "Name the endpoint"),
        ({"everything": True}, "Name the endpoint"),
        ({"endpoint": "web", "first": 2, "last": 1}, "Turn them round"),
        ({"endpoint": "nobody", "everything": True}, "There is no endpoint 'nobody'"),
        ({"endpoint": "b\udcff\0", "everything": True}, "There is no endpoint"),
        ({"events": ("evt_1",)}, "There is no event 'evt_1'"),
        ({"events": ("b\udcff\0",)}, "There is no event"),
        ({"endpoint": "web", "first": 7}, "Nothing there to"),
        ({"endpoint": "other", "everything": True}, "Nothing there to"),
    ],
)
def test_mistakes(outbox: Outbox, deeds: Any, which: dict[str, Any], sentence: str) -> None:
    """Nothing is changed then."""
    from mailman_rest_events.administration.mistakes import MistakeError  # noqa: PLC0415 - core must be initialised

    outbox.put(1, state="aside")
    for deed in (deeds.replay, deeds.skip):
        with pytest.raises(MistakeError, match=sentence):
            deed(deeds.Which(**which))
    outbox.store.commit()
    assert outbox.states() == {"aside": 1}


def test_one_of_several_events_is_not_there(outbox: Outbox, deeds: Any) -> None:
    """Then none is sent again."""
    from mailman_rest_events.administration.mistakes import UnknownError  # noqa: PLC0415 - core must be initialised

    (uid,) = outbox.put(1, state="parked")
    with pytest.raises(UnknownError):
        deeds.replay(deeds.Which(events=(uid, "evt_" + 32 * "0")))
    outbox.store.commit()
    assert outbox.states() == {"parked": 1}


def test_state_that_does_not_fit(outbox: Outbox, deeds: Any) -> None:
    """What waits is not replayed, and what is delivered not skipped."""
    from mailman_rest_events.administration.mistakes import MistakeError  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.outbox.states import State  # noqa: PLC0415

    outbox.put(1)
    with pytest.raises(MistakeError, match="The states are: delivered, parked, skipped, aside"):
        deeds.replay(deeds.Which("web", state=State.WAITING))
    with pytest.raises(MistakeError, match="The states are: waiting, claimed, aside, parked"):
        deeds.skip(deeds.Which("web", state=State.DELIVERED))


def test_sent_again_for_real(outbox: Outbox, deeds: Any, endpoints: dict[str, Any]) -> None:
    """By a sender that runs all the while: an endpoint that stopped it gets everything, with the same ID and a new number."""
    import json  # noqa: PLC0415
    import time  # noqa: PLC0415
    from dataclasses import replace  # noqa: PLC0415

    from mailman_rest_events.sending.dispatch import Dispatch  # noqa: PLC0415 - core must be initialised

    (uid,) = outbox.put()
    says = [OK]
    with receiver(lambda peer: peer.sendall(says[0])) as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        dispatch = Dispatch({"web": endpoints["web"]})

        def turn_until(*states: str) -> None:
            end = time.monotonic() + 60
            while [row.state for row in outbox.deliveries()] != list(states) or (
                says[0] != OK and not outbox.course("web").stopped
            ):
                assert time.monotonic() < end
                dispatch.turn(0.05)

        try:
            turn_until("delivered")
            says[0] = answer("410 Gone")
            outbox.put()
            turn_until("delivered", "claimed")
            says[0] = OK
            assert deeds.replay(deeds.Which(events=(uid,))).started == ("web",)
            outbox.store.commit()
            turn_until("delivered", "delivered")
        finally:
            dispatch.stop()
    found = [json.loads(body) for _, body in peer.requests]
    assert [(each["id"] == uid, each["sequence"]) for each in found] == [(True, 1), (False, 2), (False, 2), (True, 3)]
