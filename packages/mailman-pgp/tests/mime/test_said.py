"""What a person said in a mail, as their mail program writes it."""

import base64
from types import SimpleNamespace

import pytest
from replies import CODE, alternatives, crlf, heard, markup, plain

from mailman_pgp.mime import is_yes, read_payload, said


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
    """The copy of hidden header fields in the text, which some programs write (RFC 9788 §5.2.2), is not the author's."""
    lines = ("Subject: no", "", "yes")
    marked = plain(*lines, parameters='; hp-legacy-display="1"')
    assert heard(marked).own == ("yes",)
    assert heard(plain(*lines)).own == ("Subject: no", "yes")
    for scheme in (b'hp="clear"', b'protected-headers="v1"'):  # where nothing is hidden nothing is copied
        assert heard(marked.replace(b'hp="cipher"', scheme)).own == ("Subject: no", "yes")
    assert heard(plain("Hello", "", "yes", parameters='; hp-legacy-display="1"')).own == ("Hello", "yes")
    assert CODE in heard(plain(f"Subject: {CODE}", "", "yes", parameters='; hp-legacy-display="1"')).everything


@pytest.mark.parametrize("kind", ["text/plain", "text/rfc822-headers"])
def test_older_header_copies(mail: SimpleNamespace, kind: str) -> None:
    """The part that older programs have for the copy is not the author's either; a text that only says so is."""
    content = mail.enigmail().replace(b"text/rfc822-headers", kind.encode())
    assert heard(content).own == ("hello",)
    assert heard(content.replace(b"\r\n\r\nSubject: secret", b"\r\n\r\nno")).own == (
        ("no",) if kind == "text/plain" else ("hello",)
    )


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


def test_silent() -> None:
    """The repr tells nothing of what was said."""
    assert "canary" not in repr(heard(plain("canary", subject="canary")))
