"""How the sandbox's SMTP receiver is to behave, and the file that tells it while it runs.

The file is JSON with the fields of `Behaviour`; what is absent has its default.  It is looked at before each step of a
transaction, so a change counts from the next command on.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mailman_pgp.sandbox.place import replace_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger("mailman_pgp.sandbox")

# RFC 5321 §4.2: a refusal is a 4yz or 5yz reply of one line.
_REFUSAL = re.compile(r"[45][0-9][0-9] [\x20-\x7e]+")


class BehaviourError(Exception):
    """A behaviour that the receiver can't follow; the text says what is wrong with it."""


class Stage(StrEnum):
    """Where in a transaction a refusal is given."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"
    """After the end of the data: the usual place for content filters."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refuse with `reply` (code and text) what goes to an address like `recipient` (shell pattern, lower case).

    At `Stage.CONNECT` and `Stage.MAIL`, where no recipient is known, the pattern is not looked at.  `times` is how
    often, None for always.
    """

    recipient: str = "*"
    stage: Stage = Stage.RCPT
    reply: str = "451 4.3.0 Try again later"
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop a connection when it has brought `after_messages` messages; `times` is how many connections, None for all.

    At `Stage.MESSAGE` the last of these messages is kept; `answered` is whether the client still gets the reply that
    says so.  At another stage the connection ends without a word in place of the reply to the next command of that kind.
    """

    after_messages: int
    answered: bool = True
    times: int | None = None
    stage: Stage = Stage.MESSAGE


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the receiver does with its clients; the default is to take everything at once."""

    refuse: tuple[Refusal, ...] = ()
    delay_seconds: float = 0.0
    """Time before the reply to each message."""
    drop: Drop | None = None
    pipelining: bool = True
    """Whether RFC 2920 is offered."""
    eight_bit: bool = True
    """Whether RFC 6152 is offered."""
    size: bool = True
    """Whether RFC 1870 is offered."""
    max_message_bytes: int | None = None
    """A larger message is refused with 552; None: the receiver's own limit."""

    def __post_init__(self) -> None:
        """Check the replies, so that a mistake shows here and not in the client's parser."""
        for refusal in self.refuse:
            if not _REFUSAL.fullmatch(refusal.reply):
                raise BehaviourError(f"{refusal.reply!r} is no SMTP refusal: write one such as '550 5.1.1 Unknown'.")

    @classmethod
    def from_json(cls, content: Any) -> Behaviour:
        """The behaviour in decoded JSON.  Raises BehaviourError."""
        try:
            fields = dict(content)
            fields["refuse"] = tuple(
                Refusal(**{**refusal, "stage": Stage(refusal.get("stage", Stage.RCPT))})
                for refusal in fields.get("refuse", ())
            )
            drop = fields.get("drop")
            fields["drop"] = Drop(**{**drop, "stage": Stage(drop.get("stage", Stage.MESSAGE))}) if drop else None
            fields["delay_seconds"] = float(fields.get("delay_seconds", 0.0))
            return cls(**fields)
        except (TypeError, ValueError, AttributeError) as error:
            raise BehaviourError(f"This is no behaviour of the receiver: {error}.") from error

    def write(self, path: Path) -> None:
        """Tell it to the receiver that looks at `path`.  Raises OSError."""
        replace_json(path, asdict(self))


class Control:
    """The behaviour in force, and what is left of refusals and drops that are meant a number of times."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._behaviour = Behaviour()
        self._used: Counter[Refusal | Drop] = Counter()

    @property
    def behaviour(self) -> Behaviour:
        """What the file says now; a file that can't be followed changes nothing and is logged."""
        try:
            status = self._path.stat()
        except OSError:
            seen = None
        else:
            seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            self._seen = seen
            self._load()
        return self._behaviour

    def _load(self) -> None:
        try:
            content = json.loads(self._path.read_bytes())
            behaviour = Behaviour.from_json(content)
        except FileNotFoundError:
            behaviour = Behaviour()
        except (OSError, ValueError, BehaviourError) as error:
            log.error("The receiver goes on as before, %s is not usable: %s", self._path, error)  # noqa: TRY400 - a person's mistake, no traceback
            return
        self._behaviour = behaviour
        self._used.clear()

    def refusal(self, stage: Stage, recipients: Iterable[str] = ("",)) -> str | None:
        """The reply that refuses these recipients at this stage, or None; counts the refusal as given."""
        known = [recipient.lower() for recipient in recipients]
        for refusal in self.behaviour.refuse:
            if refusal.stage is not stage or not self._left(refusal):
                continue
            early = stage in (Stage.CONNECT, Stage.MAIL)
            if early or any(fnmatchcase(recipient, refusal.recipient) for recipient in known):
                self._used[refusal] += 1
                return refusal.reply
        return None

    def drop(self, messages: int, stage: Stage = Stage.MESSAGE) -> Drop | None:
        """The drop that is due at this stage for a connection with so many messages, or None; counts it as done."""
        drop = self.behaviour.drop
        if drop is None or drop.stage is not stage or messages < drop.after_messages or not self._left(drop):
            return None
        self._used[drop] += 1
        return drop

    def _left(self, item: Refusal | Drop) -> bool:
        return item.times is None or self._used[item] < item.times
