"""What is told of core's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.interfaces.address import AddressVerificationEvent
from mailman.interfaces.chain import AcceptEvent, AcceptOwnerEvent, DiscardEvent, HoldEvent, RejectEvent
from mailman.interfaces.configuration import ConfigurationUpdatedEvent
from mailman.interfaces.domain import DomainCreatedEvent, DomainCreatingEvent, DomainDeletedEvent, DomainDeletingEvent
from mailman.interfaces.listmanager import ListCreatedEvent, ListCreatingEvent, ListDeletedEvent, ListDeletingEvent
from mailman.interfaces.member import SubscriptionEvent, UnsubscriptionEvent
from mailman.interfaces.runner import RunnerCrashEvent
from mailman.interfaces.subscriptions import (
    SubscriptionConfirmationNeededEvent,
    SubscriptionInvitationNeededEvent,
    UnsubscriptionConfirmationNeededEvent,
)
from mailman.interfaces.user import PasswordChangeEvent

from mailman_rest_events.serializers.discretion import conceals
from mailman_rest_events.serializers.telling import Told, tells

if TYPE_CHECKING:
    from mailman_rest_events.serializers.telling import Plain


# Characters: a line of a header has no more (RFC 5322 §2.1.1), but whoever writes to a list may fold as many as they like.
_MOST = 998


def _short(text: str) -> str | None:
    """What somebody wrote into a header, unfolded; None where it is empty, or too long to be what it should be."""
    unfolded = "".join(text.splitlines()).strip()
    return unfolded if 0 < len(unfolded) <= _MOST else None


def _id_of(fqdn_listname: str) -> str:
    return fqdn_listname.replace("@", ".", 1)


@tells(ListCreatingEvent, ListDeletedEvent)
def list_by_name(event: Any) -> Told:
    """A list that is not there yet, or not any more."""
    list_id = _id_of(event.fqdn_listname)
    return Told({"list_id": list_id, "fqdn_listname": event.fqdn_listname}, list_id)


@tells(ListCreatedEvent, ListDeletingEvent)
def mailing_list(event: Any) -> Told:
    """A list that is there."""
    mlist = event.mailing_list
    return Told({"list_id": mlist.list_id, "fqdn_listname": mlist.fqdn_listname}, mlist.list_id)


@tells(DomainCreatingEvent, DomainDeletedEvent)
def domain_by_name(event: Any) -> Told:
    """A domain that is not there yet, or not any more."""
    return Told({"domain": event.mail_host})


@tells(DomainCreatedEvent, DomainDeletingEvent)
def domain(event: Any) -> Told:
    """A domain that is there."""
    return Told({"domain": event.domain.mail_host})


@tells(SubscriptionEvent, UnsubscriptionEvent)
def membership(event: Any) -> Told:
    """A membership that has begun, or is to end now."""
    member, mlist = event.member, event.mlist
    data: dict[str, Plain] = {
        "list_id": mlist.list_id,
        "member_id": member.member_id.hex,  # as REST 3.1 writes it
        "role": member.role.name,
        "address": member.address.email,
        "user_id": None if member.user is None else member.user.user_id.hex,
    }
    return Told(data, mlist.list_id)


@tells(SubscriptionConfirmationNeededEvent, SubscriptionInvitationNeededEvent, UnsubscriptionConfirmationNeededEvent)
def confirmation(event: Any) -> Told:
    """Somebody is asked whether they want it; by a token that is theirs alone."""
    return Told({"list_id": event.mlist.list_id, "address": event.email}, event.mlist.list_id)


@tells(AddressVerificationEvent)
def address(event: Any) -> Told:
    """An address was verified, or is not any more."""
    return Told({"address": event.address.email, "verified": event.address.verified_on is not None})


@tells(PasswordChangeEvent)
def password(event: Any) -> Told:
    """Whose it is."""
    return Told({"user_id": event.user.user_id.hex})


@tells(AcceptEvent, AcceptOwnerEvent, DiscardEvent, HoldEvent, RejectEvent)
def post(event: Any) -> Told:
    """What became of a message; nothing of what is in it."""
    mlist = event.mlist
    data: dict[str, Plain] = {
        "list_id": mlist.list_id,
        "chain": event.chain.name,
        "message_id": _short(str(event.msg.get("message-id", ""))),
    }
    if not conceals(mlist):
        data["sender"] = _short(str(event.msg.sender))
    return Told(data, mlist.list_id)


@tells(RunnerCrashEvent)
def crash(event: Any) -> Told:
    """Which runner could not go on with a message, and by what kind of error."""
    mlist = event.mailing_list
    # As core has found the list by it: where a statement has failed before, the database says nothing more of the list itself.
    list_id = event.metadata.get("listid") or (None if mlist is None else mlist.list_id)
    return Told({"runner": event.runner.name, "list_id": list_id, "error": type(event.error).__name__}, list_id)


@tells(ConfigurationUpdatedEvent)
def configuration(_event: Any) -> Told:
    """Mailman has read its configuration."""
    return Told({})
