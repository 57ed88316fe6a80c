"""What goes into the SMTP pipe and what comes out of it: plain values, as cheap as can be, since each copy has both."""

import enum
from typing import NamedTuple


class Outcome(enum.Enum):
    """What became of one copy."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class Stage(enum.Enum):
    """How far a copy came before its outcome was known.

    Only a refusal at `RCPT` speaks about the recipient; the others speak about the sender, the message or the server.
    """

    CHECK = "check"  # we refused it ourselves: nothing of it was sent
    CONNECT = "connect"  # no connection, or it was lost: the server gave no answer on this copy
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # the answer to the whole message; every DELIVERED is here


class Envelope(NamedTuple):
    """One copy to send.

    `parts`, joined, are the message: bytes with CRLF line ends, not dot-stuffed. An empty `sender` is the null
    reverse path. A part that several successive copies share should be the same object: it is looked at once.
    """

    sender: str
    recipient: str
    parts: tuple[bytes, ...]


class Result(NamedTuple):
    """What became of one envelope; `recipient` is spelled as the envelope spelled it.

    `code` is the server's reply code, or one of ours (444 when no answer came, 552 and 553 from our own checks), and
    agrees with `outcome` except for 530, which blames the site's set-up and not the copy. `text` says why it was not
    delivered, in one line of at most 200 printable characters; empty when it was.
    """

    recipient: str
    outcome: Outcome
    code: int
    text: str
    stage: Stage = Stage.BODY
