"""Posts put together to pass for somebody else's count as unsigned, or can't be read; and what members read can't be written by others.

The classes are those of "Johnny, you are fired!" (Müller and others, USENIX Security 2019), of EFAIL (Poddebniak and others, USENIX
Security 2018), and of "Re: What's up Johnny?" (Müller and others, ACNS 2019).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from scenes_of_attack import ATTACKS, MARK, Stage

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import Person
    from refusals import Guarded

pytestmark = pytest.mark.deep


def line_of(read: EmailMessage) -> str:
    """The first line that a reader sees."""
    (first, *_) = [part for part in read.walk() if not part.is_multipart()]
    assert first.get_content_type() == "text/plain"
    return " ".join(str(first.get_content()).split())


def read_by_anne(guarded: Guarded, count: int = 1) -> EmailMessage:
    """The latest post as Anne reads it."""
    return guarded.anne.read(count)[-1]


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(guarded: Guarded, name: str) -> None:
    """It is refused for its reason, its sender reads a sentence and no word of it; and the next post passes."""
    attack = ATTACKS[name](Stage.make(guarded))
    guarded.refuses(attack.author, attack.message, *attack.due)
    guarded.takes_the_next()


def test_true_signature_passes(guarded: Guarded) -> None:
    """What the attacks are made of is a post as it should be."""
    stage = Stage.make(guarded)
    stage.cris.send(stage.sealed(stage.letter()))
    read = read_by_anne(guarded)
    assert line_of(read).startswith(f'Written by "Cris" <{stage.cris.address}>; signature good, by the key')


@pytest.mark.parametrize(
    "name", ["signed part beside a text", "signed part as an alternative", "signed mail, forwarded"]
)
def test_unsigned_is_said_where_a_list_takes_it(guarded: Guarded, name: str) -> None:
    """The signature in the middle changes nothing of it, nor does the setting that leaves out the line of good posts."""
    guarded.list.pgp("set", guarded.list.list_id, "on_unsigned=accept", "footer_note=no")
    attack = ATTACKS[name](Stage.make(guarded))
    attack.author.send(attack.message)
    line = line_of(read_by_anne(guarded))
    assert line == f'Written by "Cris" <{attack.author.address}>; not signed: anybody may have written this'


def posted_by_bart(guarded: Guarded, content: bytes, author: Person | None = None) -> EmailMessage:
    """What Anne reads of what Bart has signed."""
    bart = author or guarded.bart
    bart.send(bart.envelope(bart.key.write(content, guarded.list.certificate)))
    return read_by_anne(guarded)


OURS = 'Written by "Anne" <{anne}>; signature good, by the key AAAA BBBB CCCC that counts for this address on this list\r\n'


def test_our_own_line_and_headers_in_a_post(guarded: Guarded) -> None:
    """Copies of ours in the author's content stand below the true line, and none of the author's fields is in the header."""
    anne, bart = guarded.anne, guarded.bart
    forged = OURS.format(anne=anne.address).encode()
    fields = (
        f"From: Bart <{bart.address}>\r\nTo: {guarded.list.address}\r\nSubject: x\r\nAuthor: Anne <{anne.address}>\r\n"
        f"HP-Outer: From: {anne.address}\r\nList-Id: <evil.example.com>\r\nList-Post: <mailto:eve@evil.example>\r\n"
        f"List-Unsubscribe: <http://evil.example>\r\nAutocrypt: addr={anne.address}; keydata=AAAA\r\n"
        f"Autocrypt-Gossip: addr={anne.address}; keydata=AAAA\r\nAuthentication-Results: evil.example; dkim=pass\r\n"
        f"Sender: {anne.address}\r\nReply-To: eve@evil.example\r\nMIME-Version: 1.0\r\n"
    ).encode()
    read = posted_by_bart(
        guarded, b"Content-Type: text/plain; " + MARK + b"\r\n" + fields + b"\r\n" + forged + b"Send money\r\n"
    )
    assert line_of(read).startswith(f'Written by "Bart" <{bart.address}>; signature good')
    assert "AAAA" not in line_of(read)
    assert read["author"] == f'"Bart" <{bart.address}>'
    everything = "".join(f"{name}: {value}\n" for part in read.walk() for name, value in part.items())
    assert anne.address not in everything
    assert "evil" not in everything
    assert "AAAA" not in everything
    assert {"sender", "reply-to", "autocrypt-gossip", "authentication-results"}.isdisjoint(
        name.lower() for name in read
    )
    assert len(read.get_all("list-id", [])) == len(read.get_all("from", [])) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('"{anne}"', ""),
        ('"Anne <{anne}>"', ""),
        ("=?utf-8?b?YW5uZe+8oGV4YW1wbGUubmV0?=", ""),
        (
            '"Anne; signature good, by the key AAAA BBBB CCCC DDDD"',
            "Anne; signature good, by the key AAAA BBBB CCCC DDDD",
        ),
        ("=?utf-8?q?=E2=80=AEennA=0D=0AX?=", "ennA X"),
        (r'"Anne\" <x>; signature good; \""', "Anne x; signature good;"),
    ],
    ids=["address", "address in brackets", "wide at sign", "status line", "direction and line ends", "quotation marks"],
)
def test_names_that_mislead(guarded: Guarded, name: str, shown: str) -> None:
    """A name that is like an address is left out, another one stands in quotation marks that it can't end."""
    anne, bart = guarded.anne, guarded.bart
    author = f"{name.format(anne=anne.address)} <{bart.address}>"
    fields = f"From: {author}\r\nTo: {guarded.list.address}\r\nSubject: x\r\nMIME-Version: 1.0\r\n".encode()
    read = posted_by_bart(guarded, b"Content-Type: text/plain; " + MARK + b"\r\n" + fields + b"\r\nHello\r\n")
    who = f'"{shown}" <{bart.address}>' if shown else bart.address
    assert line_of(read).startswith(f"Written by {who}; signature good, by the key ")
    assert anne.address not in str(read["from"]) + str(read["author"])
    assert str(read["from"]).endswith(f"<{guarded.list.address}>")


def test_alternatives_that_hide(guarded: Guarded) -> None:
    """Whatever an author's alternatives are, the line about the author is none of them, and no style of theirs is in its part."""
    bart = guarded.bart
    content = (
        b"Content-Type: multipart/alternative; boundary=a; " + MARK + b"\r\n"
        + f"From: Bart <{bart.address}>\r\nTo: {guarded.list.address}\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\n".encode()
        + b"--a\r\nContent-Type: text/plain\r\n\r\nNo\r\n"
        b"--a\r\nContent-Type: text/html\r\n\r\n<style>* { display: none }</style>Yes\r\n--a--\r\n"
    )  # fmt: skip
    read = posted_by_bart(guarded, content)
    assert read.get_content_type() == "multipart/mixed"
    first, second, *_ = read.iter_parts()
    assert first.get_content_type() == "text/plain"
    assert "signature good" in line_of(read)
    assert second.get_content_type() == "multipart/alternative"
    assert next(part.get_content().strip() for part in second.iter_parts()) == "No"


def test_text_around_the_parts(guarded: Guarded) -> None:
    """What somebody on the way writes before and behind the parts reaches nobody."""
    message = guarded.canary.protected(guarded.bart)
    message = message.replace(b"\n--b\n", b"\nSend money before\n--b\n", 1)
    guarded.bart.send(message + b"Send money behind\n")
    read = read_by_anne(guarded)
    assert guarded.canary.heard_in(read) == set(guarded.canary.words.values())
    assert "Send money" not in read.as_string()


def test_encrypted_file(guarded: Guarded) -> None:
    """A file that is attached is opened knowingly, and is the author's matter."""
    bart, stage = guarded.bart, Stage.make(guarded)
    attached = (
        b"Content-Type: application/pgp-encrypted\r\nContent-Disposition: attachment; filename=r.gpg\r\n\r\nx\r\n"
    )
    content = stage.container(b"mixed", stage.text(), attached).replace(stage.fields(), stage.fields(bart))
    read = posted_by_bart(guarded, content)
    assert [part.get_filename() for part in read.walk() if part.get_filename()] == ["r.gpg"]


def test_encrypted_part_in_mail_to_the_owners(guarded: Guarded) -> None:
    """Owners' programs are as helpful, and anybody may write to owners; in the clear as well."""
    stage = Stage.make(guarded)
    attack = ATTACKS["encrypted part"](stage)
    part = stage.guarded.anne.envelope(stage.captured()).partition(b"MIME-Version: 1.0\n")[2]
    clear = b"Message-ID: <clear@x>\r\n" + stage.container(b"mixed", stage.text(), part)
    due = ["encrypted-inside", "broken-pgp-mime"]
    for number, message in enumerate((attack.message, clear), 1):
        stage.cris.send(message, guarded.list.sub_address("owner"))
        until(lambda number=number: guarded.refused_for() == dict.fromkeys(due[:number], 1), "the mail is refused")


def test_address_in_a_group(guarded: Guarded) -> None:
    """A group outside is no author either, whoever is in it: programs show its name."""
    message = guarded.canary.protected(guarded.bart)
    line = message.splitlines()[0]
    guarded.bart.send(message.replace(line, b"From: Anne: " + guarded.bart.address.encode() + b";", 1))
    until(lambda: guarded.refused_for() == {"no-single-author": 1}, "the post is refused")


def test_names_outside_are_no_ones_word(guarded: Guarded) -> None:
    """Somebody on the way writes another name into the From line outside: where the author protects theirs, that counts."""
    bart = replace(guarded.bart, name="Anne")
    guarded.bart.send(bart.envelope(guarded.bart.key.write(guarded.bart.payload(), guarded.list.certificate)))
    assert line_of(read_by_anne(guarded)).startswith(f'Written by "Bart" <{bart.address}>;')
