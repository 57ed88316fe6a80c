"""Mail to and from a list, by core's own queues."""

from __future__ import annotations

from typing import Any

ANNE = "anne@example.org"


def queued() -> list[Any]:
    """The mail that waits to be sent."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    return [item.msg for item in get_queue_messages("virgin")]


def reply(mlist: Any, text: str, *, to: str = "request", sender: str = ANNE, header: str = "X: y") -> list[str]:
    """Mail a command to a list by core's own runner; return the texts of its answers."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.runners.command import CommandRunner  # noqa: PLC0415
    from mailman.testing.helpers import make_testable_runner, specialized_message_from_string  # noqa: PLC0415

    local, _, domain = mlist.fqdn_listname.partition("@")
    message = specialized_message_from_string(
        f"From: {sender}\nTo: {local}-{to}@{domain}\nSubject: {text}\nMessage-ID: <1@example.org>\n{header}\n\n"
    )
    found = to.partition("+")
    data = {"listid": mlist.list_id, "subaddress": found[0]}
    config.switchboards["command"].enqueue(message, **data)
    make_testable_runner(CommandRunner, "command").run()
    return [str(answer.get_payload(decode=True), "utf-8") for answer in queued()]
