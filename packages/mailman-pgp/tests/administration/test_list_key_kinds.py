"""A list gets a key of an experimental kind: who decides it reads first what comes of it, and it is shown as what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pysequoia
import pytest
from others import made_of_version_6_and_ml_kem

from mailman_pgp import openpgp
from mailman_pgp.exchange import list_keys
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import vault
from mailman_pgp.lists import encryption
from mailman_pgp.openpgp import PRIVATE_KEY, Profile, armor, generate, hybrid, listkeys, profile_of, selfsign
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import packet
from mailman_pgp.openpgp.signingkeys import SigningKey

if TYPE_CHECKING:
    from conftest import CommandLine, Files
    from sqlalchemy.orm import Session

LIST = "ant.example.com"
MADE = 1_750_000_000
EXPERIMENTAL = ["v6", "post-quantum"]
PEOPLE = {
    "anne@example.com": KeyKind.CURVE25519,
    "bart@example.com": KeyKind.V6,
    "cris@example.com": KeyKind.POST_QUANTUM,
}
MAY_NOT = {"v6": "anne@example.com.", "post-quantum": "anne@example.com, bart@example.com."}


def kind(mlist: Any) -> Profile:
    """The kind of key that a list has."""
    return profile_of(vault.certificate(mlist.list_id).certificate)


@pytest.fixture
def people(encrypted: Any, run: CommandLine, files: Files) -> Any:
    """A list that knows a certificate of each of these people."""
    for address, of in PEOPLE.items():
        run.ok(
            "certificate",
            "add",
            LIST,
            address,
            files.write(address, MemberKey.generate(f"<{address}>", of).certificate),
        )
    return encrypted


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_a_list_that_begins_with_it(mlist: Any, run: CommandLine, profile: str) -> None:
    """With the consequences in the answer; each command that shows the list's key says its kind."""
    answer = run.json("enable", LIST, "--profile", profile, "--yes")
    assert (answer["list_key"]["profile"], kind(mlist)) == (profile, profile)
    assert "RNP (Thunderbird)" in " ".join(answer["warnings"])
    assert "knows no certificate of anybody yet" in answer["warnings"][-1]
    assert run.json("list-key", "show", LIST)["list_key"]["profile"] == profile
    assert run.json("status", LIST)["lists"][0]["list_key"]["profile"] == profile
    for command in (("list-key", "show", LIST), ("status", LIST)):
        assert "experimental: " in run(*command).stdout


def test_the_usual_kind_is_asked_nothing_about(mlist: Any, run: CommandLine) -> None:
    """Nobody reads of kinds who does not ask for one."""
    text = run.ok("enable", LIST)
    assert kind(mlist) is Profile.USUAL
    assert "experimental" not in text + run.ok("list-key", "show", LIST) + run(*("status", LIST)).stdout
    assert run.json("list-key", "rotate", LIST, "--profile", "usual")["warnings"] == []


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_it_asks(people: Any, run: CommandLine, profile: str) -> None:
    """What can't be done then, and by whom, stands above the question; with no answer but yes nothing is changed."""
    before = vault.certificate(LIST)
    result = run("list-key", "rotate", LIST, "--profile", profile, typed="n\n")
    assert result.exit_code == 1
    assert MAY_NOT[profile] in result.stderr
    assert "RNP (Thunderbird)" in result.stderr
    assert "Nothing was changed" in result.stderr
    assert vault.certificate(LIST) == before
    run.ok("list-key", "rotate", LIST, "--profile", profile, typed="y\n")
    assert kind(people) == profile


@pytest.mark.parametrize("command", [("enable", LIST), ("list-key", "rotate", LIST)], ids=["enable", "rotate"])
def test_a_program_has_to_say_yes(mlist: Any, run: CommandLine, command: tuple[str, ...]) -> None:
    """With --json nobody is asked; what it would do is in the sentence."""
    if command[0] != "enable":
        run.ok("enable", LIST)
    answer = run.json(*command, "--profile", "v6", status=2)
    assert answer["error"]["code"] == "confirmation"
    assert "--yes" in answer["error"]["sentence"]
    assert "GnuPG 2.2" in answer["error"]["sentence"]
    assert encryption.is_encrypted(mlist.list_id) is (command[0] != "enable")


def test_other_kinds_there_are_not(encrypted: Any, run: CommandLine) -> None:
    """A word that is none is a mistake in the command."""
    assert "post-quantum" in run.refused("list-key", "rotate", encrypted.list_id, "--profile", "rsa", status=2)


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_there_and_back(people: Any, run: CommandLine, store: Session, profile: str) -> None:
    """It stays what it is with the next key, until another kind is asked for; the usual one needs no yes."""
    run.ok("list-key", "rotate", LIST, "--profile", profile, "--yes")
    text = run.ok("list-key", "rotate", LIST)
    assert "experimental: " in text
    assert kind(people) == profile
    run.ok("list-key", "extend", LIST, "--years", "4")
    run.ok("list-key", "rotate", LIST, "--profile", "usual")
    store.expire_all()
    assert kind(people) is Profile.USUAL
    versions = {
        packet.body[0]
        for packet in openpgp.walk(openpgp.dearmor(run.ok("list-key", "export", LIST).encode()))
        if packet.tag == openpgp.Tag.SIGNATURE
    }
    assert versions == {4}


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_after_a_revoked_one(people: Any, run: CommandLine, files: Files, profile: str) -> None:
    """It is ended by itself and by what was kept elsewhere, and the one that follows is of its kind."""
    run.ok("list-key", "rotate", LIST, "--profile", profile, "--yes")
    path = str(files.directory / "kept.asc")
    run.ok("list-key", "revocation-certificate", LIST, "-o", path)
    run.ok("list-key", "revoke", LIST, "--certificate", path, "--yes")
    run.ok("list-key", "rotate", LIST)
    run.ok("list-key", "revoke", LIST, "--reason", "compromised", "--yes")
    run.ok("list-key", "rotate", LIST)
    assert kind(people) == profile


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_exported_and_brought(people: Any, run: CommandLine, files: Files, profile: str) -> None:
    """Such a key leaves under a passphrase; to bring one is asked about as to have one made."""
    run.ok("list-key", "rotate", LIST, "--profile", profile, "--yes")
    passphrase = files.write("passphrase", b"correct horse battery\n")
    (files.directory / "passphrase").chmod(0o600)
    path = str(files.directory / "out.asc")
    run.ok("list-key", "export", LIST, "--secret", "-o", path, "--passphrase-file", passphrase)
    assert openpgp.read_secret_key((files.directory / "out.asc").read_bytes(), b"correct horse battery") == (
        vault.current_secret(LIST)
    )
    other = generate("Ant", encryption.addresses_of(people), profile=Profile(profile))
    brought = files.write("brought.asc", armor(other.secret, PRIVATE_KEY))
    result = run("list-key", "import", LIST, brought, typed="n\n")
    assert result.exit_code == 1
    assert MAY_NOT[profile] in result.stderr
    assert vault.certificate(LIST).fingerprint != other.certificate.fingerprint
    answer = run.json("list-key", "import", LIST, brought, "--yes")
    assert answer["list_key"] == {
        "fingerprint": other.certificate.fingerprint,
        "expires": answer["list_key"]["expires"],
        "profile": profile,
    }
    assert answer["warnings"]


def of_both(mlist: Any) -> bytes:
    """A secret key for a list, from elsewhere: a usual one with a part of ML-KEM beside the others."""
    pairs = listkeys._drawn(pysequoia.Tsk.generate("x", profile=pysequoia.Profile.RFC4880), MADE)
    user_ids = listkeys.user_ids_of("Ant", encryption.addresses_of(mlist))
    public, secret = hybrid.generate(MADE)
    primary = SigningKey.from_packets(*pairs.certifying)
    bound = selfsign.binding(primary, public, selfsign.Flags.ENCRYPT, created=MADE)
    usual = listkeys._bound_anew(pairs, user_ids, MADE, 36500 * 86400)
    return usual + packet(openpgp.Tag.SECRET_SUBKEY, secret) + bound


def test_post_quantum_by_half(encrypted: Any, run: CommandLine, files: Files) -> None:
    """Of a key with ML-KEM in one part and not in another it is said what it is worth, before it becomes the list's."""
    brought = files.write("both.asc", armor(of_both(encrypted), PRIVATE_KEY))
    before = vault.certificate(LIST)
    result = run("list-key", "import", LIST, brought, typed="n\n")
    assert result.exit_code == 1
    assert "no post-quantum key" in result.stderr
    assert vault.certificate(LIST) == before
    assert "no post-quantum key" in run.json("list-key", "import", LIST, brought, status=2)["error"]["sentence"]
    answer = run.json("list-key", "import", LIST, brought, "--yes")
    assert answer["list_key"]["profile"] == "usual"
    assert "no post-quantum key" in answer["warnings"][0]


def test_less_than_the_one_of_now(encrypted: Any, run: CommandLine, files: Files) -> None:
    """A list that has a post-quantum key gets none that protects less by a file before somebody says yes to that."""
    other = generate("Ant", encryption.addresses_of(encrypted))
    brought = files.write("brought.asc", armor(other.secret, PRIVATE_KEY))
    run.ok("list-key", "rotate", LIST, "--profile", "post-quantum", "--yes")
    result = run("list-key", "import", LIST, brought, typed="n\n")
    assert result.exit_code == 1
    assert "The key of now is post-quantum, and this one is not" in result.stderr
    assert kind(encrypted) is Profile.POST_QUANTUM
    run.ok("list-key", "import", LIST, brought, typed="y\n")
    assert kind(encrypted) is Profile.USUAL


def test_another_key_while_it_asks(
    encrypted: Any, run: CommandLine, files: Files, monkeypatch: pytest.MonkeyPatch, store: Session
) -> None:
    """A yes is to what was asked about: where the list got a post-quantum key meanwhile, nothing takes its place."""
    other = generate("Ant", encryption.addresses_of(encrypted), profile=Profile.V6)
    brought = files.write("brought.asc", armor(other.secret, PRIVATE_KEY))
    confirm = click.confirm

    def meanwhile(*words: Any, **more: Any) -> bool:
        run.ok("list-key", "rotate", LIST, "--profile", "post-quantum", "--yes")
        return confirm(*words, **more)

    monkeypatch.setattr(click, "confirm", meanwhile)
    result = run("list-key", "import", LIST, brought, typed="y\n")
    assert "has another key by now" in result.stderr
    store.expire_all()
    assert kind(encrypted) is Profile.POST_QUANTUM


def test_a_kind_that_is_not_made_here(encrypted: Any, run: CommandLine, files: Files, store: Session) -> None:
    """Of version 6 with ML-KEM: no key that protects less follows unless it is named, and what it does is kept by another kind."""
    made = made_of_version_6_and_ml_kem("Ant", encryption.addresses_of(encrypted))
    brought = files.write("v6.asc", armor(made, PRIVATE_KEY))
    warnings = run.json("list-key", "import", LIST, brought, "--yes")["warnings"]
    assert any("do not know version 6" in one for one in warnings)
    assert any("Only programs that know ML-KEM" in one for one in warnings)
    before = vault.certificate(LIST)
    assert kind(encrypted) is Profile.V6
    assert "--profile post-quantum" in run.refused("list-key", "rotate", LIST)
    store.expire_all()
    assert vault.certificate(LIST) == before
    run.ok("list-key", "rotate", LIST, "--profile", "post-quantum", "--yes")
    assert kind(encrypted) is Profile.POST_QUANTUM


def test_another_kind_meanwhile(encrypted: Any, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lets a key follow without a word about kinds does not undo the kind that another one has chosen at the same moment."""
    generated = openpgp.generate

    def meanwhile(*words: Any, **more: Any) -> Any:
        monkeypatch.setattr(openpgp, "generate", generated)
        run.ok("list-key", "rotate", LIST, "--profile", "post-quantum", "--yes")
        return generated(*words, **more)

    monkeypatch.setattr(openpgp, "generate", meanwhile)
    with pytest.raises(Refusal, match="another key by now"):
        list_keys.succeed(encrypted, None, 7)
    assert kind(encrypted) is Profile.POST_QUANTUM
