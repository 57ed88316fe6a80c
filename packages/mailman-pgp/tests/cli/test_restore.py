"""`mailman-pgp restore`: the site's key, from its backup, beside its own database only; or no file at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pysequoia
import pytest
from kept import PASSPHRASE, list_key, lose, restore, run
from others import made_of_version_6_and_ml_kem
from peers import peer

from mailman_pgp import openpgp
from mailman_pgp.model.tables import ListKey, Site
from mailman_pgp.openpgp import Profile, Status, WorkshopError
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import OnDisk


def test_there_and_back(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """Lost and restored, the key file is what it was, private, and the check is content."""
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    secret = site.key_file.read_text().split()[2]
    assert secret not in backup.read_text()
    text = lose(site)
    done = restore(site, backup, passphrase)
    assert done.exit_code == 0, done.output
    assert secret not in done.output
    assert site.key_file.read_text() == text
    assert stat.S_IMODE(site.key_file.stat().st_mode) == 0o600
    assert site.key_file.stat().st_uid == (site.root / "var").stat().st_uid
    assert site.check()[0] == 0


@pytest.mark.usefixtures("terminal")
def test_typed(site: OnDisk, tmp_path: Path) -> None:
    """A passphrase that is typed is asked for twice for the backup and once for the restore, and shown nowhere."""
    path = tmp_path / "backup.asc"
    done = run("backup", path, "--config", site.config, stdin=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert PASSPHRASE not in done.output
    text = lose(site)
    done = run("restore", path, "--config", site.config, stdin=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert PASSPHRASE not in done.output
    assert site.key_file.read_text() == text


def test_nobody_to_ask(site: OnDisk, backup: Path, tmp_path: Path) -> None:
    """Without a terminal nothing is asked, nor read from standard input: a file is asked for, and nothing is written."""
    for words in (["backup", tmp_path / "another.asc"], ["restore", backup]):
        done = subprocess.run(
            [sys.executable, "-c", "from mailman_pgp.cli import program; program()", *words, "--config", site.config],
            input=f"{PASSPHRASE}\n{PASSPHRASE}\n",
            capture_output=True,
            check=False,
            text=True,
            start_new_session=True,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "Error: Here nobody can be asked for the passphrase: name a file by --passphrase-file.\n"
    assert not (tmp_path / "another.asc").exists()


@pytest.mark.parametrize("kind", ["usual", "v6", "post-quantum", "v6 with ML-KEM"])
def test_list_keys_open_again(site: OnDisk, backup: Path, passphrase: Path, kind: str) -> None:
    """With the key that was restored a list opens what was encrypted to it before, whatever the kind of its key."""
    from mailman_pgp.keys.vault.sealing import Use, open_part, seal_part, sealed_parts  # noqa: PLC0415 - it imports core

    if kind == "v6 with ML-KEM":
        secret = made_of_version_6_and_ml_kem("Ant", ["ant@example.com"])
    else:
        secret = openpgp.generate("Ant", ["ant@example.com"], profile=Profile(kind)).secret
    certificate = bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())
    fingerprint = openpgp.inspect(certificate).fingerprint
    sealed = seal_part(site.key, "ant.example.com", fingerprint, Use.SECRET, secret)
    list_key(site, fingerprint, site.key.key_id, certificate=certificate, secret=sealed)
    anne = MemberKey.generate("<anne@example.com>")
    mail = anne.write(b"The kestrel flies.\r\n", certificate)
    lose(site)
    assert restore(site, backup, passphrase).exit_code == 0
    (row,) = site.rows(sealed_parts(ListKey.list_id == "ant.example.com", Use.SECRET))
    restored = open_part(SiteKey.load(site.key_file), row, Use.SECRET)
    opened = openpgp.open_message(mail, [restored], [anne.certificate])
    assert (opened.content, [one.status for one in opened.signatures]) == (b"The kestrel flies.\r\n", [Status.GOOD])


def test_no_process_to_open_it(site: OnDisk, backup: Path, passphrase: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has no room for the process that opens it, a sentence says so, and nothing is written."""

    def no_room(*_: object) -> bytes:
        raise WorkshopError("There is no room for another process. Try again.")

    lose(site)
    monkeypatch.setattr(openpgp, "open_by_passphrase", no_room)
    done = restore(site, backup, passphrase)
    assert (done.exit_code, done.output) == (
        1,
        "Error: There is no room for another process. Try again. Nothing was written.\n",
    )
    assert not site.key_file.exists()


def test_json(site: OnDisk, passphrase: Path, tmp_path: Path) -> None:
    """`--json` names the key by its id, at both ends."""
    path = tmp_path / "backup.asc"
    made = run("backup", path, "--config", site.config, "--passphrase-file", passphrase, "--json")
    assert json.loads(made.output) == {
        "file": str(path),
        "key_id": site.key.key_id,
        "encrypted_to": None,
        "compared": True,
    }
    lose(site)
    done = json.loads(restore(site, path, passphrase, "--json").output)
    assert (done["key_id"], done["key_file"], done["new"]) == (site.key.key_id, str(site.key_file), True)


def test_opened_elsewhere(site: OnDisk, backup: Path, passphrase: Path, tmp_path: Path) -> None:
    """Gpg opens a backup with the passphrase, and what it says is restored from standard input."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    given = ["--batch", "--pinentry-mode", "loopback", "--passphrase-file", passphrase]
    opened = subprocess.run(
        [peer("gpg"), "--homedir", home, *given, "--decrypt", backup], capture_output=True, check=True
    ).stdout
    text = lose(site)
    done = restore(site, "-", passphrase, stdin=opened)
    assert done.exit_code == 0, done.output
    assert site.key_file.read_text() == text


def _other_site(site: OnDisk) -> None:
    site.sql("UPDATE pgp_site SET value = '00000000' WHERE name = 'site_key'")


def _other_list_key(site: OnDisk) -> None:
    list_key(site, "AB", "00000000")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_other_site, "of another site"),
        (_other_list_key, "the list keys of ant.example.com with another one"),
        (lambda site: site.sql("DELETE FROM pgp_site"), "no site key yet"),
        (lambda site: site.database.unlink(), "Restore the database first"),
        (lambda site: site.database.write_bytes(b"nothing" * 1000), "Restore the database first"),
    ],
    ids=["other site", "other list key", "new database", "no database", "damaged database"],
)
def test_not_beside_another_database(
    site: OnDisk, backup: Path, passphrase: Path, change: Callable[[OnDisk], None], says: str
) -> None:
    """The key of one site is not put beside the database of another, or where that can't be told; nothing is written."""
    lose(site)
    change(site)
    database = site.database.read_bytes() if site.database.exists() else None
    done = restore(site, backup, passphrase)
    assert done.exit_code == 1
    assert says in done.output
    assert "othing was written" in done.output
    assert not site.key_file.exists()
    assert (site.database.read_bytes() if site.database.exists() else None) == database


def _truncated(backup: Path) -> bytes:
    return backup.read_bytes()[:300]


def _changed(backup: Path) -> bytes:
    binary = bytearray(openpgp.dearmor(backup.read_bytes()))
    binary[-5] ^= 1
    return bytes(binary)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: b"", "no backup"),
        (lambda _: b"Hello there", "no backup"),
        (_truncated, "no backup"),
        (_changed, "does not open"),
        (lambda _: openpgp.encrypt_by_passphrase(b"Hello", PASSPHRASE), "no backup of a site key"),
        (
            lambda _: b"mailman-pgp-backup-v1 2026-01-01T00:00:00Z\nmailman-pgp-site-key-v1 0 x\n",
            "no backup of a site key",
        ),
        (lambda _: b"mailman-pgp-backup-v1 yesterday\n", "no backup of a site key"),
        (lambda _: openpgp.encrypt_by_passphrase(b"x" * 10**6, PASSPHRASE), "no backup"),
    ],
    ids=["empty", "text", "truncated", "changed", "something else", "no key", "no time", "large"],
)
def test_no_backup_in_it(
    site: OnDisk, backup: Path, passphrase: Path, make: Callable[[Path], bytes], says: str
) -> None:
    """A file that is no backup, or a damaged one, is said to be that; nothing is written."""
    content = make(backup)
    backup.write_bytes(content)
    lose(site)
    done = restore(site, backup, passphrase)
    assert done.exit_code == 1
    assert says in done.output
    assert not site.key_file.exists()


def test_wrong_passphrase(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """A wrong passphrase opens nothing, and the sentence shows neither it nor anything of the library's."""
    lose(site)
    passphrase.write_text("another horse battery")
    done = restore(site, backup, passphrase)
    assert done.exit_code == 1
    assert "The passphrase does not open this backup" in done.output
    assert "another horse" not in done.output
    assert "backtrace" not in done.output
    assert not site.key_file.exists()


def test_a_key_file_is_left_alone(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """The same key is said to be there; whatever else is there stays."""
    assert "Nothing was done" in restore(site, backup, passphrase).output
    for content in (SiteKey.new().as_text(), ""):
        site.key_file.write_text(content)
        done = restore(site, backup, passphrase)
        assert done.exit_code == 1
        assert "left alone" in done.output
        assert "Move it elsewhere" in done.output
        assert site.key_file.read_text() == content


def test_no_settings_on_the_new_machine(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """Without the settings file nobody knows where the key belongs, which is said."""
    lose(site)
    site.settings.unlink()
    done = restore(site, backup, passphrase)
    assert done.exit_code == 1
    assert str(site.settings) in done.output


def test_place_below_var(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """A key file that the settings name below Mailman's own directory is not written."""
    lose(site)
    site.settings.write_text(f"[pgp]\nkey_file: {site.root}/var/site.key\n")
    done = restore(site, backup, passphrase)
    assert done.exit_code == 1
    assert "below Mailman's var directory" in done.output
    assert not (site.root / "var" / "site.key").exists()


def test_directory_is_made(site: OnDisk, backup: Path, passphrase: Path) -> None:
    """On a new machine the key's directory is made, for its owner alone."""
    lose(site)
    site.settings.write_text(f"[pgp]\nkey_file: {site.root}/etc/pgp/site.key\n")
    assert restore(site, backup, passphrase).exit_code == 0
    assert stat.S_IMODE((site.root / "etc" / "pgp").stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_nothing_is_left_when_it_can_not_be_given_to_its_owner(
    site: OnDisk, backup: Path, passphrase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that Mailman could not read is not left behind."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    lose(site)
    monkeypatch.setattr(os, "fchown", refuse)
    done = restore(site, backup, passphrase, "--owner", "nobody")
    assert done.exit_code == 1
    assert "Operation not permitted" in done.output
    assert set(site.key_file.parent.iterdir()) == {site.config, site.settings}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_nothing_else_is_given_away(
    site: OnDisk, backup: Path, passphrase: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write where the key goes gets no file of root's by a link that they put in its place."""
    precious, write_to = tmp_path / "precious", SiteKey.write_to
    precious.write_text("")

    def swapped(key: SiteKey, path: Path, *more: Any) -> None:
        write_to(key, path, *more)
        path.unlink()
        path.symlink_to(precious)

    lose(site)
    monkeypatch.setattr(SiteKey, "write_to", swapped)
    assert restore(site, backup, passphrase, "--owner", "nobody").exit_code == 0
    assert precious.stat().st_uid == 0


def test_a_key_that_is_being_replaced(site: OnDisk, passphrase: Path, tmp_path: Path) -> None:
    """A backup of that moment holds both keys, and belongs to the database of before and after."""
    new = SiteKey.new(retired=site.key)
    new.replace_in(site.key_file)
    path = tmp_path / "b"
    assert run("backup", path, "--config", site.config, "--passphrase-file", passphrase).exit_code == 0
    for recorded in (site.key.key_id, new.key_id):
        lose(site)
        site.sql(f"UPDATE {Site.__tablename__} SET value = '{recorded}' WHERE name = 'site_key'")
        assert restore(site, path, passphrase).exit_code == 0
        assert SiteKey.load(site.key_file).as_text() == new.as_text()
        status, findings = site.check()
        assert status == 1
        assert "is being replaced" in findings[0]["sentence"]
