"""Somebody looks after an encrypted list from now on, or does so no more: those concerned are told.

Core makes owners and moderators without asking anybody, for whoever has its REST: so a thief of an owner's session in the web may make
one, and bring the key before.  Nobody is told of a key of somebody who is not on the list; now it is of use, and so those are who
look after the list already.

A thief may take them off the list for that moment.  So whoever is taken off is told, too, by a mail of their own, encrypted now: their
key goes with them.

To whom it goes is chosen at once, for it may leave before core's transaction ends: then who is taken off would still be among the
others, and who is new would not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.interfaces.listmanager import ListDeletingEvent
from mailman.interfaces.member import MemberRole, SubscriptionEvent, UnsubscriptionEvent
from public import public
from zope.event import subscribers

from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.keys import registry
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists import administrators
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.model.database import store
from mailman_pgp.notices.changes import office_ended, send_office_ended
from mailman_pgp.notices.encrypted import send_encrypted
from mailman_pgp.notices.sending import send_to_owners
from mailman_pgp.openpgp import OpenPGPError, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is said when it ends: to whoever had it, and to the others.  True also of who has another one, as after a change of role, for
# which core ends the one and begins the other.
_ENDED: dict[MemberRole, tuple[str, str]] = {
    MemberRole.owner: (
        N_("You are no owner of it any more."),
        N_("{address} is no owner of the list {list} any more."),
    ),
    MemberRole.moderator: (
        N_("You are no moderator of it any more."),
        N_("{address} is no moderator of the list {list} any more."),
    ),
}
_GOING = "mailman_pgp.going"


@public
def install() -> None:
    """Listen to core, in this process; our tables must be there."""
    if _listen not in subscribers:
        # Before core's own, which end the memberships of a list that is deleted.
        subscribers.insert(0, _listen)


def _listen(event: object) -> None:
    if isinstance(event, ListDeletingEvent):
        sa.inspect(event.mailing_list).info[_GOING] = _transaction()
    elif isinstance(event, SubscriptionEvent | UnsubscriptionEvent) and event.member.role in _ENDED:
        mlist, member = event.mlist, event.member
        with _core_goes_on(f"those who look after {mlist.list_id} could not be told of a change among them"):
            if member.address is None or _is_going(mlist) or not is_encrypted(mlist.list_id):
                return
            if isinstance(event, SubscriptionEvent):
                _tell_of_beginning(mlist, member)
            else:
                _tell_of_end(mlist, member)


def _is_going(mlist: Any) -> bool:
    """Whether it is what is being deleted that ends the membership; a deletion that has failed keeps no news from anybody."""
    return sa.inspect(mlist).info.get(_GOING) is _transaction()


def _transaction() -> Any:
    store().connection()  # begins one where there is none
    return store().get_transaction()


@contextmanager
def _core_goes_on(what: str) -> Iterator[None]:
    """What fails in this block is logged, and does not undo what core does."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - it is core's own door
        log_failure(what, error)


def _tell_of_beginning(mlist: Any, member: Any) -> None:
    address = member.address.email
    # Where none counts yet, they are told of the first one that does, as of the key of everybody on the list.
    found = registry.current(mlist.list_id, address)
    if found is None or not administrators.addresses_beside(mlist, member) - {address}:
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
            administrators.addresses(mlist),
        )


def _tell_of_end(mlist: Any, member: Any) -> None:
    address = member.address.email
    to_them, to_others = _ENDED[member.role]
    left = administrators.addresses_beside(mlist, member)
    reached = left & administrators.addresses(mlist)
    # A list that looks after another would post it.
    if not is_ours(address):
        with _core_goes_on(f"somebody could not be told that they look after {mlist.list_id} no more"):
            _tell_them(mlist, address, Text(to_them), left)
    if reached - {address}:
        with using(mlist.preferred_language.code):
            send_to_owners(
                mlist,
                _("Somebody looks after a list no more: {list}").format(list=mlist.display_name),
                "{ended} {advice}".format(
                    ended=_(to_others).format(address=address, list=mlist.posting_address),
                    advice=_(
                        "They were told, too. If none of you knows of this, somebody else may be using the account of one of you: "
                        "ask the site's operator, and look who is among you now."
                    ),
                ),
                reached,
            )


def _tell_them(mlist: Any, address: str, ended: Text, left: set[str]) -> None:
    """Who is left is the others' business, so it is said to the key only that counts until now."""
    try:
        if readers := look_up(mlist.list_id, [address]).recipients:
            send_encrypted(mlist, office_ended(mlist, address, ended, sorted(left)), readers)
            return
    except (OpenPGPError, VaultError):  # the one: their certificate; the other: the list can sign nothing now
        pass
    send_office_ended(mlist, address, ended)
