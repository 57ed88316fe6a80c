"""Posts of people for whom no certificate counts on the list: by which key they are signed, where the post brings it.

Such a certificate proves nothing but that whoever wrote the post holds its secret key.  It is shown with the post, so that members
can answer, and what the list answers is encrypted to it; it counts for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys.suspensions import is_suspended
from mailman_pgp.mime import PayloadError, offered
from mailman_pgp.openpgp import (
    Certificate,
    CertificateError,
    OpeningError,
    for_address,
    read_certificates,
    require_usable,
)
from mailman_pgp.posts.reading import UnreadableError, read_encrypted

if TYPE_CHECKING:
    from email.message import Message

    from mailman_pgp.openpgp import SignatureVerdict
    from mailman_pgp.posts.reading import Read
    from mailman_pgp.posts.record import Record


@public
@dataclass(frozen=True, slots=True, repr=False)
class Brought:
    """A certificate that came with a post, which can be encrypted to, and the good signature of its key over all of the post.

    :ivar certificate: With the author's user IDs only: members' programs may take it for what it says that it is.
    """

    certificate: Certificate
    signature: SignatureVerdict


@public
def brought_by(mlist: Any, message: Message, read: Read, record: Record) -> Brought | None:
    """The certificate by which a stranger has signed a post, if it came with the post and names them.

    It may come in the header outside, too: whoever carries the post and puts another one there has not signed the post by it.

    :param read: What is in the post.
    """
    known = _certificates(read, message, record.author)
    if not read.verdicts or not known:
        return None
    try:
        again = read_encrypted(mlist, message, [certificate.data for certificate in known.values()], record.kind)
    except (UnreadableError, OpeningError):
        return None
    for verdict in again.verdicts:
        if verdict.good and verdict.fingerprint in known:
            if is_suspended(mlist.list_id, {record.author}, verdict.fingerprint):
                return None  # a member's who has left, perhaps stolen
            certificate = known[verdict.fingerprint]
            return Brought(replace(certificate, data=for_address(certificate.data, record.author)), verdict)
    return None


def _certificates(read: Read, message: Message, author: str) -> dict[str, Certificate]:
    """By fingerprint, those that name the author and can be encrypted to."""
    try:
        found = offered(read.payload, message, author)
    except PayloadError:
        return {}
    usable = {}
    for block in (*found.blocks, *([found.autocrypt] if found.autocrypt is not None else [])):
        try:
            for certificate in read_certificates(block):
                require_usable(certificate, author)
                usable[certificate.fingerprint] = certificate
        except CertificateError:
            continue
    return usable
