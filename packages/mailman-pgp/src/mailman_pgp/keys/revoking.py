"""A list's key is revoked: by itself, or by a revocation certificate that was kept elsewhere.

From then on nothing is opened or signed by it.  Where it is the current one the list waits, its mail in the queues, until it has another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.openpgp import CertificateError, CertificateProblem

if TYPE_CHECKING:
    from mailman_pgp.keys.vault import ListCertificate
    from mailman_pgp.openpgp import Certificate, Reason

_REVOKED = "The key {fingerprint} is revoked already."
_NONE = "The list {list_id} has no key {fingerprint}. `mailman pgp list-key show {list_id}` names those that it has."
_NOT_OURS = "This revokes no key of {list_id}: it is no revocation, or that of another key. Nothing was changed."


@public
def key_of(list_id: str, fingerprint: str | None) -> ListCertificate:
    """A key of a list, the current one when no fingerprint is given.

    :raises mailman_pgp.keys.vault.VaultError: when it has no such key.
    """
    if fingerprint is None:
        return vault.certificate(list_id)
    found = next((one for one in vault.certificates(list_id) if one.fingerprint == fingerprint), None)
    if found is None:
        raise vault.VaultError(_NONE.format(list_id=list_id, fingerprint=fingerprint))
    return found


@public
def revoke(before: ListCertificate, reason: Reason, words: str) -> None:
    """Revoke a key of a list by itself; the caller commits.

    :param words: What programs show to people beside the reason.
    :raises mailman_pgp.keys.vault.VaultError: when it is revoked already, or can't be opened.
    :raises mailman_pgp.openpgp.ListKeyError: when the key is of a kind that can't say it.
    """
    _not_yet(before)
    secret = vault.secret_of(before.list_id, before.fingerprint)
    vault.revoke(before, openpgp.end(secret, before.certificate, reason, words))


@public
def revoke_by(list_id: str, data: bytes) -> ListCertificate:
    """Revoke the key of a list that a revocation certificate is about, or a copy of its certificate that has one; return what it was.

    Its secret key is not needed.  The caller commits.

    :param data: Binary or armored.
    :raises mailman_pgp.keys.vault.VaultError: when it revokes no key of the list, or one that is revoked already.
    """
    for before in vault.certificates(list_id):
        made = _revoked_by(before, data)
        if made is not None:
            _not_yet(before)
            vault.revoke(before, made)
            return before
    raise vault.VaultError(_NOT_OURS.format(list_id=list_id))


def _revoked_by(before: ListCertificate, data: bytes) -> Certificate | None:
    try:
        return openpgp.revoke(before.certificate, openpgp.read_revocation(data))
    except CertificateError as error:
        if error.problem is not CertificateProblem.NO_KEY:
            return None
    try:
        offered = openpgp.read_certificate(data)
    except CertificateError:
        return None
    if offered.fingerprint != before.fingerprint or not offered.revoked:
        return None
    return openpgp.merge(before.certificate, offered.data)


def _not_yet(before: ListCertificate) -> None:
    if before.revoked:
        raise vault.VaultError(_REVOKED.format(fingerprint=before.fingerprint))
