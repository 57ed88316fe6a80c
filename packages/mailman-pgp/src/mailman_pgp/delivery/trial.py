"""A test message to one member, by the very way of posts: composed, sealed and queued as they are, and looked up and encrypted then."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from email.mime.text import MIMEText
from email.utils import make_msgid
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.email.message import Message
from public import public

from mailman_pgp.delivery import chunks
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.delivery.recipients import candidate
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.i18n import _, language_of, using
from mailman_pgp.keys import vault
from mailman_pgp.lists import administrators
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.model.database import now
from mailman_pgp.notices.answering import may_answer
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import reasons
from mailman_pgp.posts.composition import compose_own
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import seal_delivery

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Actor

log = logging.getLogger("mailman.vette")


@public
@dataclass(frozen=True, slots=True)
class Trial:
    """A test message that was put on its way.

    :ivar message_id: By this the ledger tells what became of it.
    :ivar fingerprint: That of the certificate which counts for its reader now.
    """

    address: str
    message_id: str
    fingerprint: str


@public
def send_test(mlist: Any, address: str, actor: Actor) -> Trial:
    """Send a member (their address in lower case) a test message; the caller commits.

    :raises Refusal: with the reason for which this member gets nothing.
    :raises mailman_pgp.keys.vault.VaultError: when the list has no key.
    """
    fingerprint = _reader(mlist, address)
    if not may_answer(mlist, address, Answered.TEST):
        raise Refusal(
            "answered-too-often",
            f"{address} was sent as many test messages as one person is sent in a day. Ask them about those, or try again tomorrow.",
        )
    message_id = make_msgid(domain=mlist.mail_host)
    composed = compose_own(mlist, _entity(mlist, address, fingerprint), message_id)
    claim = f"test {secrets.token_hex(16)}"
    record = Record(
        kind=Kind.POST,
        author=mlist.owner_address,
        message_id=message_id,
        claim=claim,
        chunk=chunks.name(mlist.list_id, claim, [address]),
        outer=composed.outer,
    )
    delivery = seal_delivery(Message(), mlist.list_id, record, composed.payload)
    entry = {"recipients": [address], "verp": True, **record.to_kws()}
    config.switchboards["out"].enqueue(delivery, entry, listid=mlist.list_id)
    log.info(
        "%s: a test message was sent to %s%s",
        mlist.fqdn_listname,
        address,
        f", asked by {actor.by}" if actor.by else "",
    )
    return Trial(address, message_id, fingerprint)


def _reader(mlist: Any, address: str) -> str:
    """The fingerprint of the certificate to which it will be encrypted; raises Refusal when a post would not reach them."""
    key = vault.certificate(mlist.list_id)
    if key.expires is not None and key.expires <= now():
        raise Refusal(
            "list-key",
            f"The key of {mlist.fqdn_listname} has expired, so nobody gets anything. Let it live longer: mailman pgp list-key extend "
            f"{mlist.list_id}",
        )
    if key.revoked:
        raise Refusal(
            "list-key",
            f"The key of {mlist.fqdn_listname} was revoked, so nobody gets anything, and its mail waits. Give the list another one: "
            f"mailman pgp list-key rotate {mlist.list_id}",
        )
    member = candidate(mlist, address)
    if member is None:
        if not administrators.is_on(mlist, address) or mlist.members.get_member(address) is None:
            raise Refusal(
                "not-a-member",
                f"{address} is not a member of {mlist.fqdn_listname}, so posts don't go there. Name an address that `mailman members "
                f"{mlist.list_id}` shows.",
            )
        raise Refusal(
            "no-delivery",
            f"Delivery is switched off for {address} on {mlist.fqdn_listname}, by them, by an owner, or after bounces. Switch it "
            "on in their membership's options.",
        )
    if is_ours(address):
        raise Refusal(
            "is-a-list", f"{address} is a list of this Mailman, and would post the test. Send one to a member of it."
        )
    found = look_up(mlist.list_id, [address])
    problem = "digest-mode" if member.digest and not mlist.digests_enabled else found.problems.get(address)
    if problem is not None:
        reason = reasons.unserved(problem)
        raise Refusal(
            "gets-nothing", f"{address} gets nothing from {mlist.fqdn_listname}: {reason.words}. {reason.mend}"
        )
    return found.recipients[0].fingerprint


def _entity(mlist: Any, address: str, fingerprint: str) -> bytes:
    """What it says, in the language of its reader."""
    with using(language_of(mlist, address)):
        subject = _("A test message of {list}").format(list=mlist.display_name)
        text = _(
            "This is a test message to you alone, from the owners of the encrypted mailing list {address}.\n\nYou can read it, so "
            "posts reach you: it was encrypted to your key and signed by the list, as they are. The key that counts for "
            "you:\n\n    {fingerprint}\n\nIs it not yours, or was the signature not good? Then tell {owner}. There is nothing else "
            "to do; a reply to this message would go to the list."
        ).format(address=mlist.posting_address, owner=mlist.owner_address, fingerprint=grouped(fingerprint))
    entity = MIMEText(wrapped(text))
    entity.set_param("hp", "cipher")
    entity["Subject"] = subject
    return entity.as_bytes()
