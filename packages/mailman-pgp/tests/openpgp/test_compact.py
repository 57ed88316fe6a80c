"""What is kept of a certificate to encrypt to it: as little as the library takes for the same."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from copies import TEXT, of, opened, parts
from keys import CERTIFY, DAY, ENCRYPT, SIGN, Forged, Key, Lacking, forge, forge_usable, now

from mailman_pgp import openpgp
from mailman_pgp.openpgp.fanout import Recipient, fan_out
from mailman_pgp.openpgp.key_packets import sort
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import pkesk_recipient

if TYPE_CHECKING:
    from others import Member

    from mailman_pgp.openpgp import Certificate
    from mailman_pgp.openpgp.listkeys import ListSecretKey

ANNE = "anne@example.com"


def reduced(certificate: bytes) -> tuple[Certificate, Certificate]:
    """A certificate as a worker has read it, and what is found in its compact form."""
    whole = openpgp.read_certificate(certificate)
    return whole, openpgp.inspect(whole.compact)


def copied(whole: Certificate, signer: ListSecretKey, *others: Recipient) -> openpgp.Copy:
    """The copy that is made by the compact form."""
    usability = whole.usability
    one = Recipient(ANNE, whole.compact, usability.recipients, usability.seipd, whole.fingerprint)
    return next(copy for copy in fan_out(TEXT, [one, *others], signer) if copy.address == ANNE)


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA])
def test_each_kind_of_key(kind: KeyKind, anne: Member, list_signer: ListSecretKey) -> None:
    """It is the same key, usable in the same way for the same time, without its other subkeys; its person opens what is made by it."""
    made = MemberKey.generate(f"Anne <{ANNE}>", kind)
    whole, small = reduced(made.certificate)
    assert len(small.data) < 0.7 * len(whole.data)
    assert (small.fingerprint, small.expires, small.usability.recipients, small.usability.seipd) == (
        whole.fingerprint,
        whole.expires,
        whole.usability.recipients,
        whole.usability.seipd,
    )
    assert {one.fingerprint for one in sort(small.data).subkeys} < {one.fingerprint for one in sort(whole.data).subkeys}
    assert opened(copied(whole, list_signer, *of(anne)), made.secret, list_signer) == TEXT


def test_nothing_but_user_ids_speaks_for_the_key(list_signer: ListSecretKey) -> None:
    """As GnuPG makes keys: one user ID stays, and of each part the newest signature."""
    made = forge_usable("Anne <old@example.com>")
    made.user_id(f"Anne <{ANNE}>", usage=CERTIFY | SIGN)
    for age in (30, 20, 10):
        made.user_id(f"Anne <{ANNE}>", at=now() - age * DAY, usage=CERTIFY | SIGN)
        made.bind(made.subkeys[0].key, ENCRYPT, at=now() - age * DAY)
    made.bind(Key.signing(now() - DAY), SIGN)
    whole, small = reduced(made.public)
    assert len(small.user_ids) == 1
    assert [len(one.signatures) for one in (*sort(small.data).user_ids, *sort(small.data).subkeys)] == [1, 1]
    assert opened(copied(whole, list_signer), made.secret, list_signer) == TEXT


def test_the_user_id_that_says_when_it_ends() -> None:
    """Of several that which speaks for the whole key stays: the key ends when it did."""
    made = forge("Anne <old@example.com>")
    made.user_id(f"Anne <{ANNE}>", at=now() - 10 * DAY, lifetime=130 * DAY)
    made.bind(Key.encrypting(made.primary.created), ENCRYPT)
    whole, small = reduced(made.public)
    assert whole.expires is not None
    assert small.expires == whole.expires
    assert [user_id.address for user_id in small.user_ids] == [ANNE]


def test_all_subkeys_that_are_encrypted_to(two_keys: Forged, list_signer: ListSecretKey) -> None:
    """Both stay, since nobody knows which one its person has at hand; dead ones, and those of unknown kinds, go."""
    expected = {subkey.key.key_id for subkey in two_keys.subkeys}
    made = dataclasses.replace(two_keys, subkeys=[*two_keys.subkeys])
    made.revoke_subkey(made.bind(Key.encrypting(now() - 2 * DAY), ENCRYPT), at=now() - DAY)
    made.bind(Lacking.encrypting(now() - DAY), ENCRYPT)
    whole, small = reduced(made.public)
    assert {subkey.key_id for subkey in sort(small.data).subkeys} == expected
    assert {pkesk_recipient(key) for key in parts(copied(whole, list_signer))[0]} == expected


def test_a_newest_signature_that_does_not_count(list_signer: ListSecretKey) -> None:
    """Where the library goes by an older one, as policy refuses the newest, all stays as it is."""
    made = forge_usable(f"Anne <{ANNE}>")
    made.digest = "sha1"
    made.bind(made.subkeys[0].key, ENCRYPT, at=now() - DAY)
    whole = openpgp.read_certificate(made.public)
    assert whole.compact == whole.data
    assert opened(copied(whole, list_signer), made.secret, list_signer) == TEXT


def test_who_says_nothing_of_seipdv2(anne: Member, list_signer: ListSecretKey) -> None:
    """They are still not written it, though the library would."""
    made = Forged(Key.signing(now() - DAY))
    made.user_id(f"Anne <{ANNE}>", usage=CERTIFY | SIGN, says=b"")
    made.bind(Key.encrypting(now() - DAY), ENCRYPT)
    made.bind(Key.signing(now() - DAY), SIGN)
    whole, small = reduced(made.public)
    assert len(small.data) < len(whole.data)
    (_key,), seipd = parts(copied(whole, list_signer, *of(anne)))
    assert seipd.body[0] == 1


@pytest.mark.parametrize("code", [None, 2])
def test_a_revocation_of_a_subkey_stays(code: int | None) -> None:
    """A subkey that was revoked and bound anew is what the library says it is, in both forms."""
    made = forge_usable(f"Anne <{ANNE}>")
    key = made.subkeys[0].key
    made.revoke_subkey(key, at=now() - 5 * DAY, code=3)
    made.bind(key, ENCRYPT, at=now() - DAY)
    whole = openpgp.read_certificate(made.public)
    assert whole.usability.usable
    made.revoke_subkey(key, at=now() - DAY // 2, code=code)
    assert not openpgp.inspect(made.public).usability.usable
    assert len(sort(whole.compact).subkeys[0].signatures) == 2


def test_what_is_of_no_use() -> None:
    """Of what is revoked, or has ended, there is no form to encrypt to."""
    revoked, ended = forge_usable(f"Anne <{ANNE}>"), forge_usable(f"Anne <{ANNE}>", lifetime=50 * DAY)
    revoked.revoke(at=now() - DAY)
    for made in (revoked, ended):
        assert openpgp.read_certificate(made.public).compact == b""
