"""What a receiver always refuses is put aside, and keeps nothing else from being sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dispatching import got, states, turn_until
from receivers import OK, answer, receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from sqlalchemy.orm import Session


def test_poisoned_event(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """One that is always refused is put aside alone, and the rest flows on.  However often it is sent, it has one number."""
    made = happens(30)
    poison = made[10]

    def says(peer: Any) -> None:
        peer.sendall(answer("500 Oops") if json.loads(found.requests[-1][1])["id"] == poison else OK)

    with receiver(says) as found:
        sending = dispatch(web=found)
        turn_until(sending, lambda: states(store)["delivered"] == 29)
    others = [each["id"] for each in got(found) if each["id"] != poison]
    assert others == made[:10] + made[11:]
    assert states(store)["aside"] == 1
    attempts = [each["sequence"] for each in got(found) if each["id"] == poison]
    assert len(attempts) > 1
    assert set(attempts) == {11}


def test_put_aside_and_refused_again(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Neither keeps what comes later from being sent, nor is it forgotten when something else fails meanwhile."""
    (poison,) = happens()
    says = {"poison": answer("500 Oops"), "others": OK}

    def answers(peer: Any) -> None:
        peer.sendall(says["poison" if json.loads(found.requests[-1][1])["id"] == poison else "others"])

    with receiver(answers) as found:
        sending = dispatch(web=found)
        for count in range(1, 6):
            happens(20)
            turn_until(sending, lambda: states(store)["delivered"] == 20 * count)  # noqa: B023 - within the turn
            before = len(found.requests)
            turn_until(sending, lambda: len(found.requests) > before)  # noqa: B023 - as above
        for _ in range(5):
            says["others"] = answer("503 Later")
            before = len(found.requests)
            happens(5)
            turn_until(sending, lambda: len(found.requests) > before + 1)  # noqa: B023 - as above
            says["others"] = OK
            turn_until(sending, lambda: states(store)["claimed"] + states(store)["waiting"] == 0)
        says["poison"] = OK
        turn_until(sending, lambda: states(store) == {"delivered": 126})


def test_put_aside_and_taken(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent once, however long it takes to write that down."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415
    from mailman_rest_events.sending import dispatch as sending_module  # noqa: PLC0415

    monkeypatch.setattr(sending_module, "_SECONDS", 1.0)
    happens()
    store.execute(update(Delivery).values(state="aside", sequence=1, due=now()))
    store.commit()
    with receiver() as peer:
        turn_until(dispatch(web=peer), lambda: states(store)["delivered"] == 1)
    assert len(peer.requests) == 1
