"""What mail programs make of a reply: one word above, below or beside what they quote."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable

PLAIN = "Content-Type: text/plain; charset=utf-8"
PAGE = "Content-Type: text/html; charset=utf-8"

#: An entity (headers and body, LF) that says a word and quotes a text.
Body = Callable[[str, str], str]


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def thunderbird(word: str, text: str) -> str:
    """Format flowed, the answer above."""
    return f"{PLAIN}; format=flowed\n\n{word}\n\nOn 02/11/2026 10:00, Ants wrote:\n{_marked(text)}\n\n-- \nAnne\n"


def thunderbird_html(word: str, text: str) -> str:
    """Both forms of a text, as composed in HTML."""
    page = (
        f"<!DOCTYPE html><html><body><p>{word}</p><div class='moz-cite-prefix'>On 02/11/2026 10:00, Ants wrote:<br></div>"
        f"<blockquote type='cite'><pre class='moz-quote-pre' wrap=''>{html.escape(text)}</pre></blockquote></body></html>"
    )
    plain = thunderbird(word, text)
    return (
        'Content-Type: multipart/alternative; boundary="a"\n\n'
        f"--a\n{plain}\n--a\n{PAGE}\nContent-Transfer-Encoding: 8bit\n\n{page}\n\n--a--\n"
    )


def outlook(word: str, text: str) -> str:
    """HTML in base64, and a quotation without marks below a block of headers."""
    quoted = "".join(f"<p class=MsoNormal>{html.escape(line)}<o:p></o:p></p>\r\n" for line in text.splitlines())
    page = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang="EN-GB"><div class="WordSection1">'
        f'<p class="MsoNormal">{word}<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        "<b>From:</b> Ants<br><b>Sent:</b> Monday, 2 November 2026 10:00<br><b>To:</b> Anne<br><b>Subject:</b> [...]</p></div>"
        f"{quoted}</div></body></html>"
    )
    return f"{PAGE}\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(page.encode()).decode()}"


def outlook_plain(word: str, text: str) -> str:
    """Plain text, and a quotation without marks below a ruler."""
    head = "From: Ants\nSent: Monday, 2 November 2026 10:00\nTo: Anne\nSubject: [...]\n"
    return f"{PLAIN}\n\n{word}\n\n-----Original Message-----\n{head}\n{text}\n"


def k9(word: str, text: str) -> str:
    """Plain text in quoted-printable, with marks that stand close."""
    quoted = "\n".join(f">{line}" for line in text.splitlines()).replace("=", "=3D")
    return (
        f"{PLAIN}\nContent-Transfer-Encoding: quoted-printable\n\n{word}\n\n"
        f"On 2 November 2026 10:00:00 CET, Ants <ants@example.com> wrote:\n{quoted}\n"
    )


def fairemail(word: str, text: str) -> str:
    """HTML with a reference."""
    quoted = "<br>".join(html.escape(line) for line in text.splitlines())
    page = (
        f"<html><head></head><body><p>{word}<br></p><div fairemail='reference'><p>Nov 2, 2026 10:00:00 AM Ants:</p>"
        f"<blockquote style='margin:3px;border-left:3px solid #ccc'><div>{quoted}</div></blockquote></div></body></html>"
    )
    return f"{PAGE}\nContent-Transfer-Encoding: 8bit\n\n{page}\n"


def mutt(word: str, text: str) -> str:
    """The answer below, format flowed."""
    return (
        f"{PLAIN}; format=flowed\nContent-Disposition: inline\n\nOn Mon, Nov 02, 2026 at 10:00:00AM +0000, Ants wrote:\n"
        f"{_marked(text)}\n\n{word}\n\n-- \nAnne\n"
    )


BODIES: dict[str, Body] = {
    body.__name__: body for body in (thunderbird, thunderbird_html, outlook, outlook_plain, k9, fairemail, mutt)
}
