"""What a key says against itself is recorded, whoever brings it, and nothing is encrypted to it from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import (
    CERTIFY,
    COMPROMISED,
    DAY,
    ENCRYPT,
    POSITIVE,
    REVOKE_KEY,
    SIGN,
    Forged,
    Key,
    forge_usable,
    now,
    signature,
)
from others import Gpg
from others import run as run_program

from mailman_pgp import openpgp
from mailman_pgp.keys import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine, Members

ANNE, BART = "anne@example.com", "bart@example.com"


@pytest.fixture
def anne(encrypted: Any, members: Members, run: CommandLine) -> Forged:
    """The key of a member, whose certificate counts."""
    members.add(encrypted, ANNE)
    made = forge_usable(f"Anne <{ANNE}>")
    run.ok("certificate", "add", encrypted.list_id, ANNE, typed=made.public)
    return made


def served(mlist: Any) -> list[str]:
    """The fingerprints that a post to Anne is encrypted to."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised

    return [recipient.fingerprint for recipient in look_up(mlist.list_id, [ANNE]).recipients]


def without_user_ids(made: Forged) -> bytes:
    """The certificate as key servers give it away that don't know whether its owner wants to be found."""
    return Forged(made.primary, direct=made.direct, subkeys=made.subkeys).public


def test_revoked_copy(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """Posts are encrypted no longer to a key that was stolen and revoked; the answer and its status say so."""
    anne.revoke(at=now() - 10, code=COMPROMISED)
    for _ in range(2):  # saying it again does no harm
        done = run("certificate", "add", encrypted.list_id, ANNE, typed=anne.public)
        assert (done.exit_code, done.stderr) == (3, "")
        assert "Recorded: the certificate is revoked. Nothing is encrypted to it any more." in done.stdout
        assert "Ask them for a new certificate" in done.stdout
        assert served(encrypted) == []
    answer = run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=anne.public)
    assert (answer["outcome"], answer["problem"], answer["unserved"]) == ("recorded", "revoked", [ANNE])
    assert run.json("certificate", "show", encrypted.list_id, ANNE)["problem"] == "revoked"
    new = forge_usable(f"<{ANNE}>")
    assert run.json("certificate", "add", encrypted.list_id, ANNE, typed=new.public)["outcome"] == "replaced"
    assert served(encrypted) == [new.fingerprint]


def test_revoked_copy_without_user_ids(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """A copy that has lost its user IDs still tells that it is revoked."""
    anne.revoke(at=now() - 10)
    run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=without_user_ids(anne))
    assert served(encrypted) == []


def test_revoked_subkey_without_user_ids(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """So it does of a subkey, and when there is another, posts go on to that one."""
    second = anne.bind(Key.encrypting(now() - DAY), ENCRYPT)
    run.ok("certificate", "add", encrypted.list_id, ANNE, typed=anne.public)
    anne.revoke_subkey(anne.subkeys[0].key, at=now() - 10)
    assert run.json("certificate", "add", encrypted.list_id, ANNE, typed=without_user_ids(anne))["outcome"] == "updated"
    found = registry.current(encrypted.list_id, ANNE)
    assert found is not None
    assert found.usability.recipients == (second.key_id,)


def test_shortened_life(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """A key whose owner let it end gets nothing."""
    anne.user_id(f"Anne <{ANNE}>", at=now() - 10, lifetime=99 * DAY, usage=CERTIFY | SIGN)
    answer = run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=anne.public)
    assert answer["problem"] == "expired"
    assert served(encrypted) == []


def test_other_lists_learn_of_it(encrypted: Any, anne: Forged, make_list: Any, run: CommandLine) -> None:
    """A revocation that is brought to one list counts on all, also where the one that brings it is refused."""
    other = make_list("bee")
    run.ok("enable", other.list_id)
    anne.revoke(at=now() - 10)
    sentence = run.refused("certificate", "add", other.list_id, ANNE, typed=anne.public)
    assert "This public key has been revoked" in sentence
    assert served(encrypted) == []
    assert registry.current(other.list_id, ANNE) is None


@pytest.mark.parametrize("bare", [False, True])
def test_another_list_can_not_leave_it_no_room(
    encrypted: Any, anne: Forged, make_list: Any, run: CommandLine, *, bare: bool
) -> None:
    """An owner of another list who has filled up a copy of the certificate with junk keeps no revocation out."""
    other = make_list("bee")
    run.ok("enable", other.list_id)
    bloated = replace(anne, user_ids=[*anne.user_ids])
    data = anne.primary.hashed + b"junk"
    certified = signature(anne.primary, POSITIVE, data, at=now() - DAY)  # of something else
    bloated.user_ids += [("x" * 200 + str(number), [certified]) for number in range(700)]
    assert len(bloated.public) > 200_000
    run.ok("certificate", "add", other.list_id, ANNE, typed=bloated.public)
    stored = registry.current(other.list_id, ANNE)
    assert stored is not None
    assert stored.data == openpgp.inspect(anne.public).data
    anne.revoke(at=now() - 10)
    typed = anne.direct[0] if bare else anne.public
    run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=typed)
    assert served(encrypted) == []


def test_everybody_who_uses_the_key_is_named(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """A key may count for two addresses; brought for one of them, or for a third, its revocation tells of both."""
    anne.user_id(f"Anne <{BART}>")
    run.ok("certificate", "add", encrypted.list_id, BART, typed=anne.public)
    anne.revoke(at=now() - 10)
    answer = run.json("certificate", "add", encrypted.list_id, "cris@example.com", status=3, typed=anne.public)
    assert answer["unserved"] == [ANNE, BART]


def test_revoked_user_id(encrypted: Any, anne: Forged, run: CommandLine) -> None:
    """Who gives up an address but not the key goes on being served; the refusal says how to end that."""
    anne.user_id("Anne <new@example.com>")
    anne.revoke_user_id(f"Anne <{ANNE}>", at=now() - 10)
    sentence = run.refused("certificate", "add", encrypted.list_id, ANNE, typed=anne.public)
    assert "and carries new@example.com. The same key counts for anne@example.com already" in sentence
    assert f"`mailman pgp certificate remove {encrypted.list_id} {ANNE}` ends that." in sentence
    assert served(encrypted) == [anne.fingerprint]


@pytest.mark.parametrize("kind", ["PGP PUBLIC KEY BLOCK", "PGP SIGNATURE", "binary"])
def test_revocation_alone(encrypted: Any, anne: Forged, run: CommandLine, kind: str) -> None:
    """The signature that revokes a known key is enough, under whichever name it comes."""
    anne.revoke(at=now() - 10)
    (alone,) = anne.direct
    typed = alone if kind == "binary" else openpgp.armor(alone, kind)
    assert run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=typed)["problem"] == "revoked"
    assert served(encrypted) == []


def bad_revocations() -> dict[str, Any]:
    """Revocations that revoke nothing: each made of Anne's key and another one."""

    def claimed(anne: Forged, other: Key) -> bytes:
        made = signature(other, REVOKE_KEY, anne.primary.hashed, at=now() - 10)
        made = made.replace(bytes.fromhex(other.fingerprint), bytes.fromhex(anne.fingerprint))
        return made.replace(bytes.fromhex(other.key_id), bytes.fromhex(anne.primary.key_id))

    return {
        "of another's making": lambda anne, other: signature(other, REVOKE_KEY, anne.primary.hashed, at=now() - 10),
        "with a false name": claimed,
        "of an unknown key": lambda _anne, other: signature(other, REVOKE_KEY, other.hashed, at=now() - 10),
        "of another key": lambda anne, other: signature(anne.primary, REVOKE_KEY, other.hashed, at=now() - 10),
        "without a name": lambda anne, other: signature(
            other, REVOKE_KEY, anne.primary.hashed, at=now() - 10, issuer=False
        ),
    }


@pytest.mark.parametrize("kind", bad_revocations())
def test_revocation_that_fits_nothing(encrypted: Any, anne: Forged, run: CommandLine, kind: str) -> None:
    """A revocation that no known key has made is refused with a sentence, and revokes nothing."""
    alone = bad_revocations()[kind](anne, Key.signing(now() - DAY))
    typed = openpgp.armor(alone, "PGP PUBLIC KEY BLOCK")
    sentence = run.refused("certificate", "add", encrypted.list_id, ANNE, typed=typed)
    assert "it fits no public key that is known here. Import it (gpg --import)" in sentence
    error = run.json("certificate", "add", encrypted.list_id, ANNE, status=1, typed=typed)["error"]
    assert error["code"] == "only-a-revocation"
    assert served(encrypted) == [anne.fingerprint]


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    """GnuPG with an empty home."""
    home: Path = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    yield Gpg(home)
    run_program(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


@pytest.mark.peer
def test_revocations_by_gpg(encrypted: Any, members: Members, run: CommandLine, gpg: Gpg) -> None:
    """What `gpg --gen-revoke` writes revokes by itself, and so does the key that it was imported into."""
    members.add(encrypted, ANNE)
    for imported in (False, True):
        gpg("--quick-generate-key", f"<{ANNE}>", "future-default", "default", "never")
        public = gpg("--armor", "--export", ANNE).stdout
        run.ok("certificate", "add", encrypted.list_id, ANNE, typed=public)
        (fingerprint,) = served(encrypted)
        answers = b"y\n1\n\ny\n"  # really; compromised; no text; that is right
        batchless = [gpg.program, "--homedir", gpg.home, "--no-tty", "--yes", "--command-fd", "0", "--status-fd", "2"]
        unlocked = ["--pinentry-mode", "loopback", "--passphrase", ""]
        revocation = run_program([*batchless, *unlocked, "--armor", "--gen-revoke", fingerprint], answers).stdout
        assert b"BEGIN PGP PUBLIC KEY BLOCK" in revocation
        if imported:
            gpg("--import", data=revocation)
            revocation = gpg("--armor", "--export", fingerprint).stdout
        answer = run.json("certificate", "add", encrypted.list_id, ANNE, status=3, typed=revocation)
        assert (answer["problem"], answer["certificate"]["fingerprint"]) == ("revoked", fingerprint)
        assert served(encrypted) == []
        gpg("--delete-secret-and-public-key", fingerprint)
