"""The owners and moderators of a list are told what became of its people's keys: encrypted, or not at all."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange.changes_in_words import DOORS, WHAT, how, keys
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.notices.sending import send_to_owners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.keys.journal import Event

_TO_OWNERS = N_("""\
This is about the list {list}.

{changes}

They are told, too. If none of you knows of this, ask them in another way
than by mail. All that was done:

{commands}
""")

_OF_MANY = N_("""\
This is about the list {list}.

Keys of many people were changed, the first on {first} UTC, the last on
{last} UTC:

{lines}

Each of them is told, too. If none of you knows of this, ask them in another
way than by mail. All that was done:

    mailman pgp certificate log {list_id}
""")

# As they are counted.
_COUNTED: dict[Act, str] = {
    Act.ADDED: N_("keys that count where none did"),
    Act.CHANGED: N_("keys that count in place of others"),
    Act.UPDATED: N_("newer copies of keys"),
    Act.SUSPENDED: N_("keys that were suspended"),
    Act.RESUMED: N_("keys that count again"),
    Act.REMOVED: N_("keys that were removed"),
    Act.REVOKED: N_("keys that are revoked, as they say themselves"),
}

# What a keyring brings to people in their thousands.  Of all else each is named: among so many nobody would find it.
_USUAL = frozenset({Act.ADDED, Act.UPDATED})
_NAMED_AT_MOST = 50


@public
def tell_owners(mlist: Any, events: Sequence[Event]) -> None:
    """Tell the owners of each of some changes, in one mail."""
    with using(mlist.preferred_language.code):
        subject = _("The key of a member: {list}") if len(events) == 1 else _("Keys of members: {list}")
        changes = [
            f"{Text(WHAT[event.act][1], address=event.address)}\n\n{keys(event)}\n\n{how(_by(event), event.at)}"
            for event in events
        ]
        addresses = dict.fromkeys(event.address for event in events)
        text = _(_TO_OWNERS).format(
            list=mlist.posting_address,
            changes="\n\n".join(changes),
            commands="\n".join(f"    mailman pgp certificate log {mlist.list_id} {address}" for address in addresses),
        )
        send_to_owners(mlist, subject.format(list=mlist.display_name), text)


@public
def tell_owners_of_many(mlist: Any, events: Sequence[Event]) -> None:
    """Tell the owners how many keys were changed, in which ways, and where each is to be seen; at least one.

    :param events: In the order in which they were written.
    """
    with using(mlist.preferred_language.code):
        counts = Counter((event.act, str(_by(event))) for event in events)
        lines = [f"  {number:>6}  {_(_COUNTED[act])} ({by})" for (act, by), number in counts.most_common()]
        unusual = [event for event in events if event.act not in _USUAL]
        named = [
            f"{Text(WHAT[one.act][1], address=one.address)} {how(_by(one), one.at)}" for one in unusual[:_NAMED_AT_MOST]
        ]
        if more := len(unusual) - len(named):
            named.append(_("and {number} more").format(number=more))
        times = sorted(event.at for event in events)
        text = _(_OF_MANY).format(
            list=mlist.posting_address,
            list_id=mlist.list_id,
            first=f"{times[0]:%Y-%m-%d %H:%M}",
            last=f"{times[-1]:%Y-%m-%d %H:%M}",
            lines="\n\n".join(["\n".join(lines), *named]),
        )
        send_to_owners(mlist, _("Keys of members: {list}").format(list=mlist.display_name), text)


def _by(event: Event) -> Text:
    """Who did it and by which door, as the owners are told."""
    door = Text(DOORS[event.door])
    if not event.by:
        return door
    if event.door is Door.MAIL:
        return Text("{door} from {by}", door=door, by=event.by)
    return Text("{door} by {by}", door=door, by=event.by)
