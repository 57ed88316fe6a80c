"""Somebody looks after an encrypted list from now on: those who do already are told, with the key at which that one gets what waits.

Core makes owners and moderators without asking anybody, for whoever has its REST: so a thief of an owner's session in the web may make
one, and bring the key before.  Nobody is told of a key of somebody who is not on the list; now it is of use, and so they are.
"""

from __future__ import annotations

from typing import Any

from mailman.interfaces.member import MemberRole, SubscriptionEvent
from public import public
from zope.event import subscribers

from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import _, using
from mailman_pgp.keys import registry
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.notices import send_to_owners
from mailman_pgp.openpgp import grouped

_OFFICES = (MemberRole.owner, MemberRole.moderator)


@public
def install() -> None:
    """Listen to core, in this process; our tables must be there."""
    if _tell not in subscribers:
        subscribers.append(_tell)


def _tell(event: object) -> None:
    if not isinstance(event, SubscriptionEvent) or event.member.role not in _OFFICES:
        return
    mlist, member = event.mlist, event.member
    try:
        # Where none counts yet, they are told of the first one that does, as of the key of everybody on the list.
        if member.address is not None and is_encrypted(mlist.list_id):
            _tell_of(mlist, member.address.email)
    except Exception as error:  # noqa: BLE001 - it is core's own door
        log_failure(
            f"those who look after {mlist.list_id} could not be told of somebody who does so from now on", error
        )


def _tell_of(mlist: Any, address: str) -> None:
    # Of a user who prefers no address any more, core has None among them.
    others = {one.email for one in mlist.administrators.addresses if one is not None} - {address}
    found = registry.current(mlist.list_id, address)
    if found is None or not others:
        return
    with using(mlist.preferred_language.code):
        send_to_owners(
            mlist,
            _("Somebody looks after a list: {list}").format(list=mlist.display_name),
            _(
                "{address} looks after the list {list} from now on, as an owner or moderator. They are sent what waits for a decision, "
                "posts too, encrypted to this key:\n\n    {fingerprint}\n\nIf none of you knows of this, somebody else may be using the "
                "account of one of you. Suspend the key at once, and ask the site's operator:\n\n    {command}"
            ).format(
                address=address,
                list=mlist.posting_address,
                fingerprint=grouped(found.fingerprint),
                command=f"mailman pgp certificate suspend {mlist.list_id} {address}",
            ),
        )
