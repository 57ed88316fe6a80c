"""A list gets another key, and loses one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp import openpgp
from mailman_pgp.keys import vault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine
    from sqlalchemy.orm import Session


def current(mlist: Any) -> str:
    """The fingerprint of the key that a list has."""
    return vault.certificate(mlist.list_id).fingerprint


def test_rotate(encrypted: Any, run: CommandLine, store: Session, caplog: pytest.LogCaptureFixture) -> None:
    """Another key, and the former one until the day that is said; `show` has both."""
    former = current(encrypted)
    caplog.set_level("INFO")
    answer = run.json("list-key", "rotate", encrypted.list_id, "--overlap", "7")
    assert "the list got a new key (" in caplog.text
    store.expire_all()
    assert answer["former"]["fingerprint"] == former
    assert answer["list_key"]["fingerprint"] == current(encrypted) != former
    shown = run.json("list-key", "show", encrypted.list_id)
    assert shown["list_key"]["follows"] == former
    (retired,) = shown["retired"]
    assert (retired["fingerprint"], retired["opens"], retired["revoked"]) == (former, True, False)
    assert retired["opens_until"] == answer["former"]["opens_until"] == retired["expires"]
    assert f"opens mail until {retired['opens_until'][:10]}" in run.ok("list-key", "show", encrypted.list_id)
    exported = run.ok("list-key", "export", encrypted.list_id, "--key", openpgp.grouped(former))
    assert openpgp.read_certificate(exported.encode()).fingerprint == former


def test_two_at_once(encrypted: Any, run: CommandLine, monkeypatch: pytest.MonkeyPatch, store: Session) -> None:
    """Of two that are begun at the same moment one gives the list a key, and the other says that it has another one by now."""
    generate = openpgp.generate

    def meanwhile(*words: Any, **more: Any) -> Any:
        monkeypatch.setattr(openpgp, "generate", generate)
        run.ok("list-key", "rotate", encrypted.list_id)
        return generate(*words, **more)

    monkeypatch.setattr(openpgp, "generate", meanwhile)
    assert "has another key by now" in run.refused("list-key", "rotate", encrypted.list_id)
    store.expire_all()
    assert len(vault.certificates(encrypted.list_id)) == 2


@pytest.mark.parametrize("days", ["0", "-1", "366", "some"])
def test_overlap(encrypted: Any, run: CommandLine, days: str) -> None:
    """Both open for a day at least, and no longer than a year."""
    run.refused("list-key", "rotate", encrypted.list_id, "--overlap", days, status=2)


@pytest.mark.parametrize("reason", ["compromised", "retired", "superseded"])
def test_revoke(encrypted: Any, run: CommandLine, store: Session, reason: str) -> None:
    """The certificate says so, with the words; the list waits, which each command says, until it has another key."""
    former = current(encrypted)
    answer = run.json("list-key", "revoke", encrypted.list_id, "--reason", reason, "--words", "Ask Olga.", "--yes")
    assert (answer["fingerprint"], answer["waits"]) == (former, True)
    ended = openpgp.read_certificate(answer["certificate"].encode())
    assert ended.revoked
    assert b"Ask Olga." in ended.data
    assert run.ok("list-key", "export", encrypted.list_id) == answer["certificate"]
    assert "rotate" in run.ok("list-key", "show", encrypted.list_id)
    assert "was revoked, so nothing is signed by it" in run.refused("list-key", "extend", encrypted.list_id)
    text = run.ok("list-key", "rotate", encrypted.list_id)
    assert "opens nothing any more: it was revoked" in text
    store.expire_all()
    assert not vault.waits(encrypted.list_id)
    assert "  revoked\n" in run.ok("list-key", "show", encrypted.list_id)


def test_revoke_says_what_becomes_of_mail(encrypted: Any, run: CommandLine) -> None:
    """None is lost, and what to do next."""
    text = run.ok("list-key", "revoke", encrypted.list_id, "--reason", "compromised", "--yes")
    assert "none of it is lost" in text
    assert f"mailman pgp list-key rotate {encrypted.list_id}" in text
    assert f"list-key export {encrypted.list_id} --key {current(encrypted)}" in text


def test_revoke_asks(encrypted: Any, run: CommandLine) -> None:
    """Nothing is done without a yes; a program has to say it."""
    result = run("list-key", "revoke", encrypted.list_id, "--reason", "retired", typed="n\n")
    assert result.exit_code == 1
    assert "Nothing was changed" in result.stderr
    assert run.json("list-key", "revoke", encrypted.list_id, "--reason", "retired", status=2)["error"]["code"] == (
        "confirmation"
    )
    nobody = run("list-key", "revoke", encrypted.list_id, "--reason", "retired", typed="")
    assert nobody.exit_code == 1
    assert "add --yes" in nobody.stderr
    assert not vault.waits(encrypted.list_id)
    assert run("list-key", "revoke", encrypted.list_id, "--reason", "retired", typed="y\n").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [[], ["--reason", "no"], ["--reason", "retired", "--certificate", "x"], ["--reason", "retired", "--words", "a\nb"]],
)
def test_revoke_what(encrypted: Any, run: CommandLine, words: list[str]) -> None:
    """One reason, or one file; words of one line."""
    run.refused("list-key", "revoke", encrypted.list_id, *words, "--yes", status=2)
    assert not vault.waits(encrypted.list_id)


def test_revocation_certificate(encrypted: Any, run: CommandLine, tmp_path: Path, store: Session) -> None:
    """It is there from the first day, in a file that nobody else can read; applied, it ends the key, and only once."""
    path = tmp_path / "revocation.asc"
    run.refused("list-key", "revocation-certificate", encrypted.list_id, status=2)
    assert openpgp.grouped(current(encrypted)) in run.ok(
        "list-key", "revocation-certificate", encrypted.list_id, "-o", str(path)
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert "exists already" in run.refused("list-key", "revocation-certificate", encrypted.list_id, "-o", str(path))
    run.ok("list-key", "revoke", encrypted.list_id, "--certificate", str(path), "--yes")
    store.expire_all()
    assert vault.waits(encrypted.list_id)
    assert "revoked already" in run.refused(
        "list-key", "revoke", encrypted.list_id, "--certificate", str(path), "--yes"
    )


def test_revocation_of_something_else(encrypted: Any, run: CommandLine, tmp_path: Path) -> None:
    """A file that revokes no key of the list changes nothing, and is named as such."""
    path = tmp_path / "revocation.asc"
    path.write_bytes(openpgp.generate("Bee", ["bee@example.com"]).revocation)
    said = run.refused("list-key", "revoke", encrypted.list_id, "--certificate", str(path), "--yes")
    assert "revokes no key of ant.example.com" in said
    assert "can't be read" in run.refused(
        "list-key", "revoke", encrypted.list_id, "--certificate", str(tmp_path / "none"), "--yes", status=2
    )
    assert not vault.waits(encrypted.list_id)


def test_a_key_that_the_list_has_not(encrypted: Any, run: CommandLine) -> None:
    """It is said which command names those that it has."""
    for command in (["export"], ["revoke", "--reason", "retired", "--yes"]):
        said = run.refused("list-key", command[0], encrypted.list_id, *command[1:], "--key", "A" * 40)
        assert "mailman pgp list-key show" in said
