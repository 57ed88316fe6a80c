"""An owner brings a whole keyring as a file; what becomes of each certificate is said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY, forge_usable, now
from queries import counted

from mailman_pgp import openpgp
from mailman_pgp.administration import keyrings as reading
from mailman_pgp.model.tables import StoredCertificate
from mailman_pgp.openpgp import keyrings
from mailman_pgp.openpgp.keyrings import KeyringLimits

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Files, Members
    from sqlalchemy.orm import Session

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


def nothing_done(run: CommandLine, people: str, store: Session) -> bool:
    """Whether no certificate counts, and none is stored."""
    chosen = run.json("certificate", "list", people)["certificates"]
    return chosen == [] and store.scalar(sa.select(sa.func.count()).select_from(StoredCertificate)) == 0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory for keyrings."""
    made = tmp_path / "keys"
    made.mkdir()
    return made


def test_directory(people: str, run: CommandLine, directory: Path) -> None:
    """All files in a directory are one keyring: each line names its file, a file that is something else takes nothing from the others."""
    anne, bart = forge_usable(f"<{ANNE}>"), forge_usable(f"<{BART}>")
    (directory / "anne.gpg").write_bytes(anne.public)
    (directory / "bart.asc").write_bytes(openpgp.armor(bart.public, "PGP PUBLIC KEY BLOCK"))
    (directory / "copy.gpg").write_bytes(anne.public)
    (directory / "damaged.gpg").write_bytes(forge_usable("<nora@example.com>").public[:-5])
    (directory / "notes.txt").write_bytes(b"What these are")
    (directory / ".hidden").write_bytes(b"x")
    (directory / "below").mkdir()
    (directory / "below" / "secret.gpg").write_bytes(anne.secret)
    answer = run.json("certificate", "import", people, str(directory))
    lines = {line["file"]: (line["outcome"], line["code"]) for line in answer["certificates"]}
    assert lines == {
        "anne.gpg": ("taken", None),
        "bart.asc": ("taken", None),
        "damaged.gpg": ("refused", "broken"),
        "notes.txt": ("refused", "no-key"),
    }
    assert "notes.txt" in run.ok("certificate", "import", people, str(directory))


def test_a_certificate_in_several_files(people: str, run: CommandLine, directory: Path) -> None:
    """What one copy of a certificate says that another does not, counts, in whichever file it is."""
    anne = forge_usable(f"<{ANNE}>")
    (directory / "a.gpg").write_bytes(anne.public)
    anne.revoke(at=now() - DAY)
    (directory / "b.gpg").write_bytes(anne.public)
    (line,) = run.json("certificate", "import", people, str(directory))["certificates"]
    assert (line["outcome"], line["code"]) == ("refused", "revoked")


@pytest.mark.parametrize("content", [None, b"x", "secret"], ids=["empty", "nothing", "secret"])
def test_refused_directory(
    people: str, run: CommandLine, store: Session, directory: Path, content: bytes | str | None
) -> None:
    """A directory with nothing in it, or with a secret key in one of its files, is refused; the file is named, and nothing done."""
    anne = forge_usable(f"<{ANNE}>")
    if content is not None:
        (directory / "z.gpg").write_bytes(anne.secret if content == "secret" else b"x")
    if content == "secret":
        (directory / "anne.gpg").write_bytes(anne.public)
    sentence = run.refused("certificate", "import", people, str(directory))
    assert "Nothing was added from" in sentence
    assert ("z.gpg" in sentence) == (content == "secret")
    assert nothing_done(run, people, store)


def test_all_or_nothing(people: str, run: CommandLine, store: Session, files: Files) -> None:
    """With one that is refused nothing is done, and the report says which; without it all is."""
    anne, nora = forge_usable(f"<{ANNE}>"), forge_usable(f"<{NORA}>")
    both = keyring(files, anne.public, nora.public)
    answer = run.json("certificate", "import", people, both, "--all-or-nothing", status=1)
    assert answer["dry_run"]
    assert {line["outcome"] for line in answer["certificates"]} == {"taken", "refused"}
    text = run("certificate", "import", people, both, "--all-or-nothing")
    assert text.exit_code == 1
    assert "1 certificate would be taken" in text.stdout
    assert "Nothing was done, since 1 certificate is refused." in text.stdout
    assert nothing_done(run, people, store)
    answer = run.json("certificate", "import", people, "--all-or-nothing", typed=anne.public)
    assert (answer["dry_run"], answer["numbers"]["taken"]) == (False, 1)


def test_a_list_that_is_deleted_meanwhile(
    people: str, run: CommandLine, files: Files, encrypted: Any, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the list goes while the keyring is read, nothing is left of it for a list that gets its name later."""
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.exchange import keyring as bringing  # noqa: PLC0415
    from mailman_pgp.model.tables import Choice, KeyEvent  # noqa: PLC0415

    planned = bringing._planned

    def deleted(*words: Any) -> Any:
        found = planned(*words)
        getUtility(IListManager).delete(encrypted)
        store.commit()
        return found

    monkeypatch.setattr(bringing, "_planned", deleted)
    file = keyring(files, forge_usable(f"<{ANNE}>").public)
    assert "no encrypted list any more" in run.refused("certificate", "import", people, file)
    for table in (Choice, KeyEvent, StoredCertificate):
        assert store.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_progress(people: str, run: CommandLine, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long keyring it is shown how far it is, on standard error; of a short one nothing."""
    anne, bart = forge_usable(f"<{ANNE}>"), forge_usable(f"<{BART}>")
    both = keyring(files, anne.public, bart.public)
    assert run("certificate", "import", people, both, "--dry-run").stderr == ""
    monkeypatch.setattr(keyrings, "_PART_KEYS", 1)
    from mailman_pgp.administration import importing  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(importing, "_TELL_EACH", 1)
    told = run("certificate", "import", people, both, "--json")
    assert told.stderr == "Read 1 of 2 certificates.\nRead 2 of 2 certificates.\n"
    assert told.stdout.startswith("{")


@pytest.mark.parametrize("form", ["file", "directory"])
def test_100_megabytes(people: str, run: CommandLine, store: Session, directory: Path, form: str) -> None:
    """A file of 100 MB is not read to its end; it is refused in a sentence, by itself and in a directory."""
    file = directory / "large.gpg"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 10**6)
    sentence = run.refused("certificate", "import", people, str(directory if form == "directory" else file))
    assert "in several parts" in sentence
    assert nothing_done(run, people, store)


def test_odd_directories(people: str, run: CommandLine, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is no file; an empty name is not the directory where one is; an empty directory is told of."""
    directory = files.directory
    keyring(files, forge_usable(f"<{ANNE}>").public)
    os.mkfifo(directory / "pipe")
    monkeypatch.chdir(directory)
    assert "name of the file is empty" in run.refused("certificate", "import", people, "", status=2)
    assert run.json("certificate", "import", people, str(directory))["numbers"]["taken"] == 1
    (directory / "keyring.gpg").unlink()
    said = run.refused("certificate", "import", people, str(directory))
    assert "There is no OpenPGP public key in this" in said
    assert "send" not in said


def test_too_many_in_several_files(
    people: str, run: CommandLine, store: Session, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as are taken at once are counted over all files."""
    monkeypatch.setattr(reading, "LARGE", KeyringLimits(2**20, 2))
    for name in "abc":
        (directory / f"{name}.gpg").write_bytes(forge_usable(f"<{name}@example.com>").public)
    assert "more than 2 public keys" in run.refused("certificate", "import", people, str(directory))
    assert nothing_done(run, people, store)


def test_files_that_can_not_be_read(people: str, run: CommandLine, directory: Path) -> None:
    """A file that leads nowhere is a mistake, and named."""
    (directory / "nowhere.gpg").symlink_to(directory / "none")
    assert "nowhere.gpg can't be read" in run.refused("certificate", "import", people, str(directory), status=2)
    assert "can't be read" in run.refused("certificate", "import", people, str(directory / "no such"), status=2)


def crowd(members: Members, mlist: Any, number: int) -> list[bytes]:
    """So many new members of the list, and a certificate of each."""
    from mailman.interfaces.member import MemberRole  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from mailman.utilities.datetime import now as of_core  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    made = []
    for one in range(number):
        address = f"n{one}@example.com"
        known = getUtility(IUserManager).create_address(address)
        known.verified_on = of_core()
        mlist.subscribe(known, MemberRole.member)
        made.append(forge_usable(f"<{address}>").public)
    members.store.commit()
    return made


def test_statements(people: str, run: CommandLine, members: Members, encrypted: Any, files: Files) -> None:
    """Twice as many certificates cost no statement more, until there are more than go into one."""
    made = crowd(members, encrypted, 60)
    numbers = []
    for part in (made[:20], made[20:60]):
        file = keyring(files, *part)
        with counted() as statements:
            assert run.json("certificate", "import", people, file)["numbers"]["taken"] == len(part)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


@pytest.mark.deep
def test_ten_thousand(people: str, run: CommandLine, members: Members, encrypted: Any, files: Files) -> None:
    """Of ten thousand, some of them broken in each way, all of people on the list are taken, in few statements, and each other is named."""
    mine = crowd(members, encrypted, 600)
    others = [forge_usable(f"<x{number}@example.org>").public for number in range(9_397)]
    broken = forge_usable("<broken@example.org>").public
    blocks = [openpgp.armor(one, "PGP PUBLIC KEY BLOCK") for one in (*others[:5_000], *mine, *others[5_000:])]
    spoiled = openpgp.armor(broken, "PGP PUBLIC KEY BLOCK")
    blocks[17:17] = [openpgp.armor(broken[:-100], "PGP PUBLIC KEY BLOCK")]
    blocks[7_000:7_000] = [openpgp.armor(broken[:10] + bytes(40) + broken[50:], "PGP PUBLIC KEY BLOCK")]
    blocks.append(spoiled[:150] + b"!" + spoiled[151:])
    file = files.write("keyring.asc", b"".join(blocks))
    with counted() as statements:
        told = run("certificate", "import", people, file)
    assert told.exit_code == 0, told.output
    assert "600 certificates were taken on ant@example.com, of 10000." in told.stdout
    assert told.stdout.count("unreadable") >= 2
    assert told.stdout.count("Nobody on ant@example.com has one of its addresses") == len(others)
    assert f"Still without  {ANNE}" in told.stdout
    assert told.stderr.splitlines()[-1].startswith("Read 999")
    assert len(statements) < 100
