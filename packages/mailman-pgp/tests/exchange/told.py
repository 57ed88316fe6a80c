"""People's keys, and what is on its way to people: who can read it, and what it says."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keys import forge_usable

from mailman_pgp import openpgp
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from email.message import EmailMessage

    from keys import Forged

_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\n?", re.DOTALL)


def key(address: str) -> Forged:
    """A new key of somebody."""
    return forge_usable(f"Somebody <{address}>")


def certificate(made: Forged) -> openpgp.Certificate:
    """Its certificate in the form that it has by now."""
    return openpgp.inspect(made.public)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice on its way: to whom, and what everybody on the way can read of it."""

    list_id: str
    recipient: str
    template: (
        str  # of ours in the clear; "encrypted" of one that was encrypted when written; empty of one of core's kind
    )
    content: bytes

    @property
    def headers(self) -> list[str]:
        """What stands in its headers."""
        return list(email.message_from_bytes(self.content, policy=email.policy.default).values())

    @property
    def text(self) -> str:
        """What it says, in the clear."""
        message = email.message_from_bytes(self.content, policy=email.policy.default)
        part = message.get_body() if message.is_multipart() else message
        assert part is not None
        return str(part.get_content())

    def opened(self, by: Forged) -> EmailMessage | None:
        """What it says to whoever holds a key, signed by the list; None when they can't open it."""
        from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised

        found = _MESSAGE.search(self.content)
        assert found is not None
        signer = vault.certificate(self.list_id)
        try:
            read = MemberKey(by.secret).read(found[0], signer.certificate)
        except ValueError:
            return None
        assert read.signed_by == signer.fingerprint
        return email.message_from_bytes(read.content, policy=email.policy.default)

    def says(self, by: Forged) -> str:
        """The same as text, empty when they can't open it."""
        opened = self.opened(by)
        body = None if opened is None else opened.get_body()
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


def told() -> list[Told]:
    """What is on its way, and is taken from the queues; to the owners first, then by recipient.

    Changes of keys are told before that, as the runner of `out` does it.
    """
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.notices.bundle import Bundle  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.runners import housekeeping  # noqa: PLC0415

    housekeeping.tell_of_changes()
    found = []
    for queue in ("virgin", "out"):
        for item in get_queue_messages(queue):
            if isinstance(item.msg, Bundle):
                assert list(item.msg.notices) == item.msgdata["recipients"]
                list_id = item.msgdata["listid"]
                found += [Told(list_id, address, "encrypted", notice) for address, notice in item.msg.notices.items()]
                continue
            record = Record.of(item.msgdata)
            template = "" if record is None else record.template
            if record is not None and record.kind is Kind.ENCRYPTED:
                template = "encrypted"
            content = item.msg.as_bytes()
            found += [Told(item.msgdata["listid"], one, template, content) for one in item.msgdata["recipients"]]
    return sorted(found, key=lambda one: (one.template, one.recipient))
