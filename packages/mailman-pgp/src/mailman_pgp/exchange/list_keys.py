"""A list gets another key: a new one, or one that exists already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import exists, select

from mailman_pgp import openpgp
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import succession, vault
from mailman_pgp.lists.encryption import addresses_of, one_at_a_time
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice
from mailman_pgp.openpgp import SECRET_KEY_SENTENCES, CertificateProblem, ListKeyError, NewListKey, Profile

if TYPE_CHECKING:
    from mailman_pgp.keys.succession import Succession


@public
@dataclass(frozen=True, slots=True)
class Brought:
    """A key from elsewhere, made a list's.

    :ivar left_out: The texts of the user IDs that it had for others.
    :ivar rsa: Whether a part of it is RSA.
    """

    key: NewListKey
    left_out: tuple[str, ...]
    rsa: bool


@public
def succeed(
    mlist: Any,
    new: NewListKey | None,
    overlap_days: int,
    follows: str | None = None,
    *,
    profile: Profile | None = None,
) -> Succession:
    """Let a key follow the one that a list has, one that is made now where none is given; the caller commits.

    :param profile: Of which kind the one that is made is to be; None for that of the one of now.
    :param follows: The fingerprint of the key that whoever asks has seen; None for the one that it has as this begins.
    :raises Refusal: when the list has another one by now; or one whose kind is made nowhere here, and none was named.
    :raises mailman_pgp.keys.vault.VaultError: when the list has no key, or it can't be opened.
    :raises mailman_pgp.openpgp.ListKeyError: when the current key can't say what it has to.
    """
    current = vault.certificate(mlist.list_id)
    made = new or openpgp.generate(
        mlist.display_name, addresses_of(mlist), profile=profile or _same_kind(mlist, current.certificate)
    )
    one_at_a_time(mlist.list_id)
    if (follows or current.fingerprint) != vault.certificate(mlist.list_id).fingerprint:
        raise Refusal(
            "another-certificate",
            f"{mlist.fqdn_listname} has another key by now, so nothing was changed. Look at it again.",
        )
    return succession.succeed(mlist.list_id, made, overlap_days)


def _same_kind(mlist: Any, certificate: bytes) -> Profile:
    """The kind that stays what it is; one that protects less is to be nobody's choice unawares."""
    kind = openpgp.profile_of(certificate)
    if kind is Profile.V6 and openpgp.is_post_quantum(certificate):
        raise Refusal(
            "no-such-kind",
            f"The key of {mlist.fqdn_listname} is of version 6 and post-quantum, and none like it is made here, so nothing was changed. Say "
            f"which kind is to follow: with `mailman pgp list-key rotate {mlist.list_id} --profile post-quantum` mail to the list stays out of "
            "reach of quantum computers; or import another key.",
        )
    return kind


@public
def brought(mlist: Any, secret: bytes, *, allow_rsa: bool) -> Brought:
    """Make a secret key from `mailman_pgp.openpgp.read_secret_key` that of a list; nothing is stored.

    :raises mailman_pgp.keys.vault.VaultError: when it is that of another list, or of a person.
    :raises mailman_pgp.openpgp.ListKeyError: RSA when it may not be, and as `mailman_pgp.openpgp.adopt`.
    """
    rsa = openpgp.holds_rsa(secret)
    if rsa and not allow_rsa:
        raise ListKeyError(CertificateProblem.RSA, SECRET_KEY_SENTENCES[CertificateProblem.RSA])
    key, left_out = openpgp.adopt(secret, mlist.display_name, addresses_of(mlist))
    _not_taken(mlist, key.certificate.fingerprint)
    return Brought(key, left_out, rsa)


def _not_taken(mlist: Any, fingerprint: str) -> None:
    owner = vault.owner_of(fingerprint)
    if owner == mlist.list_id:
        raise vault.VaultError(
            f"{mlist.fqdn_listname} has this key already, or had it. `mailman pgp list-key show {owner}` names its keys.",
        )
    if owner is not None:
        raise vault.VaultError(
            f"This is the key of {owner}. Mail to the one list could be sent to the other by whoever carries it: each needs a key of its own.",
        )
    if store().scalar(select(exists().where(Choice.fingerprint == fingerprint, Choice.until.is_(None)))):
        raise vault.VaultError(
            "This is the key of somebody who is on a list. What they sign would be the list's word: a list needs a key of its own.",
        )
