"""Posts that are collected for digests, and the digests that wait in `out`."""

from __future__ import annotations

from typing import Any

ANNE, BART = "anne@example.com", "bart@example.com"


def post(ants: Any, subject: str = "Kestrels", claim: str | None = None) -> None:
    """Collect a post as the pipeline does, from its sealed form on."""
    from mailman.email.message import Message  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.digests.sending import collect  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    record = Record(kind=Kind.POST, author=ANNE, message_id=f"<{subject}@x>", claim=claim or f"claim of {subject}")
    entity = b"Subject: " + subject.encode() + b'\r\nContent-Type: text/plain; hp="cipher"\r\n\r\nNoon\r\n'
    collect(ants, seal_message(Message(), ants.list_id, record, Content(entity, {})), record)


def queued(ants: Any) -> dict[str, list[bytes]]:
    """The digests that wait in `out`, opened, by their recipient."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.posts.record import Record  # noqa: PLC0415

    out = config.switchboards["out"]
    found: dict[str, list[bytes]] = {}
    for name in out.files:
        msg, msgdata = out.dequeue(name)
        out.finish(name)
        record = Record.of(msgdata)
        assert record is not None
        for recipient in msgdata["recipients"]:
            found.setdefault(recipient, []).append(msg.unseal(ants.list_id, record).entity)
    return found


def send(ants: Any) -> list[tuple[int, int]]:
    """Send all that waits; the volume and number of each issue."""
    from mailman_pgp.digests.sending import send as send_all  # noqa: PLC0415 - core must be initialised

    return [(issue.volume, issue.number) for issue in send_all(ants)]
