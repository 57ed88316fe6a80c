"""An owner brings a whole keyring as a file; what becomes of each certificate is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable, now

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import CommandLine, Files, Members

ANNE, BART, NORA = "anne@example.com", "bart@example.com", "nora@example.com"


@pytest.fixture
def people(encrypted: Any, members: Members) -> str:
    """Anne and Bart are members of the list, whose list-id this is."""
    for address in (ANNE, BART):
        members.add(encrypted, address)
    return str(encrypted.list_id)


def keyring(files: Files, *certificates: bytes) -> str:
    """A file with a binary keyring."""
    return files.write("keyring.gpg", b"".join(certificates))


def test_imported(people: str, run: CommandLine, files: Files) -> None:
    """A line for each, with whose it is and what became of it, and who is still without; a rehearsal does nothing."""
    anne, nora = forge_usable(f"Anne <{ANNE}>"), forge_usable(f"Nora <{NORA}>")
    file = keyring(files, anne.public, nora.public)
    text = run.ok("certificate", "import", people, file, "--dry-run")
    assert "1 certificate would be taken on ant@example.com, of 2." in text
    assert "Nothing was done" in text
    assert run.json("certificate", "list", people)["certificates"] == []

    text = run.ok("certificate", "import", people, file)
    assert "1 certificate was taken on ant@example.com, of 2." in text
    (taken,) = [line for line in text.splitlines() if openpgp.grouped(anne.fingerprint) in line]
    assert taken.split()[0] == "taken"
    assert taken.endswith(f"It counts for {ANNE}.")
    (refused,) = [line for line in text.splitlines() if openpgp.grouped(nora.fingerprint) in line]
    assert refused.endswith(f"Nobody on ant@example.com has one of its addresses: {NORA}.")
    assert f"Still without  {BART}" in text
    shown = run.json("certificate", "show", people, ANNE)
    assert (shown["certificate"]["fingerprint"], shown["state"], shown["origin"]) == (
        anne.fingerprint,
        "approved",
        "cli",
    )


def test_as_json(people: str, run: CommandLine) -> None:
    """The same for programs, read from standard input."""
    anne = forge_usable(f"<{ANNE}>")
    answer = run.json("certificate", "import", people, typed=anne.public)
    assert answer["list"]["list_id"] == people
    (line,) = answer["certificates"]
    assert (line["fingerprint"], line["outcome"], line["addresses"]) == (anne.fingerprint, "taken", [ANNE])
    assert answer["without"] == [BART]


def test_somebody_gets_nothing(people: str, run: CommandLine, files: Files) -> None:
    """A revocation in it is recorded, and the exit status says so."""
    anne = forge_usable(f"<{ANNE}>")
    run.ok("certificate", "import", people, keyring(files, anne.public))
    anne.revoke(at=now() - DAY)
    file = keyring(files, anne.public)
    assert run.json("certificate", "import", people, file, "--dry-run")["numbers"]["recorded"] == 1
    assert run.json("certificate", "import", people, file, status=3)["without"] == [ANNE, BART]


def test_refused(people: str, run: CommandLine, files: Files) -> None:
    """A secret key in it, or nothing, and all of it is refused; what somebody wrote steers no terminal."""
    anne, bart = forge_usable(f"<{ANNE}>"), forge_usable(f"<{BART}>")
    sentence = run.refused("certificate", "import", people, keyring(files, anne.public, bart.secret))
    assert "This is a secret key" in sentence
    assert run.json("certificate", "import", people, typed=b"nothing", status=1)["error"]["code"] == "no-key"
    assert run.json("certificate", "list", people)["certificates"] == []
    odd = forge_usable("\x1b[31mNora <nora\x1b@example.com>")
    assert "\x1b" not in run.ok("certificate", "import", people, keyring(files, odd.public))
