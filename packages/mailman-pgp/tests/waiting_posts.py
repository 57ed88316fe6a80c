"""Posts that wait for a moderator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Door

ANNE = "anne@example.com"
CONTENT = b"Content-Type: text/plain\r\nSubject: At noon\r\n\r\nThe kestrel flies.\r\n"
WHY = ["The message comes from a moderated member", ("Message has more than {} recipients", 9)]


def hold(
    door: Door,
    *,
    list_id: str = "ant.example.com",
    kind: str = "post",
    author: str = ANNE,
    content: bytes = CONTENT,
    **more: Any,
) -> int:
    """Hold a mail as our runner and core's chains do; its number.  `more` goes into its record."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    mlist = getUtility(IListManager).get(list_id)
    number = next(_numbers)
    record = Record(kind=Kind(kind), author=author, message_id=f"<{number}@home>", claim=f"{number}", **more)
    sealed = seal_message(Message(), list_id, record, Content(content, {"Subject": "At noon"}))
    msgdata: dict[str, Any] = {"moderation_reasons": WHY, "original_size": 4321, "listid": list_id}
    record.put(msgdata)
    held = int(hold_message(mlist, sealed, msgdata, "why"))
    door.store.commit()
    return held


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_numbers = _count()
