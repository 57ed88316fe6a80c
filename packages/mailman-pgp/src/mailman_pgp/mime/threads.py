"""The identifiers by which mail programs put messages together (RFC 5322 §3.6.4): whose word they are, where they may stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from email.message import Message

    from mailman_pgp.mime.protected import Payload

# Printable ASCII without blanks and angle brackets: nothing that a header, a log or a database could stumble over.
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_LOOKED_AT_CHARS = 900
_MAX_REFERENCES = 20
_FIELDS = ("Message-ID", "In-Reply-To", "References")


@dataclass(frozen=True, slots=True)
class Thread:
    """The own identifier of a message (empty when it has none that can be used), what it answers, and what came before."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]

    def seen(self, identifiers: Collection[str]) -> Thread:
        """What is left of it with these identifiers only."""
        return Thread(
            self.message_id if self.message_id in identifiers else "",
            tuple(found for found in self.in_reply_to if found in identifiers),
            tuple(found for found in self.references if found in identifiers),
        )


def thread_of(payload: Payload) -> Thread | None:
    """Where a message stands in its thread; None when it says nothing of it.

    Where the author protects one of the fields, nothing is taken from outside: what is missing inside is missing.  Somebody
    on the way could have the author answer another question.
    """
    protected = [name for name in _FIELDS if name in payload.headers and name not in payload.outside]
    values = {name: payload.headers.get(name, "") for name in protected or _FIELDS}
    if not any(values.values()):
        return None
    return Thread(
        first_id(values.get("Message-ID", "")),
        tuple(message_ids(values.get("In-Reply-To"))[:1]),
        tuple(message_ids(values.get("References"))),
    )


def message_id(message: Message) -> str:
    """The Message-ID outside of a message, with angle brackets; empty unless it is one identifier and nothing else."""
    return single_id(message.get("message-id"))


def single_id(value: object) -> str:
    """The value of a field (None where there is no such field); empty unless it is one identifier and nothing else."""
    text = str(value or "").strip()
    return text if MESSAGE_ID.fullmatch(text) else ""


def first_id(text: str) -> str:
    """The first identifier in the value of a field, with angle brackets; empty when there is none."""
    found = MESSAGE_ID.search(text[:_LOOKED_AT_CHARS])
    return found[0] if found else ""


def message_ids(text: str | None) -> list[str]:
    """The identifiers in a References or In-Reply-To value: the first, and the latest ones."""
    found = MESSAGE_ID.findall((text or "")[-65536:])
    return found if len(found) <= _MAX_REFERENCES else [found[0], *found[1 - _MAX_REFERENCES :]]
