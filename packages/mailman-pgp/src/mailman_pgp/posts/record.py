"""The one typed way into `msgdata['pgp']`.

Queue files survive upgrades, so what lies in them is a plain, versioned dictionary; this module alone knows its shape.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

_KEY = "pgp"
_VERSION = 1


class Kind(StrEnum):
    """What a message on an encrypted list is."""

    POST = "post"
    OWNER = "owner"  # mail to the -owner address
    COMMAND = "command"  # mail to the addresses that take commands
    NOTICE = "notice"  # one of our own templates
    ENCRYPTED = "encrypted"  # a notice that was encrypted when it was written


@dataclass(frozen=True, slots=True)
class Outer:
    """What stands outside the encryption of every copy of a chunk: the bytes before and after the armor, as latin-1.

    `message_id` is the one in there.
    """

    head: str
    foot: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What became of a chunk's recipients in the attempts before this one; `refused` are those who will not get it."""

    recipients: int
    skipped: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What we know of one message, JSON-plain in the queue file."""

    kind: Kind
    problem: str = ""  # why it may not be posted: a `mailman_pgp.posts.problems.Problem`; empty when it may
    author: str = ""  # the address in From, lower-cased
    message_id: str = ""  # the one that its author gave it, for answers and logs; empty when it can't be used
    automatic: bool = False  # a machine's mail, which is never answered
    verdicts: tuple[dict[str, Any], ...] = ()  # SignatureVerdict.to_record() of each signature
    fingerprint: str = ""  # the certificate that authenticated the author
    signed_at: str = ""  # ISO 8601, UTC
    brought: str = ""  # the certificate that came with a stranger's post, and signed it; it counts for nothing
    claim: str = ""  # the name under which this message claimed its signature; see mailman_pgp.posts.replay
    chunk: str = ""  # names the unit of delivery; see mailman_pgp.delivery.progress
    attempt: int = 0  # how often this chunk was tried before; its recipients are those that are left
    earlier: Earlier | None = None
    template: str = ""  # of a notice
    reader: str = (
        ""  # the certificate that such a notice is encrypted to, where it must still count when the notice leaves
    )
    outer: Outer | None = None
    delivered: int = 0  # copies delivered at the last recovery
    unsent: bool = (
        False  # its author, who is among the recipients, wants no copy of their own; see mailman_pgp.delivery.copies
    )
    digests: tuple[str, ...] = ()  # who chose digests and gets nothing, of the first chunk

    @classmethod
    def of(cls, msgdata: dict[str, Any]) -> Self | None:
        """The record of a message, or None when it has none (or one of an unknown version)."""
        raw = msgdata.get(_KEY)
        if not isinstance(raw, dict) or raw.get("version") != _VERSION:
            return None
        known = {item.name for item in dataclasses.fields(cls)}
        values = {name: value for name, value in raw.items() if name in known}
        values["kind"] = Kind(values["kind"])
        for name in ("verdicts", "digests"):
            values[name] = tuple(values.get(name, ()))
        if values.get("outer") is not None:
            values["outer"] = Outer(**values["outer"])
        if values.get("earlier") is not None:
            values["earlier"] = Earlier(**values["earlier"])
        return cls(**values)

    def put(self, msgdata: dict[str, Any]) -> None:
        """Write this record into a message's metadata."""
        raw = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        raw["kind"] = str(self.kind)
        raw["verdicts"], raw["digests"] = list(self.verdicts), list(self.digests)
        for name in ("outer", "earlier"):
            raw[name] = dataclasses.asdict(raw[name]) if raw[name] is not None else None
        msgdata[_KEY] = {"version": _VERSION, **raw}

    def as_sealed(self, list_id: str, generation: str, use: str) -> bytes:
        """All of this that content is sealed with, and only opens with: whose it is, and what was found out about it.

        :param generation: Names the list's encryption: another one when encryption was switched off and on in between.
        :param use: What the content is.
        """
        found_out = (self.kind, self.problem, self.author, self.claim, self.fingerprint, self.signed_at, self.verdicts)
        bound = (use, list_id, generation, *found_out, *([self.brought] if self.brought else []))
        return b"mailman-pgp sealed content v3\0" + json.dumps(bound, sort_keys=True).encode("ascii")

    def to_kws(self) -> dict[str, Any]:
        """This record as keyword arguments for a queue's `enqueue`."""
        msgdata: dict[str, Any] = {}
        self.put(msgdata)
        return msgdata
