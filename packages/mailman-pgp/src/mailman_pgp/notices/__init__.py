"""Our own notices: the only mail that may leave an encrypted list for somebody without a certificate.

A notice is a template of ours with addresses, reasons and the list's certificate in it, never anything derived from a
post.  The queue entry names its template, and delivery lets nothing else out (`mailman_pgp.delivery.notes`).
"""

from __future__ import annotations

from email.encoders import encode_7or8bit
from email.mime.application import MIMEApplication
from email.mime.text import MIMEText
from typing import Any

from mailman.config import config
from mailman.email.message import UserNotification
from mailman.interfaces.listmanager import IListManager
from mailman.runners.lmtp import split_recipient
from public import public
from zope.component import getUtility

from mailman_pgp.delivery import ledger
from mailman_pgp.keys import vault
from mailman_pgp.notices.templates import TEMPLATES
from mailman_pgp.openpgp import armor, grouped
from mailman_pgp.posts.problems import sentence_for
from mailman_pgp.posts.record import Kind, Record


@public
def may_answer(mlist: Any, address: str) -> bool:
    """Whether a person's message may be answered by a notice: not to a list, and not too often in a day.

    A forged From makes our answers somebody else's unwanted mail, so there is a limit (core's own setting).
    """
    if _is_ours(address):
        return False
    limit = int(config.mta.max_autoresponses_per_day)
    return limit == 0 or ledger.refused_today(mlist.list_id, address) < limit


def _is_ours(address: str) -> bool:
    """Whether mail to an address would come to a list of this Mailman, in any of its roles."""
    lists = getUtility(IListManager)
    name, _, domain = split_recipient(address)
    return any(lists.get_by_fqdn(listname) is not None for listname in (address, f"{name}@{domain}"))


@public
def send_refusal(mlist: Any, address: str, problem: str, in_reply_to: str | None) -> None:
    """Tell the sender of a message why it was refused, and what to do."""
    _send(mlist, address, "refusal", in_reply_to, reason=sentence_for(problem, mlist.owner_address))


@public
def send_help(mlist: Any, address: str, in_reply_to: str | None) -> None:
    """Tell how to use the list."""
    _send(mlist, address, "help", in_reply_to)


@public
def send_command_closed(mlist: Any, address: str, in_reply_to: str | None) -> None:
    """Tell that commands by mail are closed."""
    _send(mlist, address, "command-closed", in_reply_to)


@public
def send_skipped(mlist: Any, address: str, reason: str) -> None:
    """Tell a member that posts can't be sent to them, and why."""
    _send(mlist, address, "skipped", None, reason=skipped_sentence(reason))


@public
def send_too_large(mlist: Any, author: str, message_id: str | None) -> None:
    """Tell the author of a post that it is larger than the site's mail server takes."""
    if author and not _is_ours(author):
        _send(mlist, author, "too-large", message_id)


@public
def send_missed(mlist: Any, address: str) -> None:
    """Tell a member that the mail server did not take a post for them, for so long that it was given up."""
    _send(mlist, address, "missed", None)


@public
def send_undelivered(mlist: Any, reason: str) -> None:
    """Tell the owners that a post did not reach everybody; `reason` is what the ledger holds."""
    _send(mlist, mlist.owner_address, "undelivered", None, reason=_UNDELIVERED[reason])


@public
def send_waiting(mlist: Any, address: str) -> None:
    """Tell somebody without a certificate that there is something the list may send them only encrypted."""
    _send(mlist, address, "waiting", None)


@public
def skipped_sentence(reason: str) -> str:
    """Why a member gets no posts, as a sentence; `reason` is what the ledger holds."""
    return _SKIPPED.get(reason, "Your certificate can't be used for encryption at present.")


_SKIPPED = {
    "no-certificate": "The list has no certificate of yours.",
    "expired": "Your certificate has expired. Extend it in your mail program, and send it to the list's owners.",
    "revoked": "Your certificate is revoked. Send your new one to the list's owners.",
    "no-encryption-subkey": "Your certificate has no key for encryption that is valid now.",
    "refused-by-policy": "Your certificate uses algorithms that are no longer safe (SHA-1, for example). Please make a new one.",
    "not-yet-valid": "Your certificate is not valid yet; its date lies in the future.",
    "wrong-address": "Your certificate does not name your address.",
    "suspended": "The owners of the list have suspended your certificate.",
    "digest-mode": "You chose digests, and an encrypted list makes none. Ask the owners to set your delivery to single messages.",
    "refused-by-library": "Your certificate could not be used for encryption. Please send the owners a fresh copy of it.",
}

_UNDELIVERED = {
    "too-large-for-server": (
        "It is larger than this site's mail server takes, and was not tried again. Its author was told. Either the mail "
        "server may take larger messages, or the list's max_message_size should be so much smaller that such a post is "
        "refused when it comes in."
    ),
    "given-up": (
        "The mail server refused the copies of some members for as long as they are tried "
        "([mta] delivery_retry_period in mailman.cfg). Those members were told."
    ),
}


def _send(mlist: Any, address: str, template: str, in_reply_to: str | None, **words: str) -> None:
    subject, text = TEMPLATES[template]
    row = vault.certificate(mlist.list_id)
    words = {
        "list": mlist.display_name,
        "address": mlist.posting_address,
        "owner": mlist.owner_address,
        "request": mlist.request_address,
        "fingerprint": grouped(row.fingerprint),
        **words,
    }
    notice = UserNotification(address, mlist.owner_address, subject.format(**words), lang=mlist.preferred_language)
    notice.set_type("multipart/mixed")
    notice.attach(MIMEText(text.format(**words)))  # UTF-8 where it is not ASCII
    certificate = MIMEApplication(armor(row.certificate, "PGP PUBLIC KEY BLOCK"), "pgp-keys", encode_7or8bit)
    certificate.add_header("Content-Disposition", "attachment", filename=f"{mlist.list_name}.asc")
    notice.attach(certificate)
    notice["Auto-Submitted"] = "auto-replied"
    if in_reply_to:
        notice["In-Reply-To"] = in_reply_to.strip()
        notice["References"] = in_reply_to.strip()
    notice.send(mlist, **Record(kind=Kind.NOTICE, template=template).to_kws())
