"""What a person said in a reply, as each of the known mail programs quotes the question in it."""

import pytest
from replies import CODE, alternatives, heard, markup, plain

from mailman_pgp.mime import is_no, is_yes

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
