"""What it will do to turn a list into an encrypted one, or back: for whoever is about to decide it.  Nothing is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import func, select

from mailman_pgp.delivery.recipients import numbers_of_recipients, regular_recipients
from mailman_pgp.lists import administrators, core_settings, encryption
from mailman_pgp.lists.admission import is_moderated
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice, ListKey
from mailman_plugin_kit.texts import count
from mailman_workflows import saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.model.tables import EncryptedList

_ARCHIVERS = "archivers"


@public
@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done.

    :ivar obstacles: What stands in the way, each as a sentence with the mend; it is refused while there is any.
    :ivar effects: What comes of it, each as a sentence.
    :ivar settings: Which of core's settings change: name, value now, value then; JSON-plain.
    :ivar members: How many members there are, `receiving` how many of them are to get posts, `getting_nothing` how many of these
        will get nothing then, until they do something.
    """

    obstacles: Sequence[str]
    effects: Sequence[str]
    settings: Sequence[tuple[str, Any, Any]]
    members: int
    receiving: int
    getting_nothing: int


@public
def to_encrypted(mlist: Any) -> Plan:
    """What it will do to encrypt a plain list."""
    candidates = regular_recipients(mlist)
    settings = core_settings.to_be_set(mlist)
    effects = [
        (
            "A key is made for the list. Posts must come encrypted to it, and signed with the key that counts for their author; others go "
            "back to their author, with a sentence that says what to do. Give the list's certificate to those who post."
        ),
        _about_members(len(candidates)),
        *_about_digests(sum(one.digest for one in candidates), made=bool(mlist.digests_enabled)),
        *_about_archives(settings),
        _about_owners(mlist, len(administrators.addresses(mlist))),
        _about_joining(mlist),
        *_about_requests(saved.numbers([mlist.list_id]).get(mlist.list_id, 0)),
    ]
    return Plan(
        obstacles=encryption.obstacles(mlist),
        effects=effects,
        settings=settings,
        members=mlist.members.member_count,
        receiving=len(candidates),
        getting_nothing=len(candidates),
    )


@public
def to_plain(mlist: Any, row: EncryptedList) -> Plan:
    """What it will do to make a plain list of an encrypted one.

    :param row: The list's row.
    """
    before = json.loads(row.restore)
    keys = int(store().scalar(select(func.count()).where(ListKey.list_id == mlist.list_id)) or 0)
    counting = select(func.count()).where(Choice.list_id == mlist.list_id, Choice.until.is_(None))
    known = count(int(store().scalar(counting) or 0), "address", "addresses")
    archivers = ", ".join(before.get(_ARCHIVERS, ()))
    settings = [
        (name, now, then)
        for name, then, now in core_settings.changes(mlist, before)
        if name not in core_settings.OURS or then != core_settings.OURS[name]
    ]
    return Plan(
        obstacles=encryption.obstacles_to_end(mlist, row),
        effects=[
            "Posts travel in the clear from then on, and everybody on their way can read them.",
            (
                f"{'The secret key' if keys == 1 else f'All {keys} secret keys'} of the list will be destroyed for good: mail encrypted to "
                "it can't be opened by it any more. Tell the members, who may go on encrypting."
            ),
            (
                f"Which certificate counts for {known} is forgotten, and which were suspended, what was done about them, and the records "
                "of deliveries."
            ),
            f"Posts are archived again, as they were before: {archivers}. Check that this is still what you want."
            if archivers
            else "Posts are not archived, as they were not before.",
            "People join and leave without a key, in the way that the list had before.",
        ],
        settings=settings,
        members=mlist.members.member_count,
        receiving=numbers_of_recipients([mlist.list_id]).get(mlist.list_id, 0),
        getting_nothing=0,
    )


def _about_members(number: int) -> str:
    who = "1 member gets" if number == 1 else f"All {number} members who receive posts get"
    if not number:
        return "No member receives posts at present. Whoever joins brings a key."
    return (
        f"{who} nothing until a certificate of theirs counts here. The first post that can't be sent to them tells them how to send "
        "it; owners can add certificates at any time, also a whole keyring."
    )


def _about_digests(number: int, *, made: bool) -> list[str]:
    if not number:
        return []
    have = f"{count(number, 'member')} of these {'has' if number == 1 else 'have'} chosen digests"
    if made:
        return [f"{have}: posts are kept sealed until there is one, which they are sent encrypted."]
    return [
        (
            f"{have}, which the list does not make (`digests_enabled`): they get nothing until it does, or they choose single "
            "messages, too."
        )
    ]


def _about_archives(settings: Sequence[tuple[str, Any, Any]]) -> list[str]:
    archivers: list[str] = next((now for name, now, _then in settings if name == _ARCHIVERS), [])
    if not archivers:
        return ["Posts are not archived, as they are not now."]
    return [
        (
            f"Posts are not archived any more by {', '.join(archivers)}. What is in archives outside Mailman stays, and becomes private; "
            "whether it may stay is for you to decide."
        )
    ]


def _about_owners(mlist: Any, number: int) -> str:
    return (
        f"{count(number, 'owner or moderator', 'owners and moderators')} will need a certificate here, too: while none of them has one, "
        f"mail to {mlist.owner_address} is refused."
    )


def _about_joining(mlist: Any) -> str:
    if is_moderated(mlist):
        return "Whoever wants to join proves a key first; then a moderator decides."
    return (
        "Everybody who proves a key can join, and read what is posted then. Is a moderator to decide about each? Set "
        "`subscription_policy` to `confirm_then_moderate`."
    )


def _about_requests(number: int) -> list[str]:
    if not number:
        return []
    return [f"{count(number, 'request')} that {'waits' if number == 1 else 'wait'} to join will wait for a key."]
