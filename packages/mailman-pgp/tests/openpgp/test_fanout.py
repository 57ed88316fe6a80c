"""One post to many members: each gets a complete message, which they can open and which tells of nobody else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pysequoia
import pytest
from copies import TEXT, of, opened, parts, recipient
from keys import CERTIFY, DAY, ENCRYPT, SIGN, Forged, Key, Lacking, forge_usable, now

from mailman_pgp.openpgp.fanout import fan_out
from mailman_pgp.openpgp.packets import pkesk_recipient, walk

if TYPE_CHECKING:
    from others import Member, Peer

    from mailman_pgp.openpgp.listkeys import ListSecretKey, NewListKey


@pytest.fixture
def everybody(anne: Member, bart: Member, cris: Member, dora: Member) -> list[Member]:
    """Members with all kinds of keys."""
    return [anne, bart, cris, dora]


def test_everybody_opens_their_own_copy(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """Each gets the payload byte for byte, signed by the list, whatever the kind of key."""
    copies = {copy.address: copy for copy in fan_out(TEXT, of(*everybody), list_signer)}
    assert copies.keys() == {member.address for member in everybody}
    for member in everybody:
        assert opened(copies[member.address], member.secret, list_signer) == TEXT


def test_a_copy_tells_of_nobody_else(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """It holds the session key for its recipient alone."""
    wanted = {one.address: list(one.recipients) for one in of(*everybody)}
    for copy in fan_out(TEXT, of(*everybody), list_signer):
        keys, _seipd = parts(copy)
        assert [pkesk_recipient(key) for key in keys] == wanted[copy.address]


def test_nobody_else_opens_it(anne: Member, bart: Member, list_key: NewListKey, list_signer: ListSecretKey) -> None:
    """Another member's key does not open it, nor does the list's."""
    copy, _other = fan_out(TEXT, of(anne, bart), list_signer)
    for secret in (bart.secret, list_key.secret):
        with pytest.raises(RuntimeError):
            opened(copy, secret, list_signer)


def test_each_of_two_subkeys_opens_the_copy(two_keys: Forged, anne: Member, list_signer: ListSecretKey) -> None:
    """A member with two encryption subkeys gets both session keys, because nobody knows which one they have at hand."""
    recipients = [recipient("eva@example.com", two_keys.public), *of(anne)]
    eva, annes = fan_out(TEXT, recipients, list_signer)
    assert {pkesk_recipient(key) for key in parts(eva)[0]} == {subkey.key.key_id for subkey in two_keys.subkeys}
    assert len(parts(annes)[0]) == 1
    for subkey in two_keys.subkeys:
        alone = dataclasses.replace(two_keys, subkeys=[subkey])
        assert opened(eva, alone.secret, list_signer) == TEXT


def test_a_subkey_of_an_unknown_kind_is_passed_over(anne: Member, list_signer: ListSecretKey) -> None:
    """Who has one beside another opens the copy with that, and takes nothing from anybody else."""
    made = forge_usable("eva@example.com")
    made.bind(Lacking.encrypting(made.primary.created), ENCRYPT)
    eva, annes = fan_out(TEXT, [recipient("eva@example.com", made.public), *of(anne)], list_signer)
    known = dataclasses.replace(made, subkeys=made.subkeys[:1])
    assert opened(eva, known.secret, list_signer) == TEXT
    assert opened(annes, anne.secret, list_signer) == TEXT


def test_session_keys_are_assigned_by_key_id(
    anne: Member, bart: Member, two_keys: Forged, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order the library writes them, each goes to its owner."""
    encrypt = pysequoia.encrypt

    def reversed_keys(*args: object, **kwargs: object) -> bytes:
        message = encrypt(*args, **kwargs)
        *keys, seipd = walk(message)
        return b"".join(message[one.start : one.end] for one in [*reversed(keys), seipd])

    monkeypatch.setattr(pysequoia, "encrypt", reversed_keys)
    recipients = [*of(anne, bart), recipient("eva@example.com", two_keys.public)]
    one, two, three = fan_out(TEXT, recipients, list_signer)
    assert opened(one, anne.secret, list_signer) == TEXT
    assert opened(two, bart.secret, list_signer) == TEXT
    assert opened(three, two_keys.secret, list_signer) == TEXT


def test_versions_of_encrypted_data_do_not_mix(everybody: list[Member], list_signer: ListSecretKey) -> None:
    """Who takes SEIPDv2 gets it, who does not gets SEIPDv1, and no session key serves both."""
    bodies: dict[int, set[bytes]] = {1: set(), 2: set()}
    for copy in fan_out(TEXT, of(*everybody), list_signer):
        keys, seipd = parts(copy)
        assert {key.body[0] for key in keys} == {3 if seipd.body[0] == 1 else 6}
        bodies[seipd.body[0]].add(seipd.body)
    assert {version: len(found) for version, found in bodies.items()} == {1: 1, 2: 1}


def test_who_says_nothing_gets_what_everybody_reads(anne: Member, list_signer: ListSecretKey) -> None:
    """The library would write SEIPDv2 to who does not say what their program reads, also where nobody else is in the group."""
    silent = Forged(Key.signing(now() - DAY))
    silent.user_id("eva@example.com", usage=CERTIFY | SIGN, says=b"")
    key = silent.bind(Key.encrypting(now() - DAY), ENCRYPT)
    for others in ([], of(anne)):
        eva, *_ = fan_out(TEXT, [recipient("eva@example.com", silent.public), *others], list_signer)
        keys, seipd = parts(eva)
        assert [(one.body[0], pkesk_recipient(one)) for one in keys] == [(3, key.key_id)]
        assert seipd.body[0] == 1
        assert opened(eva, silent.secret, list_signer) == TEXT


@pytest.mark.parametrize("times", [1, 7])
def test_one_encryption_per_feature_group(
    everybody: list[Member], list_signer: ListSecretKey, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The post is signed and encrypted once for those who take SEIPDv2, once for the others, however many they are."""
    recipients = [one._replace(address=f"{n}{one.address}") for one in of(*everybody) for n in range(times)]
    list(fan_out(TEXT, recipients, list_signer))  # so that nothing is made for the first time
    encrypt, calls = pysequoia.encrypt, []

    def counted(*args: object, **kwargs: object) -> bytes:
        calls.append(args[0])
        return bytes(encrypt(*args, **kwargs))

    monkeypatch.setattr(pysequoia, "encrypt", counted)
    assert len(list(fan_out(TEXT, recipients, list_signer))) == len(recipients)
    assert calls == [TEXT, TEXT]
    calls.clear()
    alike = [one for one in recipients if one.seipd == 1]
    assert len(list(fan_out(TEXT, alike, list_signer))) == len(alike)
    assert calls == [TEXT]


def test_one_certificate_may_serve_two_addresses(anne: Member, list_signer: ListSecretKey) -> None:
    """Each address gets a copy, and the certificate is encrypted to once."""
    one, two = fan_out(
        TEXT,
        [recipient("anne@example.com", anne.certificate), recipient("a@example.com", anne.certificate)],
        list_signer,
    )
    assert [len(parts(copy)[0]) for copy in (one, two)] == [1, 1]
    assert opened(two, anne.secret, list_signer) == TEXT


def test_an_adopted_subkey_takes_nothing_from_its_owner(list_signer: ListSecretKey) -> None:
    """Anybody can bind another's encryption subkey to their own certificate: both still get what they can open."""
    victim, thief = forge_usable("victim@example.com"), forge_usable("thief@example.com")
    thief.bind(victim.subkeys[0].key, ENCRYPT)
    recipients = [recipient("victim@example.com", victim.public), recipient("thief@example.com", thief.public)]
    one, two = fan_out(TEXT, recipients, list_signer)
    assert opened(one, victim.secret, list_signer) == TEXT
    own = dataclasses.replace(thief, subkeys=thief.subkeys[:1])
    assert opened(two, own.secret, list_signer) == TEXT
    with pytest.raises(RuntimeError):
        opened(one, own.secret, list_signer)


def test_nobody_is_nobody(list_signer: ListSecretKey) -> None:
    """Without recipients there are no copies."""
    assert list(fan_out(TEXT, [], list_signer)) == []


def test_a_copy_shows_no_content(anne: Member, list_signer: ListSecretKey) -> None:
    """Its representation is the address and two sizes."""
    (copy,) = fan_out(TEXT, of(anne), list_signer)
    assert repr(copy) == f"Copy('anne@example.com', {len(copy.head)} + {len(copy.tail)} bytes)"


def in_lf(text: bytes) -> bytes:
    """Text as gosop shows it, after it verified it as it is."""
    return text.replace(b"\r\n", b"\n")


@pytest.mark.peer
@pytest.mark.parametrize("length", range(3))
def test_other_programs_open_every_copy(
    other: Peer, length: int, anne: Member, two_keys: Forged, list_signer: ListSecretKey
) -> None:
    """gpg, sq, rnp, sqop and gosop: wherever the base64 ends, and with two session keys; the signature is good."""
    payload = TEXT + b"x" * length
    recipients = [*of(anne), recipient("eva@example.com", two_keys.public)]
    annes, evas = fan_out(payload, recipients, list_signer)
    for copy, secret in ((annes, anne.secret), (evas, two_keys.secret)):
        done = other.open(copy.head + copy.tail, secret, list_signer.certificate_data)
        assert (in_lf(done.content), done.good) == (in_lf(payload), True)


@pytest.mark.peer
@pytest.mark.parametrize("length", range(3))
def test_other_programs_open_copies_for_rsa(other: Peer, length: int, rita: Member, list_signer: ListSecretKey) -> None:
    """The same for RSA, whose session keys are longer."""
    payload = TEXT + b"x" * length
    (copy,) = fan_out(payload, of(rita), list_signer)
    done = other.open(copy.head + copy.tail, rita.secret, list_signer.certificate_data)
    assert (in_lf(done.content), done.good) == (in_lf(payload), True)
