"""What moderators are asked about, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.mime.base import MIMEBase

    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import Choice, StoredCertificate


class Subject(StrEnum):
    """What is decided about."""

    REQUEST = "request"  # to join or to leave; `what` is its token
    POST = (
        "post"  # a held one; `what` is its number and its id: a database may give the number to another one afterwards
    )
    KEY = "key"  # another key of a member's; `what` is the `standing` of the one that is shown beside it, and the certificate, base64


@public
@dataclass(frozen=True, slots=True, repr=False)
class Matter:
    """What moderators are asked about.

    :ivar what: See `Subject`.
    :ivar address: Whom it is about.
    """

    about: Subject
    what: str
    address: str
    subject: str
    text: str
    attachments: Sequence[MIMEBase] = ()


@public
class Decision(StrEnum):
    """What a moderator can say; Mailman's own words."""

    ACCEPT = "accept"
    REJECT = "reject"
    DISCARD = "discard"


@public
@dataclass(frozen=True, slots=True)
class Decided:
    """A moderator's word that came by a door which has seen to it that they may say it."""

    decision: Decision
    actor: Actor


def standing(before: StoredCertificate | None) -> str:
    """What was chosen when moderators were asked, and whether it counted, as one word: their decision is about this."""
    return standing_of(None if before is None else before.choice)


def standing_of(choice: Choice | None) -> str:
    """The same of what is chosen."""
    if choice is None:
        return "none"
    return f"{choice.fingerprint}:{'counts' if choice.counts else 'suspended'}"
