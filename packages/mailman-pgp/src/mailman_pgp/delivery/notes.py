"""Notices: what an encrypted list sends to one person.

To a person with a certificate everything goes encrypted.  To a person without one only our own templates may leave, which
hold nothing from any post; core's notices are dropped, recorded, and the person is told that something waits.  Whatever
leaves is signed by the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.member import DeliveryStatus
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.delivery.smtp import Envelope, Outcome
from mailman_pgp.delivery.transport import Refusals, pipe, verp_sender
from mailman_pgp.keys import vault
from mailman_pgp.lists.outward import outward_for
from mailman_pgp.mime import encrypted_notice, outer_message, signed_notice
from mailman_pgp.notices import send_waiting
from mailman_pgp.notices.templates import TEMPLATES
from mailman_pgp.openpgp import FanOutError, ListSecretKey, Recipient, fan_out
from mailman_pgp.posts.sealed import SealedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailman_pgp.posts.record import Record


@public
def deliver_own(mlist: Any, msg: Any, msgdata: dict[str, Any], record: Record) -> None:
    """Send one of our own notices: encrypted where that is possible, signed in any case."""
    if record.template not in TEMPLATES:
        raise SealedError("A notice of an unknown template was about to leave. It is kept in the shunt queue.")
    _deliver(mlist, msg, msgdata, _people(mlist, msgdata["recipients"]), in_the_clear=True)


@public
def deliver_stock(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """Send a notice that core wrote: encrypted, or not at all."""
    _deliver(mlist, msg, msgdata, _people(mlist, msgdata["recipients"]), in_the_clear=False)


def _people(mlist: Any, recipients: Iterable[str]) -> list[str]:
    """The persons behind a notice's recipients.

    Core sends notices for owners to LIST-owner, which would come back as a new message from outside.  Here they go
    straight to the owners and moderators.
    """
    people: set[str] = set()
    for recipient in recipients:
        if recipient.lower() == mlist.owner_address.lower():
            people.update(
                admin.address.email
                for admin in mlist.administrators.members
                if admin.delivery_status == DeliveryStatus.enabled
            )
        else:
            people.add(recipient)
    return sorted(people)


def _deliver(mlist: Any, msg: Any, msgdata: dict[str, Any], people: Iterable[str], *, in_the_clear: bool) -> None:
    signer = ListSecretKey(vault.current_secret(mlist.list_id))
    sender = verp_sender(mlist)
    addresses = list(people)
    found = look_up(mlist.list_id, addresses)
    envelopes, unreached = [], list(found.problems)
    for recipient in found.recipients:
        parts = _encrypted(mlist, msg, recipient, signer)
        if parts is None:
            unreached.append(recipient.address)
        else:
            envelopes.append(Envelope(sender=sender(recipient.address), recipient=recipient.address, parts=parts))
    for address in unreached:
        if in_the_clear:
            notice = signed_notice(msg, signer.sign_detached, signer.micalg)
            envelopes.append(Envelope(sender=sender(address), recipient=address, parts=(notice,)))
        else:
            ledger.dropped(
                mlist.list_id, kind="notice", recipient=address, reason=found.problems.get(address, "unusable")
            )
            if address in ledger.skipped(mlist.list_id, {address: found.problems.get(address, "refused-by-library")}):
                send_waiting(mlist, address)
    config.db.commit()
    refusals = Refusals()
    for result in pipe().send(envelopes):
        if result.outcome is not Outcome.DELIVERED:
            refusals.add(result)
    refusals.settle(msgdata)
    ledger.lost(mlist.list_id, "notice", refusals.lost)
    config.db.commit()
    refusals.hand_to_core(msg, msgdata)


def _encrypted(mlist: Any, msg: Any, recipient: Recipient, signer: ListSecretKey) -> tuple[bytes, ...] | None:
    outer = outer_message(outward_for(mlist, msg))
    try:
        (copy,) = fan_out(encrypted_notice(msg, recipient.address), [recipient], signer)
    except FanOutError:
        return None
    return (outer.head, copy.head, copy.tail, outer.foot)
