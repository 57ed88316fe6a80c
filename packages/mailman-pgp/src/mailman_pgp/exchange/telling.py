"""Who is told of a change: its person, at the key that counted before too, and the owners.

Only whoever is on the list, in whichever role, is told of; to somebody who has not joined yet, joining tells what is to be told.

To the person it is said once encrypted to the key that counts now, and once to the one that counted before: somebody who has put
a key of their own in its place can read the one, but not the other.  Where one of them can't be encrypted to, the same is
said once in the clear, signed by the list, without how it came about.  All this is written here and now, and leaves as it is:
what counts when it is sent may be another key.  It is written before the change is committed, since it is better to be told of
what failed at the last moment than not to be told of what was done.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.email.message import UserNotification
from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import registry
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.model.database import now
from mailman_pgp.notices import is_ours, key_changed, send_key_changed
from mailman_pgp.notices.encrypted import reader, send_encrypted
from mailman_pgp.openpgp import OpenPGPError, grouped
from mailman_pgp.site.health import NotHealthy

if TYPE_CHECKING:
    from email.mime.multipart import MIMEMultipart

    from mailman_pgp.exchange.change import Change
    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import StoredCertificate

log = logging.getLogger("mailman.error")

# To the person, and to the owners.  Of what is not here (proved once more, approved, compared) nobody is told.
_WHAT: dict[Act, tuple[str, str]] = {
    Act.ADDED: ("A key counts for you from now on.", "A key counts for {address} from now on."),
    Act.CHANGED: (
        "Another key counts for you from now on, in place of the one until now.",
        "Another key counts for {address} from now on, in place of the one until now.",
    ),
    Act.UPDATED: (
        "There is news of your key: a newer copy was recorded.",
        "A newer copy of the key of {address} was recorded.",
    ),
    Act.SUSPENDED: (
        "Your key was suspended. Until further notice nothing is encrypted to it,\nand it signs no post.",
        "The key of {address} was suspended.",
    ),
    Act.RESUMED: (
        "Your key, which was suspended, counts again.",
        "The key of {address}, which was suspended, counts again.",
    ),
    Act.REMOVED: (
        "Your key was removed. None counts for you any more, so the list can send you\nno posts.",
        "The key of {address} was removed; none counts for them any more.",
    ),
    Act.REVOKED: (
        "Your key is revoked, as it says itself. Nothing is encrypted to it any more,\nand it signs no post.",
        "The key of {address} is revoked, as it says itself.",
    ),
}

# What counted before does not count any more, or another one does.
_AT_THE_OLD_KEY = frozenset({Act.CHANGED, Act.SUSPENDED, Act.REMOVED})

_DOORS = {
    Door.COMMAND_LINE: "On the command line of the server",
    Door.REST: "Through the web interface",
    Door.MAIL: "By mail",
    Door.WORKFLOW: "By a moderator's decision about a request",
    Door.SITE: "The key has signed that itself; it was recorded",
}

_TO_OWNERS = """\
This is about the list {list}.

{what}

{keys}

{how}

They are told, too. If none of you knows of this, ask them in another way
than by mail. All that was done about the key:
mailman pgp certificate log {list_id} {address}
"""


@public
def tell(mlist: Any, change: Change, actor: Actor, before: StoredCertificate | None) -> None:
    """Tell of a change that was made just now.

    :param before: What was chosen until now, where another one was or none is any more.
    """
    if change.act not in _WHAT or not _is_on(mlist, change.address):
        return
    _tell_owners(mlist, change, actor)
    # A list that is a member of another would post it.
    if is_ours(change.address):
        return
    try:
        _tell_person(mlist, change, actor, before)
    except VaultError as error:
        # A list without a key can sign nothing.  That a key is revoked is recorded all the same, on this list and on others.
        log.error("mailman-pgp: somebody on %s could not be told of a change of their key: %s", mlist.list_id, error)  # noqa: TRY400 - the sentence says all


def _is_on(mlist: Any, address: str) -> bool:
    return any(roster.get_member(address) is not None for roster in (mlist.members, mlist.administrators))


def _tell_person(mlist: Any, change: Change, actor: Actor, before: StoredCertificate | None) -> None:
    assert change.act is not None
    what, keys = _WHAT[change.act][0], _keys(change)
    how = f"{_who(change, actor)}, on {now():%Y-%m-%d at %H:%M} UTC."
    concerned = [registry.current(mlist.list_id, change.address)]
    if change.act in _AT_THE_OLD_KEY:
        concerned.append(before)
    # Each is a mail of its own: of two with one Message-ID a mail server may keep one.
    reached = [_sent(mlist, change.address, key_changed(mlist, what, keys, how), stored) for stored in concerned]
    if not all(reached):
        send_key_changed(mlist, change.address, what, keys)


def _sent(mlist: Any, address: str, written: MIMEMultipart, stored: StoredCertificate | None) -> bool:
    """Whether it could be encrypted to a certificate, and is on its way.

    Whatever keeps it from that keeps nobody from suspending a key.
    """
    if stored is None:
        return False
    try:
        certificate = openpgp.inspect(stored.data)
        openpgp.require_usable(certificate)
        send_encrypted(mlist, written, [reader(address, certificate)])
    except (OpenPGPError, VaultError, NotHealthy):
        return False
    return True


def _who(change: Change, actor: Actor) -> str:
    """Who did it, as its person is told: no other person is named."""
    if actor.door is Door.SITE or (actor.door is Door.MAIL and not actor.by):
        # Whoever sent it: what a key says of itself may come from anybody.
        return _DOORS[Door.SITE]
    if actor.by.lower() == change.address:
        return "By mail from you" if actor.door is Door.MAIL else "By you"
    return "By a moderator of the list" if actor.door is Door.WORKFLOW else "By the owners of the list"


def _tell_owners(mlist: Any, change: Change, actor: Actor) -> None:
    assert change.act is not None
    by = f" from {actor.by}" if actor.by and actor.door is Door.MAIL else f" by {actor.by}" if actor.by else ""
    text = _TO_OWNERS.format(
        list=mlist.posting_address,
        list_id=mlist.list_id,
        address=change.address,
        what=_WHAT[change.act][1].format(address=change.address),
        keys=_keys(change),
        how=f"{_DOORS[actor.door]}{by}, on {now():%Y-%m-%d at %H:%M} UTC.",
    )
    # As core's own notices to owners: it names a member, so it leaves encrypted or not at all.
    owners = mlist.owner_address
    subject = f"The key of a member: {mlist.display_name}"
    UserNotification(owners, owners, subject, text, mlist.preferred_language).send(mlist)


def _keys(change: Change) -> str:
    if not change.earlier:
        return f"Its fingerprint:\n    {grouped(change.fingerprint)}"
    return (
        f"The fingerprint until now:\n    {grouped(change.earlier)}\n"
        f"The fingerprint from now on:\n    {grouped(change.fingerprint)}"
    )
