"""What a page in HTML says, as it is seen."""

import pytest

from mailman_pgp.mime import Said, is_yes, read_payload, said


def heard(content: bytes) -> Said:
    return said(read_payload(content))


def markup(*lines: str) -> bytes:
    """A message with a page in it."""
    return "\r\n".join(("Content-Type: text/html; charset=utf-8", "", *lines, "")).encode()


@pytest.mark.parametrize(
    "element",
    [
        '<div style="display:none">no</div>',
        '<div style="color: red; DISPLAY : none !important">no</div>',
        '<span style="font-size:0">no</span>',
        '<span style="font-size: 0.0px">no</span>',
        "<span style='dis/* */play:none'>no</span>",
        "<p hidden>no<p>",
        '<p hidden=""><b>no</b></p>',
        '<div style="visibility:hidden"><p>no</p></div>',
        '<div style="opacity:0;max-height:0">no</div>',
        '<div style="mso-hide:all">no</div>',
        f'<div style="{"a:b;" * 2000}">no</div>',
        "<style>p {margin:0} div.secret, .x { display: none; }</style><div class='a SECRET'>no</div>",
        "<script>document.write('no')\nno\n</script>",
        "<style>no</style>",
        "<template>no</template>",
        "<title>no</title>",
        "<!-- no -->",
        "<!--\nno\n--!>",
        "<!no>",
        "<?no?>",
        '<img alt="\nno\n">',
        "<div data-x='>\n<br>no<br>\n'></div>",
        '<div class="header-protection-legacy-display"><pre>no</pre></div>',
    ],
)
def test_unseen(element: str) -> None:
    """What nobody sees in a page nobody has said."""
    found = heard(markup(f"{element}<div>yes</div>"))
    assert found.own == ("yes",)


@pytest.mark.parametrize(
    "element",
    [
        '<div style="font-size:0.9em">yes</div>',
        '<div style="font-size:10pt;opacity:0.5">yes</div>',
        '<div style="font-size:small;line-height:0">yes</div>',
        "<DIV CLASS=x>y<b>e</b><!-- -->s</DIV>",
        "&#121;&#x65;s&nbsp;&#46;",
        "<table><tr><td>yes<td>well</table>",
        "<ul><li>yes<li>well</ul>",
        "well<br/>yes<br>",
        "<pre>well\nyes\n</pre>",
        '<div style="white-space: pre-wrap">yes\nwell</div>',
        "<blockquote>no</blockquote>yes",
        "<p>yes</p></blockquote></div>",
        "2 < 3<p>yes",
        "<p title=don't>yes</p>",
        "<textarea>yes</textarea>",
        "<!-->yes<!-- -->",
        "&#99999999999999999999;<p>yes",
        "&#" + "9" * 5000 + ";<p>yes",
    ],
)
def test_seen(element: str) -> None:
    """What is seen in a page is said, line by line as it is shown."""
    assert is_yes(heard(markup(element)))


@pytest.mark.parametrize("rest", ["<p", "<p title='", "<!--", "<script>", "<style>", "</p", "<!", '<a href="', "<p x="])
def test_what_does_not_end(rest: str) -> None:
    """What begins a tag, a comment or a script and does not end it is not shown, and so is not said."""
    assert heard(markup("<p>well</p>", rest, " yes")).own == ("well",)


@pytest.mark.parametrize(
    "mark",
    [
        *[
            f'<div class="a {name}">'
            for name in ("gmail_quote", "x_gmail_quote", "moz-cite-prefix", "protonmail_quote")
        ],
        *[f'<div class="{name}">' for name in ("yahoo_quoted", "tutanota_quote", "moz-forward-container")],
        *[f'<div class="{name}">' for name in ("moz-signature", "gmail_signature", "protonmail_signature_block")],
        '<div name="quote">',
        "<blockquote>",
    ],
)
def test_marks(mark: str) -> None:
    """Each mark of a quotation or a signature counts alone, as far as its element reaches."""
    found = heard(markup(f"<div>well</div>{mark}<p>no</p></div></blockquote>yes"))
    assert found.own == ("well", "yes")
    assert "no" in found.everything


@pytest.mark.parametrize(
    "mark",
    [
        '<div id="appendonsend"></div>',
        '<div id="x_divRplyFwdMsg"></div>',
        '<div id="mail-editor-reference-message-container"></div>',
        '<span id="OLK_SRC_BODY_SECTION"></span>',
        '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in"></div>',
    ],
)
def test_separators(mark: str) -> None:
    """What follows Outlook's marks is the message that is answered, to the end of the page."""
    assert heard(markup(f"<div><div>well</div>{mark}<p>no</p></div>no")).own == ("well",)
