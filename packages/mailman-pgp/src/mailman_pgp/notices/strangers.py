"""What a stranger is told of their post: encrypted to the certificate that came with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys.vault import VaultError
from mailman_pgp.notices.answering import answer_at_key, answer_by, tell_at_key
from mailman_pgp.notices.refusing import answered_as
from mailman_pgp.openpgp import CertificateError, FanOutError, OpenPGPError, inspect, require_usable

if TYPE_CHECKING:
    from mailman_pgp.i18n import Text
    from mailman_pgp.posts.record import Record


@public
def answer_stranger(mlist: Any, record: Record, certificate: bytes, template: str, **words: str | Text) -> None:
    """Tell the author of a post what becomes of it, as far as they may be answered; in the clear where nothing can be encrypted to the certificate.

    :param record: What is known of the post.
    :param certificate: What came with it, binary.
    """
    if record.automatic:
        return
    key = inspect(certificate)
    try:
        require_usable(key, record.author)
    except CertificateError:
        answer_by(mlist, record.author, template, record.message_id, answered_as(record), **words)
        return
    try:
        answer_at_key(mlist, record.author, key, template, record.message_id, **words)
    except FanOutError:
        # Usable by our records, and refused by the library that encrypts: their post goes on all the same.
        answer_by(mlist, record.author, template, record.message_id, None, **words)


@public
def reject_stranger(mlist: Any, record: Record, certificate: bytes, comment: str) -> bool:
    """Tell the author of a post that a moderator has rejected it, and why; a machine is told nothing.

    :param record: What is known of the post.
    :param certificate: What came with it, binary.
    :param comment: The moderator's words, which leave encrypted only.
    :return: Whether all is said; nothing is where nothing can be encrypted to the certificate, or signed by the list.
    """
    if record.automatic:
        return True
    try:
        key = inspect(certificate)
        require_usable(key, record.author)
        tell_at_key(mlist, record.author, key, "rejected", record.message_id, comment=comment)
    except (OpenPGPError, VaultError):
        return False
    return True
