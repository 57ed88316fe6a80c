"""What moderators are asked, and what their answers come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from talkers import Talker, templates

if TYPE_CHECKING:
    from email.message import EmailMessage


def asks_to_join(talker: Talker, moderator: Talker) -> EmailMessage:
    """Somebody asks to join, up to the question to a moderator, which is returned."""
    joining = talker.command("join", attached=talker.key.certificate)
    found = talker.tell(talker.reply(talker.asked(joining)))
    (question,) = [said for said in moderator.read(found) if "asks to join" in str(said["subject"])]
    return question


def hold(mlist: Any, author: Talker, number: int) -> int:
    """Hold a post, and return its number."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.conversation.holding import HoldChain  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    record = Record(kind=Kind.POST, author=author.address, message_id=f"<{number}@example.net>", claim=f"post{number}")
    sealed = seal_message(Message(), mlist.list_id, record, Content(b"\n", {}))
    msgdata: dict[str, Any] = {}
    record.put(msgdata)
    held = int(hold_message(mlist, sealed, msgdata, "for a test"))
    HoldChain._ask(mlist, sealed, record, held, ["for a test"])
    return held


def numbers(mlist: Any) -> list[int]:
    """The numbers of the held posts."""
    from mailman.interfaces.requests import IListRequests  # noqa: PLC0415 - core must be initialised

    return [held.id for held in IListRequests(mlist).held_requests]


def refused(moderator: Talker, mail: bytes, question: EmailMessage, mlist: Any) -> None:
    """An answer decides nothing, and the question is open still."""
    found = templates(moderator.tell(mail))
    assert found
    assert set(found) <= {"reply-refused", "code-unknown", "needs-signature", "refusal"}
    assert len(numbers(mlist)) == 1
    assert question
