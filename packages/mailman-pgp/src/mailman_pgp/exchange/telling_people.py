"""The people on a list are told what became of their keys: each by messages of their own, written for many at once.

What they have in common (the list, its key, the certificates, languages) is looked up once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.delivery.lookup import usable
from mailman_pgp.exchange.changes_in_words import DOORS, WHAT, how, keys
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import Text
from mailman_pgp.keys import registry
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists.addresses import ours_among
from mailman_pgp.lists.languages import languages_of
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.bundle import send_bundled
from mailman_pgp.notices.changes import key_changed, send_key_changed
from mailman_pgp.notices.encrypted import Hand
from mailman_pgp.notices.letterhead import Letterhead
from mailman_pgp.openpgp import OpenPGPError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from email.mime.base import MIMEBase

    from mailman_pgp.keys.journal import Event
    from mailman_pgp.openpgp import Recipient

# None counts from now on.
_NO_MORE = frozenset({Act.SUSPENDED, Act.REMOVED})


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is needed to write to some people of a list.

    :ivar suspended: The addresses at which what is chosen is suspended.
    :ivar certificates: Those that can be encrypted to, by fingerprint.
    """

    mlist: Any
    hand: Hand
    letterhead: Letterhead
    attached: MIMEBase
    languages: Mapping[str, str]
    suspended: Collection[str]
    certificates: Mapping[str, Recipient]

    @classmethod
    def of(cls, mlist: Any, events: Collection[Event]) -> _Desk:
        addresses = {event.address for event in events}
        chosen = registry.for_addresses(mlist.list_id, addresses)
        return cls(
            mlist,
            Hand.of(mlist),
            Letterhead.of(mlist),
            list_certificate(mlist),
            languages_of(mlist, addresses),
            {one.choice.address for one in chosen if one.choice.state is ChoiceState.SUSPENDED},
            usable({name for event in events for name in (event.fingerprint, event.earlier) if name}),
        )


@public
def tell_people(mlist: Any, events: Mapping[int, Event]) -> list[int]:
    """Tell of events, by number, those whose keys they are about; the caller commits.

    :return: The numbers of those that were told of; what has failed, which the log says, is told later.
    :raises mailman_pgp.keys.vault.VaultError: when the list can sign nothing.
    """
    # A list that is a member of another would post it.
    lists = ours_among({event.address for event in events.values()})
    people = {number: event for number, event in events.items() if event.address not in lists}
    told = [number for number in events if number not in people]
    if not people:
        return told
    desk = _Desk.of(mlist, list(people.values()))
    written: list[tuple[str, bytes]] = []
    for number, event in people.items():
        try:
            written += _letters(desk, event)
        except Exception as error:  # noqa: BLE001 - the others are told
            log_failure(f"somebody on {mlist.list_id} could not be told of a change of their key now", error)
        else:
            told.append(number)
    send_bundled(mlist, written)
    return told


def _letters(desk: _Desk, event: Event) -> list[tuple[str, bytes]]:
    """The notices to one person, encrypted; one in the clear, where these are not all that are wanted, is sent at once."""
    what, about, by = Text(WHAT[event.act][0]), keys(event), how(_who(event), event.at)
    language = desk.languages[event.address]
    written, reached = [], True
    for certificate in _concerned(desk, event):
        if certificate is None:
            reached = False
            continue
        # Each is a mail of its own: of two with one Message-ID a mail server may keep one.
        notice = key_changed(desk.letterhead, language, desk.attached, what=what, keys=about, how=by)
        try:
            written.append((event.address, desk.hand.encrypted(notice, certificate._replace(address=event.address))))
        except OpenPGPError:
            reached = False
    if not reached:
        send_key_changed(desk.mlist, event.address, what, about)
    return written


def _concerned(desk: _Desk, event: Event) -> list[Recipient | None]:
    """The certificates at which it is told; None for one that can't be encrypted to, or is not to be the only one."""
    no_more = event.address in desk.suspended or event.act in _NO_MORE
    concerned = [None if no_more else desk.certificates.get(event.fingerprint)]
    if event.earlier or event.act in _NO_MORE:
        concerned.append(desk.certificates.get(event.earlier or event.fingerprint))
    return concerned


def _who(event: Event) -> Text:
    """Who did it, as its person is told: no other person is named."""
    if event.door is Door.SITE or (event.door is Door.MAIL and not event.by):
        # Whoever sent it: what a key says of itself may come from anybody.
        return Text(DOORS[Door.SITE])
    if event.by == event.address:
        return Text("By mail from you") if event.door is Door.MAIL else Text("By you")
    # By mail nobody decides about somebody else's key but who answers a question to moderators.
    moderated = event.door in {Door.WORKFLOW, Door.MAIL}
    return Text("By a moderator of the list") if moderated else Text("By the owners of the list")
