"""SMTP replies (RFC 5321 §4.2) out of a stream of bytes that nobody has to trust."""

import re
from typing import NamedTuple

MAX_REPLY_BYTES = 64 * 1024
MAX_TEXT_CHARACTERS = 200
_KEPT_TEXT_BYTES = 4 * MAX_TEXT_CHARACTERS  # enough for any character of UTF-8
_CODE_LENGTH = 3
_ONE_LINE_REPLY = re.compile(rb"([2-5][0-9]{2}) ([^\r\n]{0,512})\r\n")
_ALL_GRANTED = re.compile(rb"(?:2[0-9]{2} [^\r\n]{0,512}\r\n){2}354 [^\r\n]{0,512}\r\n")


class ReplyError(Exception):
    """The server sent something that is not a reply, or too long to be one."""


def one_line(text: str) -> str:
    """`text` as one line of at most 200 printable characters: fit for a log, a database and a notice."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:MAX_TEXT_CHARACTERS]


class Reply(NamedTuple):
    """One complete reply: its code from 200 to 599, and the raw text of its lines."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        """The text, sanitised by `one_line`."""
        return one_line(self.raw.decode("utf-8", "replace"))

    @property
    def positive(self) -> bool:
        """The command was carried out (2yz)."""
        return 200 <= self.code < 300  # noqa: PLR2004 - the reply classes of RFC 5321 §4.2.1

    @property
    def negative(self) -> bool:
        """The command was refused, for now or for good (4yz, 5yz)."""
        return self.code >= 400  # noqa: PLR2004 - the reply classes of RFC 5321 §4.2.1


class ReplyReader:
    """Takes replies out of the bytes it is fed; holds at most one unfinished reply and one read."""

    __slots__ = ("_buffer", "_code", "_length", "_start", "_text")

    def __init__(self) -> None:
        self._buffer = b""
        self._start = 0  # bytes of the buffer that were used already
        self._forget()

    def _forget(self) -> None:
        self._code = 0
        self._length = 0
        self._text = b""

    def feed(self, data: bytes) -> None:
        """Add what was read from the server."""
        self._buffer = data if self._start == len(self._buffer) else self._buffer[self._start :] + data
        self._start = 0

    @property
    def empty(self) -> bool:
        """Nothing was fed that has not been taken: the server has said no more than it was asked."""
        return self._start == len(self._buffer) and not self._length

    def take_granted(self) -> bool:
        """Take the replies to MAIL, RCPT and DATA at once, if they are all there, all positive, and nothing behind."""
        if self._length or not _ALL_GRANTED.fullmatch(self._buffer, self._start):
            return False
        self._start = len(self._buffer)
        return True

    def take(self) -> Reply | None:
        """The next complete reply, or None when more bytes are needed; `ReplyError` when it can't become one."""
        if self._start == len(self._buffer):
            return None
        if not self._length and (match := _ONE_LINE_REPLY.match(self._buffer, self._start)):
            self._start = match.end()
            return Reply(int(match[1]), match[2])
        while True:
            end = self._buffer.find(b"\n", self._start)
            if self._length + (end if end >= 0 else len(self._buffer)) - self._start > MAX_REPLY_BYTES:
                raise ReplyError("The mail server's reply has no end.")
            if end < 0:
                return None
            line = self._buffer[self._start : end].rstrip(b"\r")
            self._length += end + 1 - self._start
            self._start = end + 1
            if self._add(line):
                reply = Reply(self._code, self._text)
                self._forget()
                return reply

    def _add(self, line: bytes) -> bool:
        """Add one line without its line end; True when it is the reply's last."""
        code, separator = line[:_CODE_LENGTH], line[_CODE_LENGTH : _CODE_LENGTH + 1]
        # bytes.isdigit() knows ASCII digits only.  RFC 5321 §4.2: a bare code without a space is accepted.
        if len(code) != _CODE_LENGTH or not code.isdigit() or code[:1] not in b"2345" or separator not in b" -":
            raise ReplyError("The mail server answered something that is not an SMTP reply.")
        if self._code and int(code) != self._code:
            raise ReplyError("The mail server answered with two reply codes at once.")
        self._code = int(code)
        if len(self._text) < _KEPT_TEXT_BYTES:
            text = line[_CODE_LENGTH + 1 :]
            self._text = (self._text + b" " + text if self._text else text)[:_KEPT_TEXT_BYTES]
        return separator != b"-"
