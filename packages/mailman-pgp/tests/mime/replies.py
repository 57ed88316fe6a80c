"""Replies to a question, as mail programs write them."""

from mailman_pgp.mime import Said, read_payload, said

CODE = "k3v9q1x7m5z2w8r4t6y0"


def crlf(*lines: str) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode()


def plain(*lines: str, parameters: str = "", subject: str = "Re: question") -> bytes:
    """A text part with protected headers, as a whole message."""
    return crlf(
        f'Content-Type: text/plain; charset=utf-8; hp="cipher"{parameters}',
        f"Subject: {subject}",
        "Content-Transfer-Encoding: 8bit",
        "",
        *lines,
    )


def markup(*lines: str) -> bytes:
    """The same of HTML."""
    return crlf('Content-Type: text/html; charset="utf-8"; hp="cipher"', "Subject: Re: question", "", *lines)


def alternatives(text: bytes, page: bytes) -> bytes:
    """Both as alternatives."""
    head = crlf('Content-Type: multipart/alternative; boundary="alt"; hp="cipher"', "Subject: Re: question", "")
    return head + b"--alt\r\n" + text + b"\r\n--alt\r\n" + page + b"\r\n--alt--\r\n"


def heard(content: bytes) -> Said:
    return said(read_payload(content))
