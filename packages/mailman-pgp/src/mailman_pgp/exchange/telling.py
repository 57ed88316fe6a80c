"""Who is told of a change: its person, at the key that counted before too, and the owners.

Only whoever is on the list, in whichever role, is told of; to somebody who has not joined yet, joining tells what is to be told.

To the person it is said once encrypted to the key that counts from now on, and once to the one that counted before: somebody who
has put a key of their own in its place can read the one, but not the other.  Where one of them can't be encrypted to, the same
is said once in the clear, signed by the list, without how it came about.

A change is told when it was committed, and by whoever sends mail: nobody is told of what failed, and no process that dies keeps
a change untold.  What there is to tell is the event in the journal, which names both keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from public import public
from zope.component import getUtility

from mailman_pgp.exchange.changes_in_words import WHAT
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.exchange.telling_owners import tell_owners, tell_owners_of_many
from mailman_pgp.exchange.telling_people import tell_people
from mailman_pgp.keys import journal
from mailman_pgp.lists import administrators
from mailman_pgp.model.database import commit, now

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Act, Event


@public
def concerns(mlist: Any, address: str, act: Act) -> bool:
    """Whether anybody is to be told of something that is done about the key of an address."""
    return is_told(act) and administrators.is_on(mlist, address)


@public
def is_told(act: Act) -> bool:
    """Whether people are told of it, where it is done about the key of somebody on a list."""
    return act in WHAT


@public
def tell_of_changes() -> None:
    """Tell of what was changed and committed, in whichever process; commits.  Where there is nothing, a short query, and the caller commits.

    What can't be told now is told later: a list without a key, for one, can sign nothing.
    """
    config.db.commit()  # what core has written for the last message is not ours to lose
    taken = journal.take(now())
    if not taken:
        return
    commit()
    for list_id in dict.fromkeys(event.list_id for event in taken.values()):
        try:
            _tell(list_id, {number: event for number, event in taken.items() if event.list_id == list_id})
            commit()
        except Exception as error:  # noqa: BLE001 - the other lists go on
            log_failure(f"changes of keys on {list_id} could not be told now", error)
            config.db.abort()


def _tell(list_id: str, events: dict[int, Event]) -> None:
    """Tell each person, and the owners by one mail."""
    mlist = getUtility(IListManager).get_by_list_id(list_id)
    if mlist is None:
        journal.told(events)
        return
    told = tell_people(mlist, events)
    to_owners = [events[number] for number in sorted(told) if not events[number].summed_up]
    if to_owners and journal.unknown_to_owners(list_id) > journal.AT_ONCE:
        # There may be as many as there are members, so they are counted: all of them now, and those that come later by themselves.
        if many := journal.sum_up(list_id):
            tell_owners_of_many(mlist, many)
    elif to_owners:
        tell_owners(mlist, to_owners)
    journal.told(told)
