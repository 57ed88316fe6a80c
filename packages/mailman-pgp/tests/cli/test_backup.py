"""`mailman-pgp backup`: the site's key, encrypted, elsewhere; or no file at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
from kept import PASSPHRASE, list_key, lose, restore, run
from keys import forge

from mailman_pgp import openpgp
from mailman_pgp.cli.keeping import Backup
from mailman_pgp.openpgp import Profile
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import OnDisk


@pytest.mark.usefixtures("terminal")
def test_replaced_while_somebody_types(site: OnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that takes the place of another one while the passphrase is typed is the one that is backed up."""
    new = SiteKey.new()

    def types(*_: object, **__: object) -> str:
        site.key_file.write_text(new.as_text())
        site.sql(f"UPDATE pgp_site SET value = '{new.key_id}' WHERE name = 'site_key'")
        return PASSPHRASE

    monkeypatch.setattr(click, "prompt", types)
    done = run("backup", tmp_path / "b", "--config", site.config, "--json")
    assert json.loads(done.output)["key_id"] == new.key_id
    opened = openpgp.open_by_passphrase((tmp_path / "b").read_bytes(), PASSPHRASE)
    assert Backup.of_text(opened.decode()).key.key_id == new.key_id


@pytest.mark.usefixtures("terminal")
def test_nobody_types_for_nothing(site: OnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place where no backup can be is said to be that before a passphrase is asked for."""
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("It was asked for."))
    (tmp_path / "there").write_text("")
    for place, says in ((tmp_path / "there", "already"), (site.root / "var" / "b", "below Mailman's var directory")):
        assert says in run("backup", place, "--config", site.config).output


@pytest.mark.parametrize("kind", [KeyKind.CURVE25519, KeyKind.V6, KeyKind.POST_QUANTUM], ids=str)
def test_to_a_certificate(site: OnDisk, tmp_path: Path, passphrase: Path, kind: KeyKind) -> None:
    """Encrypted to the operator's certificate, a backup opens with their key alone, and comes back by standard input."""
    olga = MemberKey.generate("Olga <olga@example.com>", kind)
    certificate = tmp_path / "olga.asc"
    certificate.write_bytes(openpgp.armor(olga.certificate, "PGP PUBLIC KEY BLOCK"))
    path = tmp_path / "backup.asc"
    done = run("backup", path, "--config", site.config, "--to", certificate)
    assert done.exit_code == 0, done.output
    text = lose(site)
    refused = restore(site, path, passphrase)
    assert refused.exit_code == 1
    assert "gpg --decrypt FILE | mailman-pgp restore -" in refused.output
    assert not site.key_file.exists()
    opened = openpgp.open_message(path.read_bytes(), [olga.secret], []).content
    assert restore(site, "-", passphrase, stdin=opened).exit_code == 0
    assert site.key_file.read_text() == text


@pytest.mark.parametrize("profile", Profile, ids=str)
def test_to_a_certificate_of_a_list(site: OnDisk, tmp_path: Path, profile: Profile) -> None:
    """To the key of a list, of whatever kind, it is not encrypted: that opens nothing once the site's key is lost."""
    made = openpgp.generate("Ant", ["ant@example.com"], profile=profile).certificate
    certificate = tmp_path / "ant.asc"
    certificate.write_bytes(openpgp.armor(made.data, "PGP PUBLIC KEY BLOCK"))
    list_key(site, made.fingerprint, site.key.key_id)
    done = run("backup", tmp_path / "b", "--config", site.config, "--to", certificate)
    assert done.exit_code == 1
    assert "the certificate of ant.example.com" in done.output
    assert not (tmp_path / "b").exists()


def test_standard_output(site: OnDisk, passphrase: Path) -> None:
    """`-` writes the encrypted backup alone, for another program; `--json` would be a second thing in the same place."""
    refused = run("backup", "-", "--config", site.config, "--passphrase-file", passphrase, "--json")
    assert refused.exit_code == 2
    assert "leave out --json" in refused.output
    done = run("backup", "-", "--config", site.config, "--passphrase-file", passphrase)
    assert done.output.startswith("-----BEGIN PGP MESSAGE-----")
    assert done.output.endswith("-----END PGP MESSAGE-----\n")


BAD_BACKUPS: dict[str, tuple[Callable[[OnDisk, Path, Path], list[object]], str]] = {
    "short": (lambda _s, p, t: [t / "b", "--passphrase-file", _with(p, "too short\n")], "12 characters"),
    "empty": (lambda _s, p, t: [t / "b", "--passphrase-file", _with(p, "\n")], "first line"),
    "no text": (lambda _s, p, t: [t / "b", "--passphrase-file", _with(p, b"\xff\xfe" * 9)], "no text in UTF-8"),
    "far too long": (lambda _s, p, t: [t / "b", "--passphrase-file", _with(p, "x" * 5000)], "4096 bytes"),
    "open": (lambda _s, p, t: [t / "b", "--passphrase-file", _open(p)], "chmod 0600"),
    "a directory": (lambda _s, _p, t: [t / "b", "--passphrase-file", t], "not a file with a passphrase"),
    "no such passphrase": (lambda _s, _p, t: [t / "b", "--passphrase-file", t / "none"], "can't be read"),
    "two ways": (lambda _s, p, t: [t / "b", "--passphrase-file", p, "--to", p], "one of the two"),
    "secret key": (
        lambda _s, p, t: [t / "b", "--to", _with(p, forge("<olga@example.com>").secret)],
        "encrypted to the public part",
    ),
    "no certificate": (lambda _s, p, t: [t / "b", "--to", p], "no OpenPGP public key"),
    "useless certificate": (lambda _s, p, t: [t / "b", "--to", _with(p, forge("Olga").public)], "no encryption subkey"),
    "no such certificate": (lambda _s, _p, t: [t / "b", "--to", t / "none"], "can't be read"),
    "below var": (lambda s, p, _t: [s.root / "var" / "b", "--passphrase-file", p], "below Mailman's var directory"),
    "no directory": (lambda _s, p, t: [t / "none" / "b", "--passphrase-file", p], "can't be written"),
    "there already": (lambda _s, p, _t: [p, "--passphrase-file", p], "left alone"),
}


def _with(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _open(path: Path) -> Path:
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("case", BAD_BACKUPS)
def test_no_backup(site: OnDisk, passphrase: Path, tmp_path: Path, case: str) -> None:
    """What is not right is said in a sentence, and no file is written or changed."""
    arguments, says = BAD_BACKUPS[case]
    given = arguments(site, passphrase, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = run("backup", *given, "--config", site.config)
    assert done.exit_code in {1, 2}
    assert says in done.output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("terminal")
def test_no_backup_by_a_passphrase_typed_differently(site: OnDisk, tmp_path: Path) -> None:
    """Typed in two ways, it is asked for again, and nothing is written by the first."""
    done = run("backup", tmp_path / "b", "--config", site.config, stdin=f"{PASSPHRASE}\n{PASSPHRASE}x\n")
    assert done.exit_code == 1
    assert not (tmp_path / "b").exists()


def test_no_backup_of_another_key(site: OnDisk, passphrase: Path, tmp_path: Path) -> None:
    """A key file that is not that of the database is no backup of it."""
    site.key_file.unlink()
    SiteKey.create(site.key_file)
    done = run("backup", tmp_path / "b", "--config", site.config, "--passphrase-file", passphrase)
    assert done.exit_code == 1
    assert f"sealed with {site.key.key_id}" in done.output
    assert not (tmp_path / "b").exists()


def test_backup_without_a_database(site: OnDisk, passphrase: Path, tmp_path: Path) -> None:
    """Where the database is out of reach the key is backed up all the same, and it is said that nobody has compared it."""
    site.database.unlink()
    done = run("backup", tmp_path / "b", "--config", site.config, "--passphrase-file", passphrase)
    assert done.exit_code == 0
    assert "could not be seen" in done.output


def test_shows_nothing(site: OnDisk) -> None:
    """A backup in memory shows nothing."""
    assert site.key.as_text().split()[2] not in repr(Backup.of(site.key))
    assert Backup.of_text(Backup.of(site.key).as_text()).key.key_id == site.key.key_id
