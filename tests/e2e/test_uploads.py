"""Certificates that may not be added: from the shell, each has its sentence and its status, and nothing is changed."""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keys import DAY, ENCRYPT, Forged, Key, forge, forge_usable, now, packet

from mailman_pgp.openpgp import armor

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from people import EncryptedList, Person

pytestmark = pytest.mark.deep

MIB = 1 << 20
CERTIFICATE, SECRET = "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK"


def revoked(address: str) -> bytes:
    made = forge_usable(f"<{address}>")
    made.revoke(at=now() - DAY)
    return made.public


def with_an_expired_subkey(address: str) -> bytes:
    made = forge(f"<{address}>")
    made.bind(Key.encrypting(now() - 100 * DAY), ENCRYPT, lifetime=DAY)
    return made.public


def with_a_forged_user_id(address: str) -> bytes:
    made = forge_usable("<bart@example.com>")
    made.forged_user_id(f"<{address}>")
    return made.public


def with_a_revoked_user_id(address: str) -> bytes:
    made = forge_usable("<bart@example.com>")
    made.user_id(f"<{address}>")
    made.revoke_user_id(f"<{address}>", at=now() - DAY)
    return made.public


def with_many_user_ids(address: str) -> bytes:
    """A certificate that grew in the way of the one that stopped key servers."""
    made = forge_usable(f"<{address}>")
    raw = made.user_ids[0][1][0]
    made.user_ids[0][1].extend([raw] * (3 * MIB // len(raw)))
    made.user_ids += [(f"Anne {number} <{address}>", [raw] * 100) for number in range(100)]
    return made.public


UPLOADS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "secret": (lambda address: armor(forge_usable(f"<{address}>").secret, SECRET), "secret-key"),
    "secret-binary": (lambda address: forge_usable(f"<{address}>").secret, "secret-key"),
    "secret-labelled-public": (lambda address: armor(forge_usable(f"<{address}>").secret, CERTIFICATE), "secret-key"),
    "secret-behind-public": (
        lambda address: forge_usable(f"<{address}>").public + forge_usable("<b@example.com>").secret,
        "secret-key",
    ),
    "expired": (lambda address: forge_usable(f"<{address}>", lifetime=DAY).public, "expired"),
    "revoked": (revoked, "revoked"),
    "no-encryption": (lambda address: forge(f"<{address}>").public, "no-encryption-subkey"),
    "expired-subkey": (with_an_expired_subkey, "no-encryption-subkey"),
    "sha1": (lambda address: forge_usable(f"<{address}>", digest="sha1").public, "refused-by-policy"),
    "several": (lambda address: forge_usable(f"<{address}>").public * 2, "several-keys"),
    "keyring": (
        lambda address: b"".join(forge_usable(f"{n} <{address}>").public for n in range(101)),
        "several-keys",
    ),
    "nothing": (lambda _: b"", "no-key"),
    "letter": (lambda _: "Grüße, here is my key".encode("latin-1"), "no-key"),
    "message": (lambda _: armor(b"\xd2\x01\x01", "PGP MESSAGE"), "no-key"),
    "another-address": (lambda _: forge_usable("<bart@example.com>").public, "wrong-address"),
    "forged-user-id": (with_a_forged_user_id, "wrong-address"),
    "revoked-user-id": (with_a_revoked_user_id, "wrong-address"),
    "address-as-name": (lambda address: forge_usable(f"{address} <bart@example.com>").public, "wrong-address"),
    "not-yet-valid": (lambda address: forge_usable(f"<{address}>", age=-10 * DAY).public, "not-yet-valid"),
    "cut-off": (lambda address: forge_usable(f"<{address}>").public[:-40], "broken"),
    "rubbish-binary": (lambda _: b"\x99" + bytes(range(256)) * 10, "broken"),
    "rubbish-armored": (lambda _: armor(bytes(range(256)), CERTIFICATE), "broken"),
    "zeros": (lambda _: bytes(MIB), "no-key"),
    "huge-text": (lambda _: b"My key follows.\n" * MIB, "too-large"),
    "huge-key": (with_many_user_ids, "too-large"),
    "huge-packet": (lambda address: forge_usable(f"<{address}>").public + packet(17, bytes(9 * MIB)), "too-large"),
}


@pytest.fixture
def anne(encrypted_list: EncryptedList) -> Person:
    """A member whose certificate counts."""
    return encrypted_list.member("Anne")


def add(person: Person, file: Path | str, *more: str) -> CompletedProcess[str]:
    """``mailman pgp certificate add``."""
    arguments = ("certificate", "add", person.list.address, person.address, str(file))
    return person.list.sandbox.mailman_quickly("pgp", *arguments, *more)


def state(person: Person) -> object:
    """What is known of a person's certificates, and that of everybody on the list."""
    known = json.loads(person.list.pgp("certificate", "show", person.list.address, person.address, "--json"))
    return known, json.loads(person.list.pgp("certificate", "list", person.list.address, "--json"))


def test_each_bad_upload_has_its_sentence(anne: Person, tmp_path: Path) -> None:
    """Status 1 and one sentence, with ``--json`` the same and a code, for each kind; what counted before still counts."""
    before = state(anne)
    sentences: dict[str, set[str]] = {}
    for kind, (make, code) in UPLOADS.items():
        file = tmp_path / f"{kind}.asc"
        file.write_bytes(make(anne.address))
        done, as_json = add(anne, file), add(anne, file, "--json")
        assert (done.returncode, done.stdout) == (1, ""), kind
        assert done.stderr.startswith(f"Nothing was added from {file}. "), kind
        error = json.loads(as_json.stdout)["error"]
        assert (as_json.returncode, error) == (1, {"code": code, "sentence": done.stderr.rstrip("\n")}), kind
        assert "Traceback" not in done.stderr + as_json.stderr, kind
        sentences.setdefault(code, set()).add(done.stderr.partition(". ")[2].partition(" It is meant for")[0])
    assert state(anne) == before
    # One sentence for each code, and each code another one.
    assert all(len(said) == 1 for said in sentences.values()), sentences
    assert len(set.union(*sentences.values())) == len(sentences) >= 9
    logs = anne.list.sandbox.logs()
    assert "PRIVATE KEY" not in logs
    # The same way a good one is taken.
    file = tmp_path / "good"
    file.write_bytes(forge_usable(f"<{anne.address}>").public)
    assert add(anne, file).returncode == 0
    assert state(anne) != before


def test_script_ends_with_the_status(anne: Person, tmp_path: Path) -> None:
    """The stock `mailman` script, from a shell: 1 for a refused certificate, 2 for a mistake, 0 for a good certificate.

    3 when it is revoked, which is recorded although core's script rolls back what ends with another status than 0.
    """
    file = tmp_path / "upload"
    words = ("pgp", "certificate", "add", anne.list.address, anne.address, str(file))
    file.write_bytes(forge_usable(f"<{anne.address}>", lifetime=DAY).public)
    done = anne.list.sandbox.mailman(*words, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "expired")
    file.unlink()
    assert anne.list.sandbox.mailman(*words).returncode == 2
    made = forge_usable(f"<{anne.address}>")
    file.write_bytes(made.public)
    done = anne.list.sandbox.mailman(*words)
    assert (done.returncode, done.stderr) == (0, "")
    made.revoke(at=now() - DAY)
    file.write_bytes(made.public)
    done = anne.list.sandbox.mailman(*words)
    assert (done.returncode, done.stderr) == (3, "")
    shown = json.loads(anne.list.pgp("certificate", "show", anne.list.address, anne.address, "--json"))
    assert shown["problem"] == "revoked"


class Raw(str):
    """A user ID of any bytes."""

    __slots__ = ("raw",)
    raw: bytes

    def encode(self, *_: object, **__: object) -> bytes:
        """The bytes."""
        return self.raw


def with_user_id(raw: bytes) -> Forged:
    """A certificate whose user ID is these bytes."""
    text = Raw("x")
    text.raw = raw
    return forge_usable(text)


@pytest.mark.parametrize(
    "name",
    [
        "Änne Größe".encode("latin-1"),
        "\x1b[31mAnne\x1b]0;owned\x07\r\n\u202e\u2066 \x00\x9b2J".encode(),
        b"\xf0\x9f\x98\x80 \xff\xfe",
    ],
    ids=["latin-1", "terminal", "half-utf-8"],
)
def test_names_in_strange_bytes(anne: Person, tmp_path: Path, name: bytes) -> None:
    """A name that is not UTF-8, or holds control characters, does no harm: nothing of it steers the terminal."""
    file = tmp_path / "upload"
    before = state(anne)
    made = with_user_id(name + b" <" + anne.address.encode() + b">")
    file.write_bytes(made.public)
    answers = [add(anne, file), add(anne, file, "--json")]
    shown = [
        anne.list.sandbox.mailman_quickly("pgp", *words)
        for words in (
            ("certificate", "show", anne.list.address, anne.address),
            ("certificate", "list", anne.list.address),
            ("status", anne.list.address),
        )
    ]
    for done in (*answers, *shown):
        text = done.stdout + done.stderr
        assert "Traceback" not in text
        assert not [char for char in text if unicodedata.category(char).startswith("C") and char != "\n"]
    assert {done.returncode for done in answers} == {0} or state(anne) == before


def test_file_names_in_strange_bytes(anne: Person, tmp_path: Path) -> None:
    """A file whose name is not UTF-8 or holds control characters, and one that is not there, are told in a sentence.

    Once by the stock script, which reads the name from its command line; that takes much longer.
    """
    script, quickly = anne.list.sandbox.mailman, anne.list.sandbox.mailman_quickly
    for name in (b"\xff\xfe.asc", b"\x1b[31m.asc", "\u202egpj.asc".encode()):
        path = os.fsencode(tmp_path) + b"/" + name
        for exists in (False, True):
            if exists:
                Path(os.fsdecode(path)).write_bytes(b"")
            for more in ((), ("--json",)):
                run = script if (name[0], exists, more) == (0xFF, True, ()) else quickly
                done = run("pgp", "certificate", "add", anne.list.address, anne.address, os.fsdecode(path), *more)
                assert done.returncode == (1 if exists else 2), done.stderr
                text = done.stdout + done.stderr
                assert "Traceback" not in text
                assert not [char for char in text if unicodedata.category(char).startswith("C") and char != "\n"]


def test_what_is_no_file(anne: Person, tmp_path: Path) -> None:
    """A directory, a file that nobody may open, a link to nowhere: mistakes, with status 2."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for file in (tmp_path, link, tmp_path / "x" / "y", Path("/proc/self/mem")):
        done = add(anne, file)
        assert done.returncode == 2, done.stderr
        assert f"{file} can't be read" in done.stderr
    # A stream without end is read as far as a certificate could be long.
    done = add(anne, "/dev/zero")
    assert (done.returncode, "too large" in done.stderr) == (1, True), done.stderr


def test_named_pipe(anne: Person, tmp_path: Path) -> None:
    """A certificate from a named pipe, as shells make them for <(…), is added."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    made = forge_usable(f"<{anne.address}>")
    writer = threading.Thread(target=pipe.write_bytes, args=(made.public,))
    writer.start()
    done = add(anne, pipe)
    writer.join()
    assert done.returncode == 0, done.stderr
