"""A list key ends, and another one follows: what programs make of what the keys say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from others import LIST_ADDRESSES

from mailman_pgp import openpgp
from mailman_pgp.openpgp import ListKeyError, Reason
from mailman_pgp.openpgp.listkeys import NewListKey, generate

if TYPE_CHECKING:
    from others import Gpg, Rnp, Sq


@pytest.fixture(scope="module")
def successor() -> NewListKey:
    """The next key of the list."""
    return generate("Ants", LIST_ADDRESSES)


def with_vouching(old: NewListKey, new: NewListKey) -> bytes:
    """The certificate of the new one with what the old one has certified."""
    packets = openpgp.vouch(old.secret, new.certificate.data)
    return openpgp.with_vouching(new.certificate.data, packets)


def test_the_old_key_certifies_the_new_one(list_key: NewListKey, successor: NewListKey) -> None:
    """Each user ID, by signatures that anybody can verify."""
    offered = with_vouching(list_key, successor)
    found = openpgp.certifications(successor.certificate.data, offered, list_key.certificate.data)
    assert {one.user_id for one in found} == {f"Ants <{address}>" for address in LIST_ADDRESSES}
    assert {one.signer for one in found} == {list_key.certificate.fingerprint}


@pytest.mark.parametrize("reason", list(Reason))
def test_ended(list_key: NewListKey, reason: Reason) -> None:
    """A certificate with a revocation of each kind is revoked, for whoever has the one before too; nothing else is changed."""
    ended = openpgp.end(list_key.secret, list_key.certificate.data, reason, "Use the new one.")
    assert ended.revoked
    assert ended.fingerprint == list_key.certificate.fingerprint
    assert openpgp.merge(list_key.certificate.data, ended.data).revoked
    assert b"Use the new one." in ended.data


def test_no_key(list_key: NewListKey) -> None:
    """What is no secret key of ours can't say anything."""
    for secret in (b"", list_key.certificate.data):
        with pytest.raises(ListKeyError):
            openpgp.end(secret, list_key.certificate.data, Reason.RETIRED, "")
        with pytest.raises(ListKeyError):
            openpgp.vouch(secret, list_key.certificate.data)


@pytest.mark.peer
@pytest.mark.parametrize("reason", list(Reason))
def test_gpg_reads_it(gpg: Gpg, list_key: NewListKey, successor: NewListKey, reason: Reason) -> None:
    """GnuPG takes the certification as a good one, and the revocation with its words."""
    gpg("--import", data=list_key.certificate.data)
    gpg("--import", data=with_vouching(list_key, successor))
    checked = gpg("--with-colons", "--check-signatures", successor.certificate.fingerprint).stdout.splitlines()
    by_old = [line for line in checked if line.startswith(b"sig:") and list_key.certificate.key_id.encode() in line]
    assert len(by_old) == len(LIST_ADDRESSES)
    assert all(line.startswith(b"sig:!:") for line in by_old)
    gpg("--import", data=openpgp.end(list_key.secret, list_key.certificate.data, reason, "Use the new one.").data)
    shown = gpg("--with-colons", "--list-keys", list_key.certificate.fingerprint).stdout
    assert b"pub:r:" in shown


@pytest.mark.peer
def test_sq_and_rnp_read_it(sq: Sq, rnp: Rnp, list_key: NewListKey, successor: NewListKey) -> None:
    """So do Sequoia, which shows the reason, and Thunderbird's library."""
    ended = openpgp.end(list_key.secret, list_key.certificate.data, Reason.COMPROMISED, "Use the new one.").data
    shown = sq.run("inspect", data=ended).stdout
    assert b"Revoked" in shown
    assert b"Use the new one." in shown
    sq.run("inspect", data=with_vouching(list_key, successor))
    rnp.load(with_vouching(list_key, successor))
    rnp.load(ended)
    assert b"REVOKED" in rnp.list_keys()
