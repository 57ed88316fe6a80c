"""A list's key is changed while people write to it, and ends: what their programs make of it, and what becomes of mail."""

from __future__ import annotations

import base64
import email
import email.policy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from correspondents import Club, Correspondent
from databases import database
from keys import forge_usable
from programs import Gpg
from refusals import words_of
from sqlalchemy import column, table, update

from mailman_pgp.openpgp import PRIVATE_KEY, armor, grouped, inspect, protect
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Kept

KEYS = table("pgp_list_key", column("list_id"), column("opens_until"))


def rotated(encrypted_list: EncryptedList) -> tuple[bytes, bytes]:
    """Give the list another key; its certificates, the former one and the new one."""
    former = encrypted_list.certificate
    encrypted_list.pgp("list-key", "rotate", encrypted_list.address, "--overlap", "20")
    encrypted_list.refresh()
    return former, encrypted_list.certificate


def said(message: Any) -> str:
    """All text of a message."""
    texts = [part.get_content() for part in message.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(texts)


def end_of_overlap(encrypted_list: EncryptedList) -> None:
    """Let the time be over in which both keys open mail."""
    past = (datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None)
    of_list = update(KEYS).where(KEYS.c.list_id == encrypted_list.list_id, KEYS.c.opens_until.is_not(None))
    with database(encrypted_list.sandbox) as connection:
        connection.execute(of_list.values(opens_until=past))


def refusal_of(person: Person) -> str:
    """What the refusal says that came to somebody, in one line."""

    def found() -> str | None:
        return next(
            (text for kept in person.mail(0) if "was not accepted" in (text := by_the_new_key(person, kept))), None
        )

    return until(found, "the refusal")


def by_the_new_key(person: Person, kept: Kept) -> str:
    """The text of a mail that the list's key of now has signed; empty for another."""
    try:
        return words_of(person.open(kept))
    except ValueError:
        return ""


def test_rotation(encrypted_list: EncryptedList) -> None:
    """Both keys open mail, the copies have the new one in Autocrypt and its signature; after the overlap the old one opens nothing."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    former, new = rotated(encrypted_list)
    knows_former = replace(encrypted_list, certificate=former)
    notice = replace(bart, list=knows_former).open(bart.mail(1)[0])
    assert grouped(inspect(new).fingerprint) in words_of(notice)
    anne.mail(1)
    anne.send(anne.write("Still to the old one", to=former))
    copy = bart.mail(2)[1]
    assert "Still to the old one" in said(bart.open(copy))
    assert inspect(new).data == _autocrypt(copy)
    anne.post("To the new one")
    assert len(bart.mail(3)) == 3
    end_of_overlap(encrypted_list)
    anne.send(anne.write("Too late", to=former))
    assert "The list could not open your message" in refusal_of(anne)
    assert len(bart.mail(3)) == 3
    anne.post("To the new one again")
    assert len(bart.mail(4)) == 4


def _autocrypt(kept: Kept) -> bytes:
    field = email.message_from_bytes(kept.content, policy=email.policy.default)["Autocrypt"]
    return base64.b64decode("".join(str(field).partition("keydata=")[2].split()))


@pytest.fixture
def club(encrypted_list: EncryptedList, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list of the test's own, whose members use other programs."""
    made = Club(encrypted_list, lambda: tmp_path_factory.mktemp("p"))
    yield made
    made.close()


def _validity(gpg: Gpg, fingerprint: str) -> bytes:
    lines = gpg("--with-colons", "--list-keys", fingerprint).stdout.splitlines()
    return next(line.split(b":")[1] for line in lines if line.startswith(b"pub:"))


@pytest.mark.peer
def test_a_member_with_gpg(club: Club) -> None:
    """Gpg verifies the announcement by the key that it has, imports both certificates from it, and goes on reading and writing."""
    greta: Correspondent = club.member("gpg")
    gpg = greta.program
    assert isinstance(gpg, Gpg)
    former, new = rotated(club.list)
    kept = greta.person.mail(1)[0]
    opened = greta.open(kept, former)
    assert opened.good
    notice = email.message_from_bytes(opened.content, policy=email.policy.default)
    attached = [part.get_content() for part in notice.walk() if part.get_content_type() == "application/pgp-keys"]
    assert len(attached) == 2
    for certificate in attached:
        gpg("--import", data=certificate)
    checked = gpg("--with-colons", "--check-signatures", inspect(new).fingerprint).stdout.splitlines()
    certified = [line for line in checked if line.startswith(b"sig:!:") and inspect(former).key_id.encode() in line]
    assert len(certified) == 3
    shown = gpg("--with-colons", "--list-keys", inspect(former).fingerprint).stdout
    ends = next(line.split(b":")[6] for line in shown.splitlines() if line.startswith(b"pub:"))
    assert 19 <= (datetime.fromtimestamp(int(ends), UTC) - datetime.now(UTC)).days <= 20
    club.list.take_unbound()
    greta.post(gpg.write(greta.person.payload("From gpg"), new))
    club.author.mail(2)
    assert "From gpg" in said(club.author.open(club.author.mail(2)[1]))
    club.author.post("To gpg")
    assert "To gpg" in said(greta.read(greta.person.mail(3)[-1]))


@pytest.mark.peer
def test_revoked_for_gpg(club: Club) -> None:
    """The revoked certificate that the command hands out is imported by gpg, which encrypts to it no more; so with the kept one."""
    greta = club.member("gpg")
    gpg = greta.program
    assert isinstance(gpg, Gpg)
    fingerprint = inspect(club.list.certificate).fingerprint
    gpg("--import", data=club.list.certificate)
    assert _validity(gpg, fingerprint) != b"r"
    answer = json.loads(
        club.list.pgp("list-key", "revoke", club.list.address, "--reason", "compromised", "--yes", "--json")
    )
    gpg("--import", data=answer["certificate"].encode())
    assert _validity(gpg, fingerprint) == b"r"
    assert gpg("--recipient", fingerprint, "--encrypt", data=b"text", check=False).returncode
    club.list.pgp("list-key", "rotate", club.list.address)


def test_revoked_and_nothing_lost(encrypted_list: EncryptedList) -> None:
    """What comes meanwhile waits. With a new key its senders are told, and all that is sent goes on; nothing lies anywhere."""
    sandbox = encrypted_list.sandbox
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    former = encrypted_list.certificate
    encrypted_list.pgp("list-key", "revoke", encrypted_list.address, "--reason", "compromised", "--yes")
    anne.send(anne.write("To the revoked one", to=former))
    until(lambda: "waits: The key of" in sandbox.logs(), "the log to say that mail waits")
    assert sandbox.queue("in")
    assert not sandbox.queue("shunt")
    assert sandbox.mailbox.count(bart.address) == 0
    encrypted_list.pgp("list-key", "rotate", encrypted_list.address)
    encrypted_list.refresh()
    assert "was revoked" in words_of(bart.read(1)[0])
    assert "The list could not open your message" in refusal_of(anne)
    anne.post("To the new one")
    assert len(bart.mail(2)) == 2
    sandbox.wait_until_idle()


def test_brought_from_elsewhere(encrypted_list: EncryptedList, tmp_path: Path) -> None:
    """A key that exists already, under a passphrase, becomes the list's, and the members are told by the one until now."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    made = forge_usable(f"Ants <{encrypted_list.address}>")
    key, passphrase = tmp_path / "key.asc", tmp_path / "passphrase"
    key.write_bytes(armor(protect(made.secret, b"a long passphrase"), PRIVATE_KEY))
    passphrase.touch(mode=0o600)
    passphrase.write_text("a long passphrase\n")
    encrypted_list.pgp("list-key", "import", encrypted_list.address, str(key), "--passphrase-file", str(passphrase))
    notice = bart.open(bart.mail(1)[0])
    assert grouped(made.fingerprint) in words_of(notice)
    encrypted_list.refresh()
    assert inspect(encrypted_list.certificate).fingerprint == made.fingerprint
    anne.post("To the key from elsewhere")
    assert "To the key from elsewhere" in said(bart.open(bart.mail(2)[1]))
