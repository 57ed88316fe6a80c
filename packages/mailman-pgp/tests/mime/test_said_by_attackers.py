"""Whatever a mail holds, it is read or refused in time, and nobody's quoted word is taken for the author's."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import heard, markup, plain

from mailman_pgp.mime import PayloadError, is_no, is_yes, read_payload, said
from mailman_pgp.mime.entity import MAX_DEPTH


def test_bounds() -> None:
    """What stands beyond the first lines, or the first characters, is not looked at."""
    assert is_yes(heard(plain(*["x"] * 1999, "yes")))
    assert not is_yes(heard(plain(*["x"] * 2000, "yes")))
    assert not is_yes(heard(plain("x" * 256 * 1024, "yes")))
    assert not is_yes(heard(markup("x<br>" * 2001, "yes")))
    assert len(heard(plain("x" * 10_000_000)).everything) < 300_000


SIZE = 500_000
# A blank parts them; "·" stands for one, "¶" for a line end.
REPEATED = """
    <div> <p> <br> </p> <div></p> <blockquote>x < </ <! <!-- <![a <? <a· <a·a=' <a·a=" <a·= <a¶ <script> <style>x{ }
    & &# &#x1 &a <pre>¶ >· >¶ | --· ---·a· -¶ _____¶ On·1· On·1·x:¶>·¶ From:·x¶ : :¶ -----BEGIN·PGP·MESSAGE-----¶ ·¶ ·
    x x· x·¶ /* <p·style='/*/*'> x_ <b·id=x_> <i·hidden>
"""
PIECES = [piece.replace("·", " ").replace("¶", "\n") for piece in REPEATED.split()]
HOSTILE = {
    **{piece: piece * (SIZE // len(piece)) for piece in (*PIECES, "\t", "\u200b")},
    "nested": "<div>" * 100_000 + "x" + "</p>" * 100_000,
    "crossed": "<b><i>" * 20_000 + "</b></i>" * 20_000,
    "long id": "<p id='" + "x_" * 200_000 + "'>",
    "long style": "<p style='" + "/*" * 200_000 + "'>",
    "many attributes": "<p " + "a=b " * 100_000 + ">",
    "spaces": "<p" + " " * 200_000 + "=" + " " * 200_000,
    "ruler": "---" + "a" + "-" * 400_000 + "x",
    "number": "&#" + "1" * 400_000,
    "sheet": "<style>" + ".a{display:none}" * 20_000 + "</style>",
    "names": "".join(f"<style>.{number}{{opacity:0}}</style>" for number in range(15_000)),
    "sheets": "<style>.a{opacity:0}</style>" * 15_000,
}


# Linear work takes a second or two of a slow and busy machine; by the square of this size it takes half an hour.
HANGS = 60


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_bounded(name: str) -> None:
    """Half a megabyte of what costs parsers most does not hang the reader, as a page and as text, flowed or not."""
    text = HOSTILE[name]
    for content in (markup(text), plain(text), plain(text, parameters="; format=flowed; delsp=yes")):
        payload = read_payload(content)
        start = time.process_time()
        said(payload)
        assert time.process_time() - start < HANGS


@pytest.mark.parametrize("kind", ["mixed", "alternative", "signed", "related"])
def test_depth_is_bounded(kind: str) -> None:
    """A text below as many levels as a mail may have is found."""
    levels = b"".join(
        b'Content-Type: multipart/%s; boundary="b%d."\r\n\r\n--b%d.\r\n' % (kind.encode(), level, level)
        for level in range(MAX_DEPTH)
    )
    assert heard(levels + b"\r\nyes\r\n").own == ("yes",)


MARKUP = """
    <div > <p> </p> <br> <!-- --> <script> </script> <style> .a{display:none} </style> <blockquote> </blockquote> <pre>
    ·class= ' " = &# &amp; ; >· --· ¶ On·Monday·wrote: From:·x -----BEGIN·PGP·MESSAGE----- -----END·PGP·MESSAGE----- yes
"""
DRAWN = st.sampled_from([piece.replace("·", " ").replace("¶", "\r\n") for piece in [*MARKUP.split(), "\0", "\ud7ff"]])


@given(
    st.sampled_from(
        ["text/plain", "text/html", "text/plain; format=flowed; delsp=yes", "multipart/alternative; boundary=b"]
    ),
    st.sampled_from(
        ["", "utf-8", "utf-16", "utf-32", "iso-2022-jp", "iso-2022-kr", "gb18030", "big5", "ascii", "cp999"]
    ),
    st.sampled_from(["7bit", "base64", "quoted-printable", "x"]),
    st.one_of(st.lists(DRAWN, max_size=40).map(lambda found: "".join(found).encode()), st.binary(max_size=200)),
)
def test_only_payload_errors(kind: str, charset: str, encoding: str, body: bytes) -> None:
    """Whatever a mail holds, it is read or refused; what is said is made of lines."""
    head = f"Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    for content in (
        head.encode() + body,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + head.encode() + body,
    ):
        try:
            found = heard(content)
        except PayloadError:
            continue
        assert all(line and line == line.strip() and "\n" not in line for line in found.own)
        assert not (is_yes(found) and is_no(found))


@given(st.lists(st.sampled_from(["yes", "no", "> ", ">> ", "On Monday, Bob wrote:", "", "-- ", "x "]), max_size=12))
def test_quoting_silences(lines: list[str]) -> None:
    """Of a text that is quoted as a whole nothing is the author's, whatever it holds."""
    quoted = [f"> {line}" for line in lines]
    for parameters in ("", "; format=flowed"):
        assert heard(plain(*quoted, parameters=parameters)).own == ()
    assert heard(markup("<blockquote>", *itertools.chain.from_iterable((line, "<br>") for line in lines))).own == ()
