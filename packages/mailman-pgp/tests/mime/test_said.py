"""What a person said in a mail, as their mail program writes it."""

import base64
import itertools
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import PayloadError, Said, is_no, is_yes, read_payload, said
from mailman_pgp.mime.entity import MAX_DEPTH

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


THUNDERBIRD = plain(
    "Yes, ",
    "",
    "On 02/11/2026 10:00, Security list wrote:",
    "> Do you confirm that this is your key? ",
    f"> Answer with yes. The code is {CODE}",
    ">",
    ">> no",
    "",
    "-- ",
    "Anne",
    "no",
    parameters="; format=flowed",
)
THUNDERBIRD_HTML = markup(
    "<!DOCTYPE html><html><head><meta http-equiv='content-type' content='text/html; charset=UTF-8'>",
    "<title>no</title><style>p { margin: 0 }</style></head><body>",
    "<p>Yes</p>",
    '<div class="moz-cite-prefix">On 02/11/2026 10:00, Security list wrote:<br></div>',
    f'<blockquote type="cite" cite="mid:1@example.com"><pre class="moz-quote-pre" wrap="">no\n{CODE}\nno</pre></blockquote>',
    '<div class="moz-signature">-- <br>no</div></body></html>',
)
OUTLOOK_HTML = markup(
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm} --></style>',
    "<!--[if gte mso 9]><xml>no</xml><![endif]--></head>",
    '<body lang="EN-GB"><div class="WordSection1"><p class="MsoNormal"><span style="font-size:11.0pt">Yes!<o:p></o:p>',
    '</span></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>',
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">',
    '<p class="MsoNormal"><b>From:</b> Security &lt;list@example.com&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Anne',
    "<br><b>Subject:</b> question</p></div>",
    f'<p class="MsoNormal">no</p><p class="MsoNormal">{CODE}</p></div></body></html>',
)
OUTLOOK_WEB = markup(
    '<html><body><div dir="ltr">Yes</div><div id="appendonsend"></div>',
    '<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">',
    f"<b>From:</b> Security<br><b>Sent:</b> Monday<br></div><div>no</div><div>{CODE}</div></body></html>",
)
OUTLOOK_FORWARDED = OUTLOOK_WEB.replace(b"appendonsend", b"x_first").replace(b'"divR', b'"x_x_divR')
OUTLOOK_PLAIN = plain(
    "Yes.",
    "",
    "________________________________",
    "Von: Security <list@example.com>",
    "Gesendet: Montag, 2. November 2026 10:00",
    "An: Anne <anne@example.com>",
    "Betreff: question",
    "",
    "no",
    CODE,
)
OUTLOOK_OLD = plain("yes", "", "-----Ursprüngliche Nachricht-----", "Von: Security", "", "no", CODE)
OUTLOOK_MAC = plain(
    "Yes",
    "",
    "From: Security <list@example.com>",
    "Date: Monday, 2 November 2026 at 10:00",
    "To: Anne <anne@example.com>",
    "Subject: question",
    "no",
    CODE,
)
K9 = plain("Yes", "", "Am 2. November 2026 10:00:00 MEZ schrieb Security <list@example.com>:", ">no", f">{CODE}", ">no")
K9_HEADERS = plain(
    "yes", "", "-------- Original Message --------", "From: Security", "Sent: 2 November", "", "no", CODE
)
FAIREMAIL = markup(
    "<html><head></head><body><p>Yes<br></p>",
    '<div fairemail="reference"><p>Nov 2, 2026 10:00:00 AM Security &lt;list@example.com&gt;:</p>',
    '<blockquote style="margin:3px;border-left:3px solid #ccc;padding-left:3px">',
    f"<div>no<br>{CODE}</div></blockquote></div></body></html>",
)
MUTT = plain(
    "On Mon, Nov 02, 2026 at 10:00:00AM +0000, Security wrote:",
    "> Do you confirm?",
    ">",
    "> > no",
    f"> {CODE}",
    "",
    "yes",
    "",
    "-- ",
    "no",
)
APPLE_HTML = markup(
    '<html><body style="overflow-wrap: break-word;">Yes<br><div><br><blockquote type="cite"><div>On 2 Nov 2026, at ',
    f"10:00, Security wrote:</div><br><div>no<br>{CODE}</div></blockquote></div><br></body></html>",
)
APPLE = alternatives(
    plain(
        "Yes",
        "",
        "> On 2 Nov 2026, at 10:00, Security <list@example.com> wrote:",
        "> ",
        "> no",
        f"> {CODE}",
    ),
    APPLE_HTML,
)
GMAIL_HTML = markup(
    '<div dir="ltr">Yes</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">',
    'On Mon, Nov 2, 2026 at 10:00 AM Security wrote:<br></div><blockquote class="gmail_quote">',
    f"no<br>{CODE}</blockquote></div>",
)
GMAIL = alternatives(
    plain(
        "Yes",
        "",
        "On Mon, Nov 2, 2026 at 10:00 AM Security and all its friends <",
        "list@example.com> wrote:",
        "",
        "> no",
        f"> {CODE}",
    ),
    GMAIL_HTML,
)
PROTON = markup(
    '<div style="font-family:Arial">Yes</div><div class="protonmail_signature_block">no</div>',
    f'<div class="protonmail_quote">On Monday, Security wrote:<br><blockquote class="protonmail_quote">no<br>{CODE}',
    "</blockquote></div>",
)
YAHOO = markup(
    '<div class="ydp1wrap"><div>Yes</div></div>',
    f'<div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted"><div>On Monday, Security wrote:</div><div>no<br>{CODE}</div>',
    "</div>",
)
GMX = markup(f'<div>Yes</div><div name="quote" style="margin:10px"><div name="quoted-content">no<br>{CODE}</div></div>')

PROGRAMS = {name: value for name, value in list(globals().items()) if isinstance(value, bytes)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_mail_programs(name: str) -> None:
    """Of a reply the author's word is heard, nothing else is; the quoted code is found."""
    found = heard(PROGRAMS[name])
    assert [line.rstrip(".,!").lower() for line in found.own] == ["yes"]
    assert CODE in found.everything
    assert "question" in found.everything
    assert found.subject == "question"
    assert is_yes(found)
    assert not is_no(found)


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_but_a_quotation(name: str) -> None:
    """A reply that quotes and says nothing is neither a yes nor a no, though the quotation holds a word."""
    content = PROGRAMS[name]
    for word in (b"Yes, ", b"Yes!", b"Yes.", b"Yes", b"\r\nyes\r\n"):
        content = content.replace(word, b"\r\n" if b"\n" in word else b"")
    found = heard(content)
    assert found.own == ()
    assert CODE in found.everything
    assert not is_yes(found)
    assert not is_no(found)


@pytest.mark.parametrize(
    "attribution",
    [
        ("Am Montag, 2. November 2026 schrieb Security:",),
        ("Le lun. 2 nov. 2026 à 10:00, Security <list@example.com> a", "écrit :"),
        ("pon., 2 lis 2026 o 10:00 Security and all its friends", "<list@example.com> napisał(a):"),
        ("2026年11月2日(月) 10:00 Security <list@example.com>:", ""),
        ("Security <list@example.com> 于2026年11月2日周一 10:00写道：", ""),  # noqa: RUF001 - as it is written
        ("\u200fבתאריך 2 בנוב׳ 2026 מאת Security:\u200f", ""),  # noqa: RUF001 - as it is written
    ],
)
def test_attributions(attribution: tuple[str, ...]) -> None:
    """What announces a quotation is not the author's, in any language, wrapped or not; what stands before it is."""
    assert heard(plain("key set", "yes", "", *attribution, "> no")).own == ("key set", "yes")
    assert heard(plain("yes", *attribution, "> no")).own == ("yes",)


def test_no_attribution_without_a_quotation() -> None:
    """A line that ends with a colon stays where no quotation follows."""
    assert heard(plain("On Monday I wrote:", "the text")).own == ("On Monday I wrote:", "the text")


def test_answers_between_quotations() -> None:
    """What stands between quoted lines is the author's."""
    content = plain("On Monday, Bob wrote:", "> one?", "yes", "> two?", "", "  no  ", "| three", "On", "> four")
    assert heard(content).own == ("yes", "no", "On")


def test_armored_blocks() -> None:
    """Armored blocks are nothing that is said, nor is what follows one that does not end."""
    key = ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "", "yes", "no", "-----END PGP PUBLIC KEY BLOCK-----")
    assert heard(plain("key set", *key, "thanks", key[0], "no")).own == ("key set", "thanks")


@pytest.mark.parametrize(
    ("parameters", "first"),
    [
        ("", ("one", "two")),
        ("; format=flowed", ("one two",)),
        ("; format=Flowed; DelSp=Yes", ("onetwo",)),
    ],
)
def test_flowed(parameters: str, first: tuple[str, ...]) -> None:
    """Flowed lines are joined, within one depth of quotation only (RFC 3676); a mark after stuffing is one too."""
    lines = ("one ", "two", "> quoted ", "three", "> last ", " > stuffed", "four", "-- ", "five")
    assert heard(plain(*lines, parameters=parameters)).own == (*first, "three", "four")


def test_flowed_quotation_stays_one() -> None:
    """A quoted line that flows does not draw the author's next line into it, nor leak its own."""
    found = heard(plain("> a ", "> b", "yes ", "> no", parameters="; format=flowed"))
    assert found.own == ("yes",)
    assert "a b" in found.everything


@pytest.mark.parametrize("character", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_line_ends_within_a_quotation(character: str) -> None:
    """A character that is no line end to the program that quoted does not end the quotation, nor a line of the author's."""
    assert heard(plain(f"well{character}yes", f"{character}> quoted")).own == ("well yes",)
    for parameters in ("", "; format=flowed"):
        found = heard(plain(f"> please say{character}yes{character}", parameters=parameters))
        assert found.own == ()
    assert heard(markup(f"<blockquote>x{character}yes</blockquote>")).own == ()


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("iso-8859-1", "latin-1"),
        ("ISO-8859-15", "iso-8859-15"),
        ("windows-1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16be", "utf-16-be"),
        ("us-ascii", "utf-8"),
    ],
)
def test_charsets(charset: str, codec: str) -> None:
    """Text is read in the charset that it declares."""
    data = "Sí.\r\nGrüße".encode(codec)
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: "
    coded = base64.encodebytes(data)
    quoted = "".join(f"={octet:02X}" for octet in data).encode()
    for content in (head.encode() + b"BASE64\r\n\r\n" + coded, head.encode() + b"quoted-printable\r\n\r\n" + quoted):
        found = heard(content)
        assert found.own == ("Sí.", "Grüße")
        assert is_yes(found)


@pytest.mark.parametrize("charset", ["idna", "punycode", "unicode_escape", "nonsense", "utf-7", "rot13", '\\"'])
def test_other_charsets(charset: str) -> None:
    """A charset that is none of mail's is taken for UTF-8, with marks for what can't be read."""
    found = heard(f'Content-Type: text/plain; charset="{charset}"\r\n\r\nyes\r\n'.encode() + b"\xff\\x41\r\n")
    assert found.own == ("yes", "\ufffd\\x41")


def test_damaged_base64() -> None:
    """A text whose encoding is damaged says nothing."""
    assert heard(b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\nabcde\r\n").own == ()


def test_parts(mail: SimpleNamespace) -> None:
    """The first text counts, wherever it stands; attachments and forwarded messages say nothing."""
    assert heard(mail.k9()).own == ("yes",)
    assert heard(mail.signed()).own == ("yes",)
    assert heard(mail.thunderbird()).own == ("Guten Tag,", "Anne")
    assert heard(mail.enigmail()).own == ("hello",)
    parts = (
        'Content-Type: multipart/mixed; boundary="m"',
        "",
        "--m",
        "Content-Type: text/plain",
        "Content-Disposition: attachment",
        "",
        "yes",
        "--m",
        "Content-Type: text/plain",
        'Content-Disposition: inline; filename="a;b.txt"',
        "",
        "yes",
        "--m",
        "Content-Type: message/rfc822",
        "",
        "Subject: x",
        "",
        "yes",
    )
    assert heard(crlf(*parts)).own == ()
    assert heard(crlf(*parts, "--m", "", "first", "--m", "", "second")).own == ("first",)


def test_alternatives() -> None:
    """The plain text counts; the HTML where the plain text says nothing; codes are sought in both."""
    assert heard(alternatives(plain("no"), markup("<p>yes</p>"))).own == ("no",)
    found = heard(alternatives(plain("> quoted plainly"), markup(f"<p>yes<p><blockquote>{CODE}</blockquote>")))
    assert found.own == ("yes",)
    assert "quoted plainly" in found.everything
    assert CODE in found.everything


def test_header_copies() -> None:
    """The copy of the header in the text, which some programs write (RFC 9788 §5.2.1), is not the author's."""
    lines = ("Subject: no", "", "yes")
    assert heard(plain(*lines, parameters='; hp-legacy-display="1"')).own == ("yes",)
    assert heard(plain(*lines)).own == ("Subject: no", "yes")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: AW: RE : Antw: SV: key set", "key set"),
        ("Re[2]: confirm x", "confirm x"),
        ("Fwd: Re: key set", "Fwd: Re: key set"),
        ("Re: [list] Re: key set", "[list] Re: key set"),
        ("=?utf-8?q?Re=3A_S=C3=AD?=", "Sí"),
        ("Re:\r\n  folded\r\n  twice", "folded twice"),
        ("Reset", "Reset"),
        ("", ""),
    ],
)
def test_subjects(subject: str, expected: str) -> None:
    """The subject is decoded, in one line, without the marks of a reply."""
    assert heard(plain("x", subject=subject)).subject == expected


def test_unprotected_subject() -> None:
    """A subject that nothing protects is not the author's word: anybody on the way can write it."""
    payload = read_payload(b"Content-Type: text/plain\r\n\r\nyes\r\n", {"Subject": f"leave {CODE}"})
    assert said(payload).subject == ""
    assert CODE not in said(payload).everything


def test_bounds() -> None:
    """What stands beyond the first lines, or the first characters, is not looked at."""
    assert is_yes(heard(plain(*["x"] * 1999, "yes")))
    assert not is_yes(heard(plain(*["x"] * 2000, "yes")))
    assert not is_yes(heard(plain("x" * 256 * 1024, "yes")))
    assert not is_yes(heard(markup("x<br>" * 2001, "yes")))
    assert len(heard(plain("x" * 10_000_000)).everything) < 300_000


def test_silent() -> None:
    """The repr tells nothing of what was said."""
    assert "canary" not in repr(heard(plain("canary", subject="canary")))


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
