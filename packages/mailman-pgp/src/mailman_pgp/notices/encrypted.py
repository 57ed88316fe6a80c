"""Notices that are encrypted when they are written, so that not even a queue holds what they say.

For what is secret (a code that confirms something), and for readers who are not looked up when it leaves: the certificate that
somebody offers, or the one that has counted until now.
"""

from __future__ import annotations

import email
from dataclasses import dataclass
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.email.message import Message
from public import public

from mailman_pgp.keys import vault
from mailman_pgp.lists.outward import outward_for
from mailman_pgp.mime import encrypted_notice, outer_message
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import ListSecretKey, Recipient, fan_out
from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from email.mime.base import MIMEBase

    from mailman_pgp.openpgp import Certificate


@public
def reader(address: str, certificate: Certificate) -> Recipient:
    """Somebody who is to read a notice, by a certificate that can be encrypted to now (`require_usable`)."""
    usability = certificate.usability
    return Recipient(address.lower(), certificate.data, usability.recipients, usability.seipd, certificate.fingerprint)


@public
def letter(sender: str, subject: str, text: str, attachments: Iterable[MIMEBase] = ()) -> MIMEMultipart:
    """What a notice says: a text from one of the list's addresses, which is the one that is answered."""
    written = MIMEMultipart("mixed")
    written["From"] = sender
    written["Subject"] = " ".join(subject.split())
    written["Date"] = formatdate()
    written["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    written["Auto-Submitted"] = "auto-replied"
    written.attach(MIMEText(wrapped(text)))
    for attachment in attachments:
        written.attach(attachment)
    return written


@public
@dataclass(frozen=True, slots=True, repr=False)
class Hand:
    """Who signs and encrypts the notices of a list: its keys, looked up once however many are written; kept no longer than needed."""

    mlist: Any
    signer: ListSecretKey
    certificate: bytes

    @classmethod
    def of(cls, mlist: Any) -> Hand:
        """That of a list now.

        :raises mailman_pgp.keys.vault.VaultError: when it can sign nothing.
        """
        signer = ListSecretKey(vault.current_secret(mlist.list_id))
        return cls(mlist, signer, vault.certificate(mlist.list_id).certificate)

    def encrypted(self, written: MIMEMultipart, one: Recipient) -> bytes:
        """A notice as it leaves (CRLF), signed, and encrypted to one reader.

        :param written: From `letter`.
        :raises mailman_pgp.openpgp.OpenPGPError: when it can't be encrypted to them.
        """
        (copy,) = fan_out(encrypted_notice(written, one.address), [one], self.signer)
        outer = outer_message(outward_for(self.mlist, written, str(written["from"]), certificate=self.certificate))
        return b"".join((outer.head, copy.head, copy.tail, outer.foot))


@public
def send_encrypted(
    mlist: Any, written: MIMEMultipart, readers: Sequence[Recipient], *, while_it_counts: bool = False
) -> None:
    """Sign a notice, encrypt it to each reader, and queue what came of it.

    :param written: From `letter`.
    :param while_it_counts: Whether it may leave only as long as their certificates are those that count for them.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be encrypted to one of them; then none is sent.
    """
    hand = Hand.of(mlist)
    # One by one: each notice says to whom it goes, inside the encryption.
    for one in readers:
        config.switchboards["out"].enqueue(
            email.message_from_bytes(hand.encrypted(written, one), Message),
            listid=mlist.list_id,
            recipients=[one.address],
            **Record(kind=Kind.ENCRYPTED, reader=one.fingerprint if while_it_counts else "").to_kws(),
        )
