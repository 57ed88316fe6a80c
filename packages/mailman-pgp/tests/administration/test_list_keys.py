"""What is shown and given away of a list's key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from mailman_pgp import openpgp
from mailman_pgp.model.tables import ListKey

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine
    from sqlalchemy.orm import Session


def key_of(store: Session) -> ListKey:
    """The only list key."""
    return store.scalars(select(ListKey)).one()


def test_show(encrypted: Any, run: CommandLine, store: Session) -> None:
    """The fingerprint in groups of four, all user IDs, and the expiry with its time zone."""
    key = key_of(store)
    text = run.ok("list-key", "show", encrypted.list_id)
    assert openpgp.grouped(key.fingerprint) in text
    for address in ("ant@example.com", "ant-request@example.com", "ant-owner@example.com"):
        assert f"<{address}>" in text
    assert key.expires is not None
    assert f"{key.expires:%Y-%m-%d %H:%M} UTC" in text
    answer = run.json("list-key", "show", encrypted.list_id)
    assert answer["list_key"]["fingerprint"] == key.fingerprint
    assert answer["retired"] == []


def test_show_retired_keys(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Keys that only open older mail are shown apart."""
    key = key_of(store)
    old = ListKey(
        fingerprint="F" * 40,
        list_id=encrypted.list_id,
        certificate=key.certificate,
        secret=key.secret,
        revocation=key.revocation,
        sealed_by=key.sealed_by,
        created=key.created,
        expires=key.expires,
        state="retired",
    )
    store.add(old)
    store.commit()
    assert "Kept to open older mail:\n  FFFF FFFF" in run.ok("list-key", "show", encrypted.list_id)


def test_export_to_standard_output(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Standard output holds the armored certificate and nothing else; nothing of it is secret."""
    text = run.ok("list-key", "export", encrypted.list_id)
    assert text.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    assert text.endswith("-----END PGP PUBLIC KEY BLOCK-----\n")
    found = openpgp.read_certificate(text.encode())
    assert found.fingerprint == key_of(store).fingerprint
    answer = run.json("list-key", "export", encrypted.list_id)
    assert answer["certificate"] == text


def test_export_to_a_file(encrypted: Any, run: CommandLine, store: Session, tmp_path: Path) -> None:
    """A new file gets the certificate; a file that is there is left alone."""
    path = tmp_path / "ant.asc"
    text = run.ok("list-key", "export", encrypted.list_id, "--output", str(path))
    assert openpgp.grouped(key_of(store).fingerprint) in text
    exported = path.read_text()
    assert exported == run.ok("list-key", "export", encrypted.list_id)
    path.write_text("something else")
    assert "exists already" in run.refused("list-key", "export", encrypted.list_id, "-o", str(path))
    assert path.read_text() == "something else"
    assert "can't be written" in run.refused(
        "list-key", "export", encrypted.list_id, "-o", str(tmp_path / "no" / "where")
    )


def test_plain_lists_have_no_key(mlist: Any, run: CommandLine) -> None:
    """A plain list has nothing to show."""
    for command in ("show", "export"):
        assert "is not an encrypted list" in run.refused("list-key", command, mlist.list_id)
