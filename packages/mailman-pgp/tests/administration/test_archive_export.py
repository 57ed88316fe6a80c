"""What the export of an archive opens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mailman_pgp import openpgp
from mailman_pgp.archiving import exporting, mbox, readers
from mailman_pgp.archiving.archivers import PGPMbox, folder_of
from mailman_pgp.keys import vault
from mailman_pgp.openpgp import ListSecretKey, encrypt_once

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from conftest import CommandLine


def test_post_that_is_larger_than_usual(
    encrypted: Any, run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the site takes larger posts than others do, they are in its archives, and come out of them."""
    signer = ListSecretKey(vault.current_secret(encrypted.list_id))
    content = b"Subject: x\r\n\r\n" + b"A large post\r\n" * 10_000
    armored = encrypt_once(content, readers.readers(encrypted.list_id).recipients, signer)
    mbox.put(folder_of(encrypted, PGPMbox.name), "name", armored.replace(b"\r\n", b"\n"), "ant-bounces@example.com")
    usual = replace(openpgp.DEFAULT, message_bytes=1000, content_bytes=1000)
    monkeypatch.setattr(exporting, "DEFAULT", usual)
    monkeypatch.setitem(openpgp.open_message.__kwdefaults__, "limits", usual)
    path = tmp_path / "plain.mbox"
    assert "1 post of" in run.ok("archive", "export", encrypted.list_id, "--to", str(path), "--yes")
    assert path.read_bytes().count(b"A large post\n") == 10_000
