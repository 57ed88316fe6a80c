"""What is told of each event of core's: values that REST knows, and nothing that is anybody's secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from made import CANARY, classes, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members


@pytest.fixture
def made(mlist: Any, members: Members) -> Callable[[type], Any]:
    """Make an event of a class."""
    return lambda kind: make(kind, mlist, members)


def test_all_of_cores(made: Callable[[type], Any]) -> None:
    """There is something to tell of each, with plain values only, and no secret is ever in it."""
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415 - core must be initialised

    found = list(classes())
    assert len(found) == 22
    for kind in found:
        told = told_of(made(kind))
        assert told is not None, kind
        assert all(isinstance(value, str | int | bool | None) for value in told.data.values()), kind
        assert CANARY not in repr(told), kind


def test_what_rest_knows(made: Callable[[type], Any]) -> None:
    """A member and a user are named as REST names them."""
    from mailman.interfaces.member import SubscriptionEvent  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    event = made(SubscriptionEvent)
    member = event.member
    assert told_of(event).data == {  # type: ignore[union-attr]
        "list_id": "ant.example.com",
        "member_id": member.member_id.hex,
        "role": "member",
        "address": "anne@example.com",
        "user_id": member.user.user_id.hex,
    }


def test_of_a_folded_message_id(made: Callable[[type], Any]) -> None:
    """Programs that write a long ID fold its header, and it is the same ID."""
    from mailman.interfaces.chain import AcceptEvent  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    event = made(AcceptEvent)
    event.msg.replace_header("Message-ID", "\r\n <long@example.com>")
    told = told_of(event)
    assert told is not None
    assert told.data["message_id"] == "<long@example.com>"


def test_of_a_message_without_end(made: Callable[[type], Any]) -> None:
    """Whoever writes to a list decides neither how long an event is, nor whether a receiver refuses it."""
    from mailman.interfaces.chain import DiscardEvent  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    event = made(DiscardEvent)
    event.msg.replace_header("Message-ID", "<" + "x" * 1_000_000 + "@example.com>")
    event.msg.sender = "x" * 1_000_000 + "@example.com"
    told = told_of(event)
    assert told is not None
    assert (told.data["message_id"], told.data["sender"]) == (None, None)


def test_of_a_message(made: Callable[[type], Any]) -> None:
    """Its ID, its sender, and the chain; and no sender where a plugin says that it is nobody's business."""
    from mailman.interfaces.chain import HoldEvent  # noqa: PLC0415 - core must be initialised
    from zope.component import getGlobalSiteManager  # noqa: PLC0415
    from zope.interface import implementer  # noqa: PLC0415

    from mailman_rest_events.serializers.discretion import IDiscretion  # noqa: PLC0415
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    plain = {"list_id": "ant.example.com", "chain": "somebody", "message_id": "<1@example.com>"}
    assert told_of(made(HoldEvent)).data == {**plain, "sender": "bart@example.com"}  # type: ignore[union-attr]

    @implementer(IDiscretion)
    class Discreet:
        def __init__(self, answer: Any) -> None:
            self._answer = answer

        def conceals(self, _mlist: Any) -> bool:
            if isinstance(self._answer, Exception):
                raise self._answer
            return bool(self._answer)

    for answer, told in ((False, True), (True, False), (ValueError(), False)):
        registered = Discreet(answer)
        getGlobalSiteManager().registerUtility(registered, IDiscretion, "test")
        try:
            assert ("sender" in told_of(made(HoldEvent)).data) is told  # type: ignore[union-attr]
        finally:
            getGlobalSiteManager().unregisterUtility(registered, IDiscretion, "test")
