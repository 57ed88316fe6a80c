"""To whom an archive is encrypted: the certificates that the owners have named, or else the list's own.

Where some are named the list's key is not among them: the server can't open such an archive, and need not have what opens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from public import public
from sqlalchemy import delete, select

from mailman_pgp import openpgp
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import vault
from mailman_pgp.model.database import insert_once, now, store
from mailman_pgp.model.tables import ArchiveReader
from mailman_pgp.openpgp import Recipient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from mailman_pgp.openpgp import Certificate

#: Each costs a session key in every message.
MOST = 20


@public
@dataclass(frozen=True, slots=True)
class Readers:
    """Those to whom an archive is encrypted now, and the named ones who are left out, by fingerprint with the reason."""

    recipients: tuple[Recipient, ...]
    problems: dict[str, str]


@public
def named(list_id: str) -> list[Certificate]:
    """The certificates that the owners have named, in the order in which they did."""
    query = select(ArchiveReader.certificate).where(ArchiveReader.list_id == list_id)
    return [openpgp.inspect(data) for data in store().scalars(query.order_by(ArchiveReader.since))]


@public
def readers(list_id: str) -> Readers:
    """To whom a post is encrypted for the archive now.

    :raises mailman_pgp.keys.vault.VaultError: when nobody is named, and the list has no key.
    """
    certificates = named(list_id) or [openpgp.inspect(vault.certificate(list_id).certificate)]
    recipients, problems = [], {}
    for known in certificates:
        usability = known.usability
        if usability.usable:
            recipients.append(
                Recipient(known.fingerprint, known.data, usability.recipients, usability.seipd, known.fingerprint)
            )
        else:
            problems[known.fingerprint] = str(usability.problem)
    return Readers(tuple(recipients), problems)


@public
def add(mlist: Any, certificate: Certificate) -> bool:
    """Name one more, or put a newer form of a certificate in the place of the one that is named; the caller commits.

    :return: Whether it is a new one.
    :raises Refusal: when there are too many.
    :raises mailman_pgp.openpgp.CertificateError: when it is a new one, and nothing can be encrypted to it.
    """
    known = [one.fingerprint for one in named(mlist.list_id)]
    if certificate.fingerprint in known:
        row = store().get_one(ArchiveReader, (mlist.list_id, certificate.fingerprint))
        # Also where it says that the certificate is revoked.
        row.certificate = openpgp.merge(row.certificate, certificate.data).data
        return False
    openpgp.require_usable(certificate)
    if len(known) >= MOST:
        raise Refusal("too-many", f"An archive is encrypted to {MOST} certificates at most. Remove one first.")
    insert_once(
        ArchiveReader,
        list_id=mlist.list_id,
        fingerprint=certificate.fingerprint,
        certificate=certificate.data,
        since=now(),
    )
    return True


@public
def remove(list_id: str, fingerprint: str) -> bool:
    """Name one less; the caller commits.  Return whether it was named."""
    query = delete(ArchiveReader).where(ArchiveReader.list_id == list_id, ArchiveReader.fingerprint == fingerprint)
    return bool(store().execute(query).rowcount)  # type: ignore[attr-defined]  # the library's type is too wide


def described(problems: dict[str, str]) -> Sequence[str]:
    """What is wrong with whom, for a log."""
    return [f"{fingerprint} ({problem})" for fingerprint, problem in problems.items()]
