"""Encrypted archives: each post once more, for those who are to read it there, whatever becomes of disks and processes."""

from __future__ import annotations

import mailbox
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from conversations import armored
from people import ARCHIVERS, EncryptedList

from mailman_pgp.openpgp import dearmor, inspect
from mailman_pgp.sandbox import CommandError, Options, Sandbox, until
from mailman_pgp.sandbox.gnupg import GnuPG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from people import Person

NAMES = ("pgp-maildir", "pgp-mbox")
WORDS = "The kestrel flies at noon"

each_archiver = pytest.mark.parametrize("archiver", NAMES)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman that has both archivers, and one of core's own."""
    options = Options(database_url=new_database(), settings=[*ARCHIVERS, "archiver.prototype.enable=yes"])
    with Sandbox(tmp_path_factory.mktemp("archives"), options) as running:
        yield running


@pytest.fixture
def ants(place: Sandbox) -> EncryptedList:
    """A fresh encrypted list."""
    return EncryptedList.make(place)


def switch_on(ants: EncryptedList, *archivers: str) -> None:
    ants.sandbox.rest(f"lists/{ants.list_id}/archivers", dict.fromkeys(archivers, "yes"), "PATCH")


def folder_of(ants: EncryptedList, archiver: str) -> Path:
    return ants.sandbox.place.var / "archives" / archiver / ants.address


def archived(ants: EncryptedList, archiver: str) -> list[bytes]:
    """The messages in an archive, as any mail program finds them."""
    folder = folder_of(ants, archiver)
    # What an archive begins with; the first post is on its way into it meanwhile.
    if not (folder / ("cur" if archiver == "pgp-maildir" else "archive.mbox")).exists():
        return []
    box: mailbox.Maildir | mailbox.mbox
    if archiver == "pgp-maildir":
        box = mailbox.Maildir(folder, create=False)
    else:
        box = mailbox.mbox(folder / "archive.mbox", create=False)
    with closing(box):
        return [box.get_bytes(key) for key in box.iterkeys()]


def encrypted_part(message: bytes) -> bytes:
    """The armored message in one that is built as RFC 3156 §4 says."""
    begin, end = message.index(b"-----BEGIN PGP MESSAGE-----"), message.index(b"-----END PGP MESSAGE-----")
    assert b"multipart/encrypted" in message[:begin]
    return message[begin : end + len(b"-----END PGP MESSAGE-----\n")]


def post(author: Person, body: str = WORDS) -> None:
    author.post(body, subject=f"About {body}")
    author.list.sandbox.wait_until_idle()


def name_reader(ants: EncryptedList, certificate: bytes) -> str:
    return ants.pgp("archive", "add", ants.address, "-", stdin=armored(certificate))


def test_nothing_is_archived_until_an_owner_wants_it(ants: EncryptedList) -> None:
    """A site may have archivers: those of encrypted lists are off, also those that were added later, and core's own get nothing."""
    anne = ants.member("Anne")
    switches = ants.sandbox.rest(f"lists/{ants.list_id}/archivers")
    assert {name: switches[name] for name in (*NAMES, "prototype")} == dict.fromkeys((*NAMES, "prototype"), False)
    post(anne)
    switch_on(ants, "prototype")
    post(anne, "Once more")
    assert len(anne.read(2)) == 2
    assert not any(ants.address in str(path) for path in (ants.sandbox.place.var / "archives").rglob("*"))


@each_archiver
def test_list_key_opens_the_archive(ants: EncryptedList, archiver: str, tmp_path: Path) -> None:
    """Each post is archived once as its members receive it, and `export` writes all of them in the clear."""
    anne, bart = ants.member("Anne"), ants.member("Bart")
    assert archiver in ants.pgp("archive", "on", ants.address, archiver)
    post(anne)
    post(bart, "From here on\nFrom there")
    assert len(archived(ants, archiver)) == 2
    assert not any(WORDS.encode() in message for message in archived(ants, archiver))
    path = tmp_path / "plain.mbox"
    with pytest.raises(CommandError, match="add --yes"):
        ants.pgp("archive", "export", ants.address, "--to", str(path), "--json")
    assert not path.exists()
    assert "2 posts" in ants.pgp("archive", "export", ants.address, "--to", str(path), "--yes")
    assert path.stat().st_mode & 0o077 == 0
    with closing(mailbox.mbox(path, create=False)) as box:
        first, second = list(box)
    assert WORDS in str(first["Subject"])
    assert "signature good" in first.as_string()
    assert "\n>From there" in second.as_string()
    assert ants.pgp("archive", "off", ants.address, archiver)
    post(anne)
    assert len(archived(ants, archiver)) == 2


def test_reader_whose_key_is_elsewhere(ants: EncryptedList, tmp_path: Path) -> None:
    """An archive for certificates that owners name is opened by each of them, and by no key of the server's."""
    anne = ants.member("Anne")
    olga, otto = ants.person("Olga"), ants.person("Otto")
    switch_on(ants, *NAMES)
    for reader in (olga, otto):
        assert "From now on" in name_reader(ants, reader.key.certificate)
    post(anne)
    for archiver in NAMES:
        (message,) = archived(ants, archiver)
        for reader in (olga, otto):
            read = reader.key.read(encrypted_part(message), ants.certificate)
            assert WORDS.encode() in read.content
            assert read.signed_by is not None
        with pytest.raises(ValueError, match="key"):
            anne.key.read(encrypted_part(message), ants.certificate)
    said = ants.pgp("archive", "export", ants.address, "--from", "pgp-mbox", "--to", str(tmp_path / "a"), "--yes")
    assert "0 posts" in said
    assert "not encrypted to a key of the list: 1 message" in said
    with pytest.raises(CommandError, match="two archives"):
        ants.pgp("archive", "export", ants.address, "--to", str(tmp_path / "b"), "--yes")
    for reader in (olga, otto):
        ants.pgp("archive", "remove", ants.address, inspect(reader.key.certificate).fingerprint)
    assert "list's own certificate" in ants.pgp("archive", "show", ants.address)


@pytest.mark.peer
def test_gpg_opens_the_archive(ants: EncryptedList, tmp_path: Path) -> None:
    """Whoever has the secret key in gpg reads the archive on another machine, as the operator's manual says."""
    gpg = GnuPG.find(tmp_path / "gpg")
    assert gpg is not None
    anne = ants.member("Anne")
    switch_on(ants, *NAMES)
    name_reader(ants, gpg.export(gpg.generate("Archive <archive@example.net>")))
    post(anne)
    for archiver in NAMES:
        (message,) = archived(ants, archiver)
        content, signed = gpg.read(encrypted_part(message), ants.certificate)
        assert WORDS.encode() in content
        assert signed


def test_forged_message_in_an_archive_is_not_exported(ants: EncryptedList, tmp_path: Path) -> None:
    """What somebody has put into the archive, encrypted to the list but not signed by it, is none of its posts."""
    anne = ants.member("Anne")
    switch_on(ants, "pgp-maildir")
    post(anne)
    forged = anne.write("I resign")
    (folder_of(ants, "pgp-maildir") / "new" / "1.forged.M000000").write_bytes(forged)
    path = tmp_path / "plain.mbox"
    said = ants.pgp("archive", "export", ants.address, "--to", str(path), "--yes")
    assert "1 post of" in said
    assert "the list has not signed them: 1 message" in said
    assert "I resign" not in path.read_text()


@each_archiver
def test_archive_that_can_not_be_written(ants: EncryptedList, archiver: str) -> None:
    """The post comes to its members all the same; the owners are told once, and the operator each time."""
    anne, olga = ants.member("Anne"), ants.person("Olga")
    ants.certify(olga)
    ants.sandbox.rest.subscribe(ants.list_id, olga.address, role="owner")
    ants.sandbox.wait_until_idle()
    before = ants.sandbox.mailbox.count(olga.address)
    switch_on(ants, archiver)
    folder = folder_of(ants, archiver)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("In the way")
    post(anne)
    post(anne, "Once more")
    assert len(anne.read(2)) == 2
    told = until(lambda: [message.as_string() for message in olga.read(before + 1)[before:]], "the owner is told")
    assert sum("is not in the archive as it should be" in text for text in told) == 1
    assert not any(WORDS in text for text in told)
    assert ants.sandbox.logs().count(f"{ants.address}: a post was not archived as it should be") == 2
    folder.unlink()
    post(anne, "And now")
    assert len(archived(ants, archiver)) == 1


@each_archiver
def test_pipeline_killed(ants: EncryptedList, archiver: str) -> None:
    """Posts whose pipeline is killed while they are archived are there once, and come once."""
    sandbox, anne = ants.sandbox, ants.member("Anne")
    switch_on(ants, archiver)
    for number in range(4):
        with sandbox.paused("pipeline"):
            anne.post(f"Number {number}")
            until(lambda: sandbox.queue("pipeline"), "the post waits")
        until(
            lambda number=number: len(archived(ants, archiver)) > number or not sandbox.queue("pipeline"),
            "it is archived",
        )
        sandbox.kill("pipeline")
        sandbox.wait_until_idle()
        assert len(archived(ants, archiver)) == number + 1
        assert len(anne.read(number + 1)) == number + 1


def test_certificates_that_are_refused(ants: EncryptedList) -> None:
    """Only a certificate that can be used is taken, and none that is not there can be removed."""
    olga = ants.person("Olga")
    with pytest.raises(CommandError, match="Nothing was added"):
        ants.pgp("archive", "add", ants.address, "-", stdin="no certificate")
    with pytest.raises(CommandError, match="archive show"):
        ants.pgp("archive", "remove", ants.address, inspect(olga.key.certificate).fingerprint)
    with pytest.raises(CommandError, match="no archive"):
        ants.pgp("archive", "export", ants.address, "--to", "/nowhere", "--yes")
    name_reader(ants, olga.key.certificate)
    assert "is up to date now" in name_reader(ants, olga.key.certificate)
    assert dearmor(armored(olga.key.certificate).encode()) == olga.key.certificate
