"""Encrypted lists with members, posts of theirs in the form that the queue `out` has, and the runner of that queue."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from keys import forge_usable

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TEXT = b"Content-Type: text/plain\r\n\r\nThe kestrel flies at noon.\r\n"
_numbers = itertools.count()


def usable(address: str) -> openpgp.Certificate:
    """A certificate for an address."""
    return openpgp.inspect(forge_usable(f"Somebody <{address}>").public)


def encrypt(mlist: Any, people: Sequence[str], make: Callable[[str], openpgp.Certificate] = usable) -> None:
    """Make a list encrypted, and let a certificate count for each of `people`."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.encryption import enable  # noqa: PLC0415
    from mailman_pgp.model.database import store  # noqa: PLC0415

    enable(mlist)
    for person in people:
        registry.add(mlist.list_id, person, make(person), origin="test")
    store().commit()


def post(mlist: Any, people: Sequence[str], *, content: bytes = TEXT, kind: str = "post") -> tuple[Any, dict[str, Any]]:
    """One chunk of a post by anne@example.com that is like no other, and its metadata."""
    name = f"post{next(_numbers)}"
    from mailman.email.message import Message  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.delivery import chunks  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Outer, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_delivery, seal_message  # noqa: PLC0415

    record = Record(
        kind=Kind(kind),
        author="anne@example.com",
        message_id=f"<{name}@example.com>",
        claim=name,
        chunk=chunks.name(mlist.list_id, name, people),
        outer=Outer("Subject: [...]\r\n\r\n", "\r\n", f"<{name}@example.com>"),
    )
    sealed = seal_message(Message(), mlist.list_id, record, Content(content, {}))
    delivery = seal_delivery(sealed, mlist.list_id, record, content)
    return delivery, {"recipients": list(people), "listid": mlist.list_id, **record.to_kws()}


def enqueue(mlist: Any, people: Sequence[str], **keywords: Any) -> None:
    """Put a post into the queue `out`."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    config.switchboards["out"].enqueue(*post(mlist, people, **keywords))


def run(queue: str = "out") -> None:
    """Let the runner of a queue take what is there; for the queue `retry` that puts it back into `out`."""
    from mailman.runners.retry import RetryRunner  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.runners import housekeeping  # noqa: PLC0415
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415

    # What a process does once a day is due at its first turn, and whose turn that is here depends on the other tests.
    housekeeping._due = math.inf
    (OutgoingRunner if queue == "out" else RetryRunner)(queue)._one_iteration()


def waiting() -> dict[str, int]:
    """How many entries lie in those queues that mail can wait in."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    counted = {name: len(config.switchboards[name].files) for name in ("out", "retry", "shunt", "bad")}
    return {name: number for name, number in counted.items() if number}


def notices() -> list[tuple[str, str]]:
    """The notices of ours that wait to be sent: template and recipient of each; they are taken away."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.posts.record import Record  # noqa: PLC0415

    virgin = config.switchboards["virgin"]
    found = []
    for name in virgin.files:
        _msg, msgdata = virgin.dequeue(name)
        virgin.finish(name)
        record = Record.of(msgdata)
        assert record is not None
        found += [(record.template, recipient) for recipient in msgdata["recipients"]]
    return sorted(found)
