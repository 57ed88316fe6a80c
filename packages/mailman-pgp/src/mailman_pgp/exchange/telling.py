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

from mailman_pgp import openpgp
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.keys import journal, registry, upkeep
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists import administrators
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.model.database import commit, now
from mailman_pgp.notices.changes import key_changed, send_key_changed
from mailman_pgp.notices.encrypted import reader, send_encrypted
from mailman_pgp.notices.sending import send_to_owners
from mailman_pgp.openpgp import OpenPGPError, grouped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from email.mime.multipart import MIMEMultipart

    from mailman_pgp.keys.journal import Event

# To the person, and to the owners.  Of what is not here (proved once more, approved, compared) nobody is told.
_WHAT: dict[Act, tuple[str, str]] = {
    Act.ADDED: (N_("A key counts for you from now on."), N_("A key counts for {address} from now on.")),
    Act.CHANGED: (
        N_("Another key counts for you from now on, in place of the one until now."),
        N_("Another key counts for {address} from now on, in place of the one until now."),
    ),
    Act.UPDATED: (
        N_("There is news of your key: a newer copy was recorded."),
        N_("A newer copy of the key of {address} was recorded."),
    ),
    Act.SUSPENDED: (
        N_("Your key was suspended. Until further notice nothing is encrypted to it, and it signs no post."),
        N_("The key of {address} was suspended."),
    ),
    Act.RESUMED: (
        N_("Your key, which was suspended, counts again."),
        N_("The key of {address}, which was suspended, counts again."),
    ),
    Act.REMOVED: (
        N_("Your key was removed. None counts for you any more, so the list can send you no posts."),
        N_("The key of {address} was removed; none counts for them any more."),
    ),
    Act.REVOKED: (
        N_("Your key is revoked, as it says itself. Nothing is encrypted to it any more, and it signs no post."),
        N_("The key of {address} is revoked, as it says itself."),
    ),
}

# None counts from now on.
_NO_MORE = frozenset({Act.SUSPENDED, Act.REMOVED})

_DOORS = {
    Door.COMMAND_LINE: N_("On the command line of the server"),
    Door.REST: N_("Through the web interface"),
    Door.MAIL: N_("By mail"),
    Door.WORKFLOW: N_("By a moderator's decision about a request"),
    Door.SITE: N_("The key has signed that itself; it was recorded"),
}

_TO_OWNERS = N_("""\
This is about the list {list}.

{changes}

They are told, too. If none of you knows of this, ask them in another way
than by mail. All that was done:

{commands}
""")


@public
def concerns(mlist: Any, address: str, act: Act) -> bool:
    """Whether anybody is to be told of something that is done about the key of an address."""
    return is_told(act) and administrators.is_on(mlist, address)


@public
def is_told(act: Act) -> bool:
    """Whether people are told of it, where it is done about the key of somebody on a list."""
    return act in _WHAT


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
    """Tell each person, and the owners by one mail, since there may be as many changes as there are members."""
    mlist = getUtility(IListManager).get_by_list_id(list_id)
    told = {}
    for number, event in events.items():
        try:
            # A list that is a member of another would post it.
            if mlist is not None and not is_ours(event.address):
                _tell_person(mlist, event)
        except Exception as error:  # noqa: BLE001 - the others are told
            log_failure(f"somebody on {list_id} could not be told of a change of their key now", error)
        else:
            told[number] = event
    if told and mlist is not None:
        _tell_owners(mlist, list(told.values()))
    journal.told(told)


def _tell_person(mlist: Any, event: Event) -> None:
    what, keys, how = Text(_WHAT[event.act][0]), _keys(event), _how(_who(event), event.at)
    # Each is a mail of its own: of two with one Message-ID a mail server may keep one.
    reached = [
        _sent(mlist, event.address, key_changed(mlist, event.address, what, keys, how), stored)
        for stored in _concerned(event)
    ]
    if not all(reached):
        send_key_changed(mlist, event.address, what, keys)


def _concerned(event: Event) -> list[bytes | None]:
    """The certificates (binary) at which it is told; None for one that is not there, or is not to be the only one."""
    found = registry.chosen(event.list_id, event.address)
    suspended = found is not None and found.choice.state is ChoiceState.SUSPENDED
    concerned = [None if suspended or event.act in _NO_MORE else upkeep.stored(event.fingerprint)]
    if event.earlier or event.act in _NO_MORE:
        concerned.append(upkeep.stored(event.earlier or event.fingerprint))
    return concerned


def _sent(mlist: Any, address: str, written: MIMEMultipart, stored: bytes | None) -> bool:
    """Whether it could be encrypted to a certificate, and is on its way."""
    if stored is None:
        return False
    try:
        certificate = openpgp.inspect(stored)
        openpgp.require_usable(certificate)
        send_encrypted(mlist, written, [reader(address, certificate)])
    except OpenPGPError:
        return False
    return True


def _how(who: Text, at: dt.datetime) -> Text:
    return Text("{who}, on {day} at {time} UTC.", who=who, day=at.strftime("%Y-%m-%d"), time=at.strftime("%H:%M"))


def _who(event: Event) -> Text:
    """Who did it, as its person is told: no other person is named."""
    if event.door is Door.SITE or (event.door is Door.MAIL and not event.by):
        # Whoever sent it: what a key says of itself may come from anybody.
        return Text(_DOORS[Door.SITE])
    if event.by == event.address:
        return Text("By mail from you") if event.door is Door.MAIL else Text("By you")
    # By mail nobody decides about somebody else's key but who answers a question to moderators.
    moderated = event.door in {Door.WORKFLOW, Door.MAIL}
    return Text("By a moderator of the list") if moderated else Text("By the owners of the list")


def _tell_owners(mlist: Any, events: Sequence[Event]) -> None:
    with using(mlist.preferred_language.code):
        subject = _("The key of a member: {list}") if len(events) == 1 else _("Keys of members: {list}")
        changes = [
            f"{Text(_WHAT[event.act][1], address=event.address)}\n\n{_keys(event)}\n\n{_how(_by(event), event.at)}"
            for event in events
        ]
        addresses = dict.fromkeys(event.address for event in events)
        text = _(_TO_OWNERS).format(
            list=mlist.posting_address,
            changes="\n\n".join(changes),
            commands="\n".join(f"    mailman pgp certificate log {mlist.list_id} {address}" for address in addresses),
        )
        send_to_owners(mlist, subject.format(list=mlist.display_name), text)


def _by(event: Event) -> Text:
    """Who did it and by which door, as the owners are told."""
    door = Text(_DOORS[event.door])
    if not event.by:
        return door
    if event.door is Door.MAIL:
        return Text("{door} from {by}", door=door, by=event.by)
    return Text("{door} by {by}", door=door, by=event.by)


def _keys(event: Event) -> Text:
    if not event.earlier:
        return Text("Its fingerprint:\n    {fingerprint}", fingerprint=grouped(event.fingerprint))
    return Text(
        "The fingerprint until now:\n    {earlier}\nThe fingerprint from now on:\n    {fingerprint}",
        earlier=grouped(event.earlier),
        fingerprint=grouped(event.fingerprint),
    )
