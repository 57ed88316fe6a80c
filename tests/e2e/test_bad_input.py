"""Mail that is not as it should be, and keys that count no more, lose nothing and stop nobody else's mail."""

from __future__ import annotations

import smtplib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from databases import database
from keys import DAY, forge_usable
from mistakes import doctor
from people import EncryptedList
from sqlalchemy import delete, insert, select, update

from mailman_pgp.keys.vault.sealing import Use, seal_part
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import dearmor
from mailman_pgp.openpgp.listkeys import NewListKey, generate
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.sandbox import until
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from people import Person
    from refusals import Guarded
    from sqlalchemy import Table

    from mailman_pgp.sandbox import Sandbox

TABLE = cast("Table", ListKey.__table__)
MARK = b'; hp="cipher"; protected-headers="v1"'


@pytest.mark.deep
@pytest.mark.parametrize(
    "value",
    [
        "Ännchen <änne@example.net>".encode(),
        "Anne <anne@exämple.net>".encode(),
        b"Anne <\xe4nne@example.net>",
        b"Anne <" + b"\n ".join([b"a" * 900] * 11) + b"@example.net>",
        b"Anne <anne@" + b"\n ".join([b"a." * 400] * 11) + b"net>",
        b"Anne: anne@example.net;",
        b"undisclosed-recipients:;",
        b"Anne <anne@example.net>, Bart <bart@example.net>",
        b"<@relay.example,@other.example:anne@example.net>",
        b"Anne",
        None,
    ],
    ids=["utf8", "utf8-domain", "latin1", "long", "long-domain", "group", "nobody", "two", "route", "name", "absent"],
)
@pytest.mark.parametrize("where", ["outside", "inside"])
def test_odd_author(guarded: Guarded, value: bytes | None, where: str) -> None:
    """An address that is none, or that Mailman can't answer, is no author: recorded, answered where somebody can be, posted nowhere."""
    anne, sandbox = guarded.anne, guarded.list.sandbox
    inside = guarded.inside(anne)
    message = guarded.canary.protected(anne) if where == "outside" else inside
    line = next(line for line in message.split(b"\n") if line.startswith(b"From: "))
    bad = message.replace(line + b"\n", b"" if value is None else b"From: " + value + b"\n", 1)
    if where == "inside":
        # With no From inside, the one outside is all there is, and the post is good.
        bad = anne.envelope(anne.key.write(bad, guarded.list.certificate))
        if value is None:
            anne.send(bad)
            assert guarded.canary.heard_in(guarded.bart.read(1)[0])
        else:
            guarded.refuses(anne, bad, "no-single-author", "names no single author in its From line")
        return
    anne.send(bad)
    until(lambda: guarded.refused_for() == {"no-single-author": 1}, "the post is recorded")
    sandbox.wait_until_idle()
    assert sandbox.mailbox.count(anne.address) == sandbox.mailbox.count(guarded.bart.address) == 0
    assert sandbox.queue("shunt") == sandbox.queue("bad") == []
    guarded.takes_the_next()


# What core's own door does not take: whoever sends it is told so by their server.
NOT_TAKEN = {"bare-cr", "long", "long-word", "odd-references"}
HEADERS = {
    "nul": b"Subject: a\0b",
    "bare-cr": b"Subject: a\rBcc: eve@evil.example\rb",
    "latin1": b"Subject: gr\xfcn",
    "broken-words": b"Subject: =?utf-8?b?!!?= =?utf-8?q?=E4=?= =?nonsense?q?x?= =?utf-8?x?y?=",
    "line-ends-in-words": b"Subject: =?utf-8?q?a=0D=0ABcc:_eve=40evil.example?=",
    "unknown-charset": b"Subject: =?klingon?b?/////w==?=",
    "folded": b"Subject: x\n\tfolded\n ",
    "long": b"Subject: " + b"word " * 5_000,
    "long-word": b"Subject: " + b"x" * 5_000,
    "odd-date": b"Date: the day before yesterday\nSubject: x",
    "odd-references": b"References: <" + b"r" * 2_000 + b"@x> \0 <\xff>\nSubject: x",
    "odd-to": b'Cc: (((( <\0>, "\nSubject: x',
    "odd-type": b"Content-Disposition: \0; filename*=klingon'x'%FF%\nSubject: x",
}


@pytest.mark.deep
@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("where", ["outside", "inside"])
def test_odd_headers(guarded: Guarded, name: str, where: str) -> None:
    """What can't be read of a header is left out, or becomes one harmless line; the post arrives, and is well formed."""
    anne, bart = guarded.anne, guarded.bart
    inside = (
        f"From: Anne <{anne.address}>\nTo: {guarded.list.address}\n".encode()
        + (HEADERS[name] if where == "inside" else b"Subject: x")
        + b"\nContent-Type: text/plain"
        + MARK
        + b"\n\nHello\n"
    )
    message = anne.envelope(anne.key.write(inside, guarded.list.certificate))
    if where == "outside":
        message = message.replace(b"Subject: ...", HEADERS[name].rstrip(b"\n"), 1)
        assert HEADERS[name].rstrip(b"\n") in message
        if name in NOT_TAKEN:
            with pytest.raises(smtplib.SMTPDataError):
                anne.send(message)
            return
    anne.send(message)
    (read,) = bart.read(1)
    assert "Hello" in read.as_string()
    (kept,) = bart.mail(1)
    for content in (kept.content, bart_reads(bart, kept.content)):
        assert b"\0" not in content
        assert b"\r" not in content.replace(b"\r\n", b"")
        assert max(map(len, content.split(b"\r\n"))) <= 998
    assert read["bcc"] is None
    assert len(read.get_all("subject", [])) == 1
    assert guarded.list.sandbox.queue("shunt") == []


def bart_reads(bart: Person, content: bytes) -> bytes:
    """The payload as it was signed."""
    begin = content.index(b"-----BEGIN PGP MESSAGE-----")
    return bart.key.read(content[begin:], bart.list.certificate).content


@pytest.mark.deep
@pytest.mark.parametrize("charset", ["charset*=us-ascii'en'utf-8", "charset=punycode"])
@pytest.mark.parametrize("to", ["", "request", "owner"])
def test_odd_charset_in_the_clear(guarded: Guarded, charset: str, to: str) -> None:
    """A codec that Python's library fails over keeps no mail from being answered, and leaves none in a queue."""
    stranger, sandbox = guarded.list.person("Stan"), guarded.list.sandbox
    address = guarded.list.sub_address(to) if to else guarded.list.address
    head = f"From: {stranger.address}\nTo: {address}\nMessage-ID: <odd@x>\nSubject: x\nContent-Type: text/plain; {charset}\n\n"
    stranger.send(head.encode() + b"Hello\n\xe4-\xe4\n", address)
    stranger.mail(1)
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == sandbox.queue("bad") == []
    guarded.takes_the_next()


PAYLOADS = {
    "text": b"Only words, and no header.\n",
    "binary": bytes(range(256)) * 8,
    "empty": b"",
    "line-ends": b"\n\r\n\r\r\n",
    "unknown-charset": b"Content-Type: text/plain; charset=klingon\n\n\xff\xfe words\n",
    "unknown-encoding": b"Content-Type: text/plain\nContent-Transfer-Encoding: rot13\n\nwords\n",
    "unknown-type": b"Content-Type: ///; ==;;\n\nwords\n",
    "damaged-base64": b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nx\n",
    "no-boundary": b"Content-Type: multipart/mixed\n\nwords\n",
    "no-parts": b"Content-Type: multipart/mixed; boundary=b\n\nwords\n",
    "no-end": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n",
    "long-lines": b"Content-Type: text/plain\n\n" + b"w" * 5_000 + b"\n" + b"words " * 1_000 + b"\n",
    "long-lines-in-parts": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"w" * 5_000 + b"\n--b--\n",
    "nul": b"Content-Type: text/plain\n\na\0b\n",
}


@pytest.mark.deep
@pytest.mark.parametrize("name", PAYLOADS)
def test_odd_payload(guarded: Guarded, name: str) -> None:
    """Whatever a member has signed arrives, in lines that mail allows; none of it fails anywhere."""
    anne, bart = guarded.anne, guarded.bart
    guarded.list.take_unbound()
    anne.send(anne.envelope(anne.key.write(PAYLOADS[name], guarded.list.certificate)))
    (kept,) = bart.mail(1)
    for content in (kept.content, bart_reads(bart, kept.content)):
        assert b"\0" not in content
        assert max(map(len, content.split(b"\r\n"))) <= 998
    _, part, *_ = bart.open(kept).iter_parts()
    body = PAYLOADS[name].partition(b"\n\n")[2] if PAYLOADS[name].startswith(b"Content") else PAYLOADS[name]
    if not part.is_multipart() and name not in {"damaged-base64", "unknown-charset", "no-boundary", "no-parts"}:
        decoded = part.get_payload(decode=True)
        assert decoded.replace(b"\r\n", b"\n").rstrip(b"\n") == body.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert guarded.list.sandbox.queue("shunt") == []


def test_two_lists_at_once(guarded: Guarded, sandbox: Sandbox) -> None:
    """A post to two lists, encrypted once to both, is posted on each: what one has claimed says nothing about the other."""
    other = EncryptedList.make(sandbox)
    here, there = guarded.anne, replace(guarded.anne, list=other)
    other.join(there)
    reader = other.member("Dora")
    both = f"{guarded.list.address}, {other.address}"
    inside = here.payload("To both", address=both)
    message = here.envelope(here.key.write(inside, guarded.list.certificate, other.certificate))
    message = message.replace(f"To: {guarded.list.address}\n".encode(), f"To: {both}\n".encode(), 1)
    for _ in range(2):
        sandbox.lmtp_send(here.address, [guarded.list.address, other.address], message)
    assert "To both" in guarded.bart.read(1)[0].as_string()
    assert "To both" in reader.read(1)[0].as_string()
    for encrypted_list in (guarded.list, other):
        until(lambda chosen=encrypted_list: chosen.happened()["refused"], "the copy is refused")
        (tally,) = encrypted_list.happened()["refused"]
        assert (tally["reason"], tally["number"]) == ("replayed", 1)
    sandbox.wait_until_idle()
    assert sandbox.mailbox.count(guarded.bart.address) == sandbox.mailbox.count(reader.address) == 1


@pytest.mark.deep
def test_certificate_that_expires_while_a_post_waits(guarded: Guarded) -> None:
    """Who could get the post when it came, and can't when it leaves, is skipped with the reason; all others get it."""
    person = guarded.list.person("Cris")
    moment = time.time() + 8
    key = forge_usable(f"<{person.address}>", lifetime=100 * DAY + 8)
    cris = replace(person, key=MemberKey(key.secret))
    guarded.list.join(cris)
    guarded.list.pgp("set", guarded.list.list_id, "on_unsigned=hold")
    guarded.anne.send(guarded.anne.write("Wait", sign=False))
    path, rest = f"lists/{guarded.list.list_id}/held", guarded.list.sandbox.rest
    until(lambda: rest(f"{path}/count")["count"] == 1, "the post is held")
    until(lambda: time.time() > moment + 1, "the certificate expires")
    (entry,) = rest(path)["entries"]
    before = guarded.list.sandbox.mailbox.count(cris.address)
    rest(f"{path}/{entry['request_id']}", {"action": "accept"})
    assert "Wait" in guarded.bart.read(1)[0].as_string()
    guarded.list.sandbox.wait_until_idle()
    encrypted = [
        kept
        for kept in guarded.list.sandbox.mailbox.messages(cris.address)[before:]
        if b"BEGIN PGP MESSAGE" in kept.content
    ]
    assert encrypted == []
    (skipped,) = guarded.list.rest("unserved")["entries"]
    assert (skipped["address"], skipped["reason"]) == (cris.address, "expired")


# -- the key of the list


def row_of(encrypted_list: EncryptedList) -> dict[str, Any]:
    """What the database has of a list's key."""
    with database(encrypted_list.sandbox) as connection:
        return connection.execute(select(TABLE).where(TABLE.c.list_id == encrypted_list.list_id)).one()._asdict()


def put(encrypted_list: EncryptedList, key: NewListKey) -> None:
    """Give a list this key, in the place of its own."""
    site_key = SiteKey.load(encrypted_list.sandbox.place.site_key)
    fingerprint = key.certificate.fingerprint
    parts = {Use.SECRET: key.secret, Use.REVOCATION: key.revocation}
    sealed = {
        use.value: seal_part(site_key, encrypted_list.list_id, fingerprint, use, part) for use, part in parts.items()
    }
    with database(encrypted_list.sandbox) as connection:
        connection.execute(
            update(TABLE)
            .where(TABLE.c.list_id == encrypted_list.list_id)
            .values(
                fingerprint=fingerprint,
                certificate=key.certificate.data,
                created=key.certificate.created,
                expires=key.certificate.expires,
                **sealed,
            )
        )
    encrypted_list.certificate = key.certificate.data


def one_that_expires(encrypted_list: EncryptedList, seconds: int) -> NewListKey:
    """A key for a list that is valid for so many seconds more."""
    created = datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=seconds)
    return generate("Ants", [encrypted_list.address], validity_days=1, created=created)


def revoked(encrypted_list: EncryptedList) -> NewListKey:
    """A key for a list that its owner has revoked."""
    made = generate("Ants", [encrypted_list.address])
    (revocation,) = [found for found in walk(dearmor(made.revocation)) if found.tag == 2]
    raw = dearmor(made.revocation)[revocation.start : revocation.end]
    first = next(walk(made.secret))
    return replace(made, secret=made.secret[: first.end] + raw + made.secret[first.end :])


@pytest.mark.deep
def test_list_whose_key_expires(guarded: Guarded) -> None:
    """What comes is opened; nothing leaves unsigned, and nothing is lost: it is kept, sealed, and leaves when the key lives longer."""
    sandbox = guarded.list.sandbox
    moment = time.time() + 15
    put(guarded.list, one_that_expires(guarded.list, 15))
    post = guarded.canary.protected(guarded.anne)
    until(lambda: time.time() > moment + 1, "the key expires")
    guarded.anne.send(post)
    until(lambda: sandbox.queue("shunt"), "the post is kept")
    assert sandbox.mailbox.count(guarded.bart.address) == 0
    assert f"The key of {guarded.list.list_id} has expired" in doctor(sandbox.place.config).stdout
    guarded.list.pgp("list-key", "extend", guarded.list.list_id)
    guarded.list.refresh()
    sandbox.command("unshunt")
    assert guarded.canary.heard_in(guarded.bart.read(1)[0])


def test_list_whose_key_is_revoked(guarded: Guarded) -> None:
    """The same, as the log says; it leaves when the database has been put right."""
    sandbox, key = guarded.list.sandbox, revoked(guarded.list)
    row = row_of(guarded.list)
    post = guarded.canary.protected(replace(guarded.anne, list=replace(guarded.list, certificate=key.certificate.data)))
    put(guarded.list, key)
    guarded.anne.send(post)
    until(lambda: sandbox.queue("shunt"), "the post is kept")
    assert sandbox.mailbox.count(guarded.bart.address) == 0
    assert "The key of this list has been revoked" in sandbox.logs()
    with database(sandbox) as connection:
        connection.execute(update(TABLE).where(TABLE.c.list_id == guarded.list.list_id).values(**row))
    guarded.list.refresh()
    sandbox.command("unshunt")
    assert guarded.canary.heard_in(guarded.bart.read(1)[0])


def test_list_whose_key_is_missing(guarded: Guarded) -> None:
    """What comes is kept as it came, encrypted, and passes when the key is back; the doctor says what is wrong."""
    sandbox = guarded.list.sandbox
    row = row_of(guarded.list)
    with database(sandbox) as connection:
        connection.execute(delete(TABLE).where(TABLE.c.list_id == guarded.list.list_id))
    guarded.anne.send(guarded.canary.protected(guarded.anne))
    until(lambda: sandbox.queue("shunt"), "the post is kept")
    assert f"The encrypted list {guarded.list.list_id} has no key" in doctor(sandbox.place.config).stdout
    with database(sandbox) as connection:
        connection.execute(insert(TABLE).values(**row))
    sandbox.command("unshunt")
    assert guarded.canary.heard_in(guarded.bart.read(1)[0])
