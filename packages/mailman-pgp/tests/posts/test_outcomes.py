"""For each reason, each of Mailman's actions that the list may choose becomes of the post just what it says."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

from mailman_pgp.posts.policy import POLICIES, Action
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Members

ANNE = "anne@example.com"
OUTCOMES = {
    Action.HOLD: "held",
    Action.REJECT: "refused",
    Action.DISCARD: "discarded",
    Action.ACCEPT: "posted",
    Action.DEFER: "held",
}
_numbers = itertools.count()


@pytest.fixture
def ants(core: Any, mlist: Any, healthy: Any, members: Members, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: ARG001 - it makes a list key
    """An encrypted list with our chains and our rule; Anne, its member, may post, but the list holds all posts (core's `emergency`)."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised
    from zope.event import subscribers  # noqa: PLC0415

    from mailman_pgp.chains.gate import Gate  # noqa: PLC0415
    from mailman_pgp.chains.refuse import Refuse  # noqa: PLC0415
    from mailman_pgp.conversation.holding import HoldChain  # noqa: PLC0415
    from mailman_pgp.rules.problem import Problem as Rule  # noqa: PLC0415

    for chain in (Gate(), Refuse(), HoldChain()):
        monkeypatch.setitem(core.chains, chain.name, chain)
    monkeypatch.setitem(core.rules, Rule.name, Rule())
    encrypt(mlist, [])
    members.add(mlist, ANNE)
    mlist.emergency = True
    mlist.admin_immed_notify = False
    members.store.commit()
    for queue in ("virgin", "out"):
        get_queue_messages(queue)
    happened: list[object] = []
    subscribers.append(happened.append)
    mlist.happened = happened
    yield mlist
    subscribers.remove(happened.append)


def choose(mlist: Any, setting: str, action: Action) -> None:
    """Choose what becomes of posts, by the way that all doors go."""
    from mailman_pgp.lists.settings import change  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import store  # noqa: PLC0415
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415

    row = store().get(EncryptedList, mlist.list_id)
    assert row is not None
    change(row, {setting: action.value})


def send(mlist: Any, reason: str, author: str | None = None, *, sealed: bool = True) -> dict[str, Any]:
    """A post for which this reason was found goes through the list's chains; what is known of it then.

    :param author: Somebody else each time when not given: nobody is answered without end.
    """
    from mailman.core.chains import process  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.lists.core_settings import GATE  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, placeholder, seal_message  # noqa: PLC0415

    number = f"post{next(_numbers)}"
    record = Record(
        Kind.POST, problem=reason, author=author or f"{number}@example.com", message_id=f"<{number}@home>", claim=number
    )
    message: Any = Message()
    message["To"] = mlist.posting_address
    content = Content(b"Content-Type: text/plain\r\n\r\nThe kestrel flies.\r\n", {})
    message = (
        seal_message(message, mlist.list_id, record, content) if sealed else placeholder(message, mlist.list_id, record)
    )
    msgdata: dict[str, Any] = {"listid": mlist.list_id, "original_size": 1}
    record.put(msgdata)
    process(mlist, message, msgdata, GATE)
    return msgdata


def outcome(mlist: Any) -> dict[str, int]:
    """How many posts wait, go on to the members, are answered by a refusal, and were discarded; nothing else has happened, and all is gone."""
    from mailman.interfaces.chain import ChainEvent  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.requests import IListRequests  # noqa: PLC0415
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415

    waiting = IListRequests(mlist)
    notices = [str(item.msg["subject"]) for item in get_queue_messages("virgin")]
    names = [type(event).__name__ for event in mlist.happened if isinstance(event, ChainEvent)]
    refusals = [subject for subject in notices if subject.endswith("was not accepted")]
    assert len(names) == 1
    # The author of a post that waits is told so.
    assert len(notices) == len(refusals) + names.count("HoldEvent")
    found = {
        "held": waiting.count,
        "posted": len(get_queue_messages("pipeline")),
        "refused": len(refusals),
        "discarded": names.count("DiscardEvent"),
    }
    for request in list(waiting.held_requests):
        waiting.delete_request(request.id)
    mlist.happened.clear()
    return found


def only(name: str) -> dict[str, int]:
    """One of these, and nothing of the others."""
    return {each: int(each == name) for each in ("held", "posted", "refused", "discarded")}


@pytest.mark.parametrize("action", Action)
def test_outcomes(ants: Any, action: Action) -> None:
    """Held and deferred it waits, for our reason or for the list's own; rejected its author is told; discarded nobody is; accepted it is
    posted, whatever the list's own rules say.
    """
    from mailman_pgp.overview.reasons import for_moderators  # noqa: PLC0415 - core must be initialised

    rows = [(policy.setting, reason) for policy in POLICIES if action in policy.choices for reason in policy.reasons]
    assert len(rows) > 15
    for setting, reason in rows:
        choose(ants, setting, action)
        msgdata = send(ants, reason)
        assert outcome(ants) == only(OUTCOMES[action]), reason
        # Core's rule gives its reason in core's own words.
        ours = [] if action is Action.DEFER else [for_moderators(reason)]
        assert [why for why in msgdata["moderation_reasons"] if why == for_moderators(reason)] == ours
        assert len(msgdata["moderation_reasons"]) == 1


def test_deferred_where_nothing_else_is_wrong(ants: Any) -> None:
    """Then it is posted as any post of a member's."""
    ants.emergency = False
    for policy in POLICIES:
        if Action.DEFER in policy.choices:
            choose(ants, policy.setting, Action.DEFER)
            for reason in policy.reasons:
                send(ants, reason, ANNE)
                assert outcome(ants) == only("posted"), reason


@pytest.mark.parametrize("action", Action)
def test_what_was_not_kept_is_never_posted(ants: Any, action: Action) -> None:
    """A post whose content was not sealed, since another action counted when it came, is refused or discarded, whatever counts by now."""
    choose(ants, "on_unsigned", action)
    send(ants, Problem.UNSIGNED, sealed=False)
    assert outcome(ants) == only("discarded" if action is Action.DISCARD else "refused")
