"""Newer copies, revocations and certifications, as gpg makes them, by mail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conversations import armored as in_armor
from conversations import clear, clear_texts, questions, tell
from correspondents import Club, Correspondent
from dialogue import answer, letter, question_for, until_program_says
from programs import Gpg, binary

from mailman_pgp.openpgp import dearmor, inspect
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import EncryptedList

pytestmark = pytest.mark.peer


@pytest.fixture
def club(encrypted_list: EncryptedList, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list of the test's own, whose members use other programs."""
    made = Club(encrypted_list, lambda: tmp_path_factory.mktemp("p"))
    yield made
    made.close()


@pytest.fixture
def greta(club: Club) -> Correspondent:
    """A member who uses gpg."""
    return club.member("gpg")


def gpg_of(greta: Correspondent) -> Gpg:
    assert isinstance(greta.program, Gpg)
    return greta.program


def exported(greta: Correspondent) -> bytes:
    """Their certificate as gpg exports it now, binary."""
    return binary(gpg_of(greta)("--armor", "--export", greta.fingerprint).stdout)


def stored(greta: Correspondent) -> Any:
    """What the list knows of their certificate, as `certificate show --json` says."""
    return json.loads(
        greta.person.list.pgp("certificate", "show", greta.person.list.address, greta.person.address, "--json")
    )


def until_told(greta: Correspondent, text: str) -> None:
    """Wait until the list has told them something, in the clear."""
    until(lambda: any(text in " ".join(found.split()) for found in clear_texts(greta.person)), text)


def test_refresh_of_an_extended_key(greta: Correspondent) -> None:
    """A new end counts at once, without a question."""
    gpg_of(greta)("--quick-set-expire", greta.fingerprint, "2y")
    tell(greta.person, clear(greta.person, subject="key refresh", attached=exported(greta)))
    until_program_says(greta, "What its key says of itself counts from now on")
    expires = inspect(exported(greta)).expires
    assert expires is not None
    assert stored(greta)["certificate"]["expires"] == f"{expires.isoformat(timespec='seconds')}Z"


def test_refresh_with_a_new_subkey(greta: Correspondent) -> None:
    """The list encrypts to a new subkey at once."""
    gpg_of(greta)("--quick-add-key", greta.fingerprint, "cv25519", "encr", "never")
    tell(greta.person, clear(greta.person, subject="key refresh", attached=exported(greta)))
    until_program_says(greta, "What its key says of itself counts from now on")
    known = dearmor(stored(greta)["certificate"]["armored"].encode())
    assert sum(packet.tag == Tag.PUBLIC_SUBKEY for packet in walk(known)) == 2


def test_refresh_of_somebody_unknown(club: Club) -> None:
    """The answer to a stranger is the one to a member."""
    sue = club.list.person("Sue")
    tell(sue, clear(sue, subject="key refresh", attached=sue.key.certificate))
    (answer,) = until(lambda: clear_texts(sue), "the answer")
    assert "if the list knows that key" in " ".join(answer.split())
    assert "Sue" not in club.list.pgp("certificate", "list", club.list.address)


def revocation(greta: Correspondent) -> bytes:
    """The revocation certificate that gpg makes beside each key, armored."""
    (path,) = (gpg_of(greta).home / "openpgp-revocs.d").glob("*.rev")
    # A colon keeps it from being used by accident; a person takes it away.
    _, _, block = path.read_text().partition(":-----BEGIN")
    return f"-----BEGIN{block}".encode()


def revoked_copy(greta: Correspondent) -> bytes:
    """Their certificate with the revocation in it, armored."""
    gpg_of(greta)("--import", data=revocation(greta))
    return in_armor(exported(greta)).encode()


@pytest.mark.parametrize("made", [revocation, revoked_copy])
@pytest.mark.parametrize("form", ["attached", "in the text"])
def test_revoke(greta: Correspondent, made: Callable[[Correspondent], bytes], form: str) -> None:
    """Gpg's revocation alone, or a revoked copy, ends a key at once, whoever sends it."""
    block = made(greta)
    mallory = greta.person.list.person("Mallory")
    message = clear(mallory, f"key revoke\n\n{block.decode()}" if form == "in the text" else "key revoke")
    if form == "attached":
        message = clear(mallory, "key revoke", attached=binary(block))
    tell(mallory, message)
    until(lambda: clear_texts(mallory), "the answer")
    assert stored(greta)["problem"] == "revoked"
    until_told(greta, "Your key is revoked, as it says itself.")


def certified(greta: Correspondent) -> bytes:
    """The list's certificate with a certification by gpg, binary."""
    gpg = gpg_of(greta)
    gpg("--import", data=greta.person.list.certificate)
    own = inspect(greta.person.list.certificate).fingerprint
    gpg("--quick-sign-key", own)
    return binary(gpg("--armor", "--export", own).stdout)


def sign_key(greta: Correspondent) -> None:
    """Send the list its certificate with a certification, and answer the question if one comes."""
    tell(greta.person, letter(greta, "key sign", attached=certified(greta)))


def test_sign(club: Club, greta: Correspondent) -> None:
    """With `key_sign_by=members` the list gives out its certificate with a member's certification, which gpg finds good."""
    club.list.pgp("set", club.list.address, "key_sign_by=members")
    sign_key(greta)
    tell(greta.person, answer(greta, question_for(greta)))
    until_program_says(greta, "From now on the list gives out its certificate with your certification.")
    sue = club.list.person("Sue")
    tell(sue, clear(sue, "key get"))
    (kept,) = sue.mail()
    (file,) = [part for part in kept.message.walk() if part.get_content_type() == "application/pgp-keys"]
    gpg = gpg_of(greta)
    own = inspect(club.list.certificate).fingerprint
    gpg("--delete-keys", own)
    gpg("--import", data=file.get_payload(decode=True))
    checked = gpg("--with-colons", "--check-signatures", own).stdout.decode()
    assert any(line.startswith("sig:!") and greta.fingerprint[-16:] in line for line in checked.splitlines())


def test_sign_where_owners_do(greta: Correspondent) -> None:
    """By default the certifications of owners are taken only; a member is told so before anybody is asked."""
    sign_key(greta)
    until_program_says(greta, "The owners of this list do not take certifications from you.")
    assert questions(greta.person) == []


def test_sign_without_the_certificate(club: Club, greta: Correspondent) -> None:
    """The answer says to attach it."""
    club.list.pgp("set", club.list.address, "key_sign_by=members")
    tell(greta.person, letter(greta, "key sign"))
    until_program_says(greta, "There was no copy of the list's certificate with this command.")
