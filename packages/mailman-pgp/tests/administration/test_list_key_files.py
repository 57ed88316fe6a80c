"""Secret keys in files: brought, and taken along under a passphrase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from keys import CERTIFY, DAY, SIGN, Forged, forge_usable
from others import make_rsa_member_without_seipd2

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.openpgp import PRIVATE_KEY, PUBLIC_KEY, ListSecretKey
from mailman_pgp.site import passphrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from conftest import CommandLine, Files
    from sqlalchemy.orm import Session

PASSPHRASE = "a passphrase of several words"
LIST = "ant.example.com"


def current(mlist: Any) -> str:
    """The fingerprint of the key that a list has."""
    return vault.certificate(mlist.list_id).fingerprint


def made(user_id: str = "Ants <ant@example.com>", **kwargs: int) -> Forged:
    """A key from elsewhere that names the list."""
    return forge_usable(user_id, **kwargs)


@pytest.fixture
def passphrase(files: Files, tmp_path: Path) -> str:
    """A file with a passphrase."""
    path = files.write("passphrase", f"{PASSPHRASE}\nand something else\n".encode())
    (tmp_path / "files" / "passphrase").chmod(0o600)
    return path


@pytest.fixture
def terminal(store: Session, healthy: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:  # noqa: ARG001 - must be
    """Run a command with somebody who types."""
    from mailman_pgp.administration.group import pgp  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(passphrases, "require_somebody", lambda: None)

    def run(*words: str, typed: str) -> Result:
        result = CliRunner().invoke(pgp, words, input=typed)
        store.rollback()
        return result

    return run


def test_export_and_import(encrypted: Any, run: CommandLine, passphrase: str, tmp_path: Path, store: Session) -> None:
    """What was exported is the key, under the passphrase, for nobody else to read; another list takes it no more than this one."""
    path = tmp_path / "secret.asc"
    options = ["--secret", "-o", str(path), "--passphrase-file", passphrase]
    text = run.ok("list-key", "export", LIST, *options)
    assert openpgp.grouped(current(encrypted)) in text
    assert path.stat().st_mode & 0o777 == 0o600
    exported = path.read_bytes()
    assert exported.startswith(b"-----BEGIN PGP PRIVATE KEY BLOCK-----")
    opened = openpgp.read_secret_key(exported, PASSPHRASE.encode())
    assert ListSecretKey(opened).fingerprint == current(encrypted)
    assert "has this key already" in run.refused("list-key", "import", LIST, str(path), "--passphrase-file", passphrase)
    assert "exists already" in run.refused("list-key", "export", LIST, *options)
    assert path.read_bytes() == exported
    store.expire_all()
    assert len(vault.certificates(LIST)) == 1


def test_a_secret_key_is_never_printed(encrypted: Any, run: CommandLine, passphrase: str) -> None:
    """Neither at a terminal nor into a pipe, nor for a program."""
    said = run.refused("list-key", "export", LIST, "--secret", "--passphrase-file", passphrase, status=2)
    assert "into a file only" in said
    answer = run.json("list-key", "export", LIST, "--secret", "--passphrase-file", passphrase, status=2)
    assert answer["error"]["code"] == "output"
    for words in (["export", LIST, "--secret", "--passphrase-file", passphrase], ["revocation-certificate", LIST]):
        assert "into a file only" in run.refused("list-key", *words, "-o", "-", status=2)
    assert not Path("-").exists()
    assert current(encrypted)


def test_nothing_leaves_that_is_not_in_the_log(
    encrypted: Any, run: CommandLine, passphrase: str, tmp_path: Path, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it can't be written down that a secret key is exported, or a revocation certificate, there is no file."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from mailman_pgp.lists import deeds  # noqa: PLC0415

    def full() -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    path = str(tmp_path / "out")
    exports = (
        ["export", LIST, "--secret", "-o", path, "--passphrase-file", passphrase],
        ["revocation-certificate", LIST, "-o", path],
    )
    with monkeypatch.context() as patch:
        patch.setattr(config.db, "commit", full)
        for words in exports:
            assert "could not be read or written" in run.refused("list-key", *words)
            assert not (tmp_path / "out").exists()
    run.ok("list-key", *exports[0])
    assert "exists already" in run.refused("list-key", *exports[1])
    store.expire_all()
    assert [one.deed for one in deeds.of(encrypted.list_id)][:2] == [deeds.Deed.KEY_EXPORTED, deeds.Deed.ENCRYPTED]


def test_asked_twice(encrypted: Any, terminal: Callable[..., Result], tmp_path: Path) -> None:
    """Who types the passphrase does so twice, unseen; a short one is refused, and nothing is written."""
    path = tmp_path / "secret.asc"
    words = ["list-key", "export", LIST, "--secret", "-o", str(path)]
    short = terminal(*words, typed="short\nshort\n")
    assert short.exit_code == 2
    assert "12 characters is the least" in short.stderr
    assert not path.exists()
    done = terminal(*words, typed=f"{PASSPHRASE}\nanother one of words\n{PASSPHRASE}\n{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert PASSPHRASE not in done.output
    assert openpgp.read_secret_key(path.read_bytes(), PASSPHRASE.encode())
    assert current(encrypted)


def test_nobody_types_for_nothing(encrypted: Any, terminal: Callable[..., Result], files: Files) -> None:
    """That a file is there already is said before a passphrase is asked for."""
    path = files.write("there", b"")
    refused = terminal("list-key", "export", LIST, "--secret", "-o", path, typed="")
    assert (refused.exit_code, refused.stderr.count("passphrase")) == (1, 0)
    assert "exists already" in refused.stderr
    assert current(encrypted)


def test_nobody_to_ask(
    encrypted: Any, run: CommandLine, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal a file is asked for, and nothing is changed."""
    monkeypatch.setattr(passphrases, "_TERMINAL", str(tmp_path / "none"))
    path = files.write("key", openpgp.protect(made().secret, PASSPHRASE.encode()))
    before = current(encrypted)
    for words in (["import", LIST, path], ["export", LIST, "--secret", "-o", str(tmp_path / "x")]):
        assert "--passphrase-file" in run.refused("list-key", *words, status=2)
        assert run.json("list-key", *words, status=2)["error"]["code"] == "passphrase"
    assert current(encrypted) == before
    assert not (tmp_path / "x").exists()


def test_passphrase_files(encrypted: Any, run: CommandLine, files: Files, passphrase: str, tmp_path: Path) -> None:
    """One that others can read, an empty one, and none are refused."""
    open_to_all = tmp_path / "files" / "passphrase"
    path = files.write("key", openpgp.protect(made().secret, PASSPHRASE.encode()))
    words = ["list-key", "import", LIST, path, "--passphrase-file"]
    open_to_all.chmod(0o640)
    assert "chmod 0600" in run.refused(*words, passphrase, status=2)
    open_to_all.chmod(0o600)
    open_to_all.write_bytes(b"\n")
    assert "no passphrase" in run.refused(*words, passphrase, status=2)
    assert "can't be read" in run.refused(*words, str(tmp_path / "none"), status=2)
    assert len(vault.certificates(encrypted.list_id)) == 1


def test_import(
    encrypted: Any, run: CommandLine, files: Files, store: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """The key takes the place of the one until now, which opens mail for a while; user IDs of others are left out, and named."""
    before = current(encrypted)
    key = made()
    key.user_id("Anne <anne@example.com>", usage=CERTIFY | SIGN)
    path = files.write("key.asc", openpgp.armor(key.secret, PRIVATE_KEY))
    caplog.set_level("INFO")
    answer = run.json("list-key", "import", LIST, path, "--overlap", "3")
    assert "a key that was imported (" in caplog.text
    assert answer["left_out"] == ["Anne <anne@example.com>"]
    assert answer["warnings"] == []
    store.expire_all()
    assert answer["list_key"]["fingerprint"] == current(encrypted) == key.fingerprint
    assert vault.certificates(LIST)[1].fingerprint == before
    shown = run.json("list-key", "show", LIST)["list_key"]
    addresses = ("ant@example.com", "ant-request@example.com", "ant-owner@example.com")
    assert {text.partition("<")[2] for text in shown["user_ids"]} == {f"{address}>" for address in addresses}
    assert openpgp.read_revocation(vault.revocation(LIST))


def test_import_with_a_passphrase(
    encrypted: Any, terminal: Callable[..., Result], run: CommandLine, files: Files, passphrase: str
) -> None:
    """Typed or from a file; another one opens nothing, and changes nothing."""
    one, two = made(), made()
    first = files.write("one", openpgp.protect(one.secret, PASSPHRASE.encode()))
    second = files.write("two", openpgp.protect(two.secret, PASSPHRASE.encode()))
    wrong = terminal("list-key", "import", LIST, first, typed="another\n")
    assert wrong.exit_code == 1
    assert "does not open the key" in wrong.stderr
    assert len(vault.certificates(LIST)) == 1
    done = terminal("list-key", "import", LIST, first, typed=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert current(encrypted) == one.fingerprint
    run.ok("list-key", "import", LIST, second, "--passphrase-file", passphrase)
    assert current(encrypted) == two.fingerprint


def test_rsa(encrypted: Any, run: CommandLine, files: Files) -> None:
    """Only where it is allowed, with a warning that says why."""
    path = files.write("rsa", make_rsa_member_without_seipd2("ant@example.com").secret)
    before = current(encrypted)
    said = run.refused("list-key", "import", LIST, path)
    assert "RUSTSEC-2023-0071" in said
    assert "--allow-rsa" in said
    assert current(encrypted) == before
    text = run.ok("list-key", "import", LIST, path, "--allow-rsa")
    assert "RUSTSEC-2023-0071" in text
    assert "RSA" in run.json("list-key", "show", LIST)["list_key"]["algorithm"]
    run.ok("list-key", "extend", LIST, "--years", "5")
    assert ListSecretKey(vault.current_secret(LIST)).sign_detached(b"text")


def test_the_key_of_another_list(
    encrypted: Any, make_list: Callable[[str], Any], run: CommandLine, files: Files
) -> None:
    """A key is one list's alone: else mail to the one could be carried to the other."""
    key = made()
    key.user_id("Bees <bee@example.com>", usage=CERTIFY | SIGN)
    path = files.write("key", key.secret)
    make_list("bee")
    run.ok("enable", "bee.example.com")
    run.ok("list-key", "import", "bee.example.com", path)
    assert "the key of bee.example.com" in run.refused("list-key", "import", LIST, path)
    assert current(encrypted) != key.fingerprint


def test_the_key_of_a_member(encrypted: Any, run: CommandLine, files: Files) -> None:
    """What somebody signs as a person is not the list's word."""
    key = made("Anne <anne@example.com>")
    key.user_id("Ants <ant@example.com>", usage=CERTIFY | SIGN)
    run.ok("certificate", "add", LIST, "anne@example.com", files.write("anne", openpgp.armor(key.public, PUBLIC_KEY)))
    said = run.refused("list-key", "import", LIST, files.write("key", key.secret))
    assert "somebody who is on a list" in said
    assert "anne" not in said
    assert current(encrypted) != key.fingerprint


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: made("Anne <anne@example.com>").secret, "No user ID of this key names the list"),
        (lambda: made(lifetime=DAY).secret, "has expired"),
        (lambda: openpgp.armor(made().public, PUBLIC_KEY), "This is a public key"),
        (lambda: made().secret + made().secret, "more than one secret key"),
        (lambda: made().secret + bytes(100 * 2**20), "too large"),
        (lambda: b"Dear Olga,", "no OpenPGP key"),
        (lambda: b"", "no OpenPGP key"),
    ],
)
def test_what_is_not_imported(
    encrypted: Any, run: CommandLine, files: Files, content: Callable[[], bytes], sentence: str
) -> None:
    """Each is refused by a sentence, which names the file; the list's key stays, and nothing secret is said."""
    before = current(encrypted)
    path = files.write("key", content())
    said = run.refused("list-key", "import", LIST, path)
    assert f"Nothing was imported from {path}." in said
    assert sentence in said
    assert len(vault.certificates(LIST)) == 1
    assert current(encrypted) == before
