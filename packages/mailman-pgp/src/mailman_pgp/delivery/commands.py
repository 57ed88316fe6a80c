"""The commands that open one copy's transaction, and what the server must be able to do for them."""

import re
import smtplib
from dataclasses import dataclass

from mailman_pgp.delivery.envelope import Envelope

MAX_ADDRESS_CHARACTERS = 900  # an ASCII one stays below the 998 octets of a line with its command
_MAILBOX_NAME_NOT_ALLOWED = 553
_TOO_LARGE = 552

# RFC 5321 §4.1.2, read generously: what matters is that no address can end its command, begin another or add a
# parameter.  What the server thinks of the rest it says itself.
_is_address = re.compile(
    r"""(?: [^\ <>"\\@]+ | "(?: [^"\\] | \\. )*" )   # anything without blanks and brackets, or a quoted string
        (?: @ [^\ <>"\\@]+ )?                         # a domain or an address literal
    """,
    re.VERBOSE,
).fullmatch

# The same for the addresses that nearly everybody has.
_is_plain = re.compile(r"[A-Za-z0-9+=._-]{1,300}@[A-Za-z0-9.-]{1,255}").fullmatch


class RefusedError(Exception):
    """This copy can't be sent to this server, or to any; the text is a sentence, `code` the reply code it amounts to."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Features:
    """What the server's EHLO reply offers; `size_limit` is None without SIZE and 0 for "no fixed limit"."""

    pipelining: bool = False
    size_limit: int | None = None
    eight_bit: bool = False
    utf8: bool = False

    @classmethod
    def of(cls, smtp: smtplib.SMTP) -> "Features":
        """Read the features of a connection that has said EHLO."""
        size = smtp.esmtp_features.get("size")
        return cls(
            pipelining=smtp.has_extn("pipelining"),
            size_limit=None if size is None else int(size) if size.isascii() and size.isdigit() else 0,
            eight_bit=smtp.has_extn("8bitmime"),
            utf8=smtp.has_extn("smtputf8"),
        )


def opening(envelope: Envelope, size: int, *, ascii_only: bool, features: Features) -> bytes:
    """MAIL, RCPT and DATA for a message of `size` bytes, three lines with CRLF; `RefusedError` when it can't be."""
    sender, recipient = envelope.sender, envelope.recipient
    # An empty sender is the null reverse path.
    if not ((_is_plain(sender) or not sender) and _is_plain(recipient)):
        _check(sender or recipient)
        _check(recipient)
    parameters = ""
    if features.size_limit is not None:
        if 0 < features.size_limit < size:  # RFC 1870 §6.1
            raise RefusedError(
                _TOO_LARGE, f"The message has {size} bytes and the mail server takes {features.size_limit}."
            )
        parameters = f" SIZE={size}"
    if features.eight_bit and not ascii_only:
        parameters += " BODY=8BITMIME"  # RFC 6152 §2
    if not (sender.isascii() and recipient.isascii()):
        if not features.utf8:
            raise RefusedError(
                _MAILBOX_NAME_NOT_ALLOWED,
                "The mail server can't send to or from addresses with letters outside ASCII (no SMTPUTF8).",
            )
        parameters += " SMTPUTF8"  # RFC 6531 §3.4
    return f"MAIL FROM:<{sender}>{parameters}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()


def _check(address: str) -> None:
    """Refuse an address that could be more than an address."""
    # isprintable() is false for control characters, line and paragraph separators, and lone surrogates.
    if not (address.isprintable() and _is_address(address)):
        raise RefusedError(_MAILBOX_NAME_NOT_ALLOWED, "The address holds characters that no mail address may hold.")
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise RefusedError(_MAILBOX_NAME_NOT_ALLOWED, "The address is too long for a mail server.")
