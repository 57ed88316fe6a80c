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

from public import public

from mailman_pgp import openpgp
from mailman_pgp.i18n import N_, Text, _, using
from mailman_pgp.keys import registry
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists import administrators
from mailman_pgp.model.database import now
from mailman_pgp.notices import is_ours, key_changed, send_key_changed, send_to_owners
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

# What counted before does not count any more, or another one does.
_AT_THE_OLD_KEY = frozenset({Act.CHANGED, Act.SUSPENDED, Act.REMOVED})

_DOORS = {
    Door.COMMAND_LINE: N_("On the command line of the server"),
    Door.REST: N_("Through the web interface"),
    Door.MAIL: N_("By mail"),
    Door.WORKFLOW: N_("By a moderator's decision about a request"),
    Door.SITE: N_("The key has signed that itself; it was recorded"),
}

_TO_OWNERS = N_("""\
This is about the list {list}.

{what}

{keys}

{how}

They are told, too. If none of you knows of this, ask them in another way
than by mail. All that was done about the key:

    mailman pgp certificate log {list_id} {address}
""")


@public
def tell(mlist: Any, change: Change, actor: Actor, before: StoredCertificate | None) -> None:
    """Tell of a change that was made just now.

    :param before: What was chosen until now, where another one was or none is any more.
    """
    if change.act not in _WHAT or not administrators.is_on(mlist, change.address):
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


def _tell_person(mlist: Any, change: Change, actor: Actor, before: StoredCertificate | None) -> None:
    assert change.act is not None
    what, keys, how = Text(_WHAT[change.act][0]), _keys(change), _how(_who(change, actor))
    concerned = [registry.current(mlist.list_id, change.address)]
    if change.act in _AT_THE_OLD_KEY:
        concerned.append(before)
    # Each is a mail of its own: of two with one Message-ID a mail server may keep one.
    reached = [
        _sent(mlist, change.address, key_changed(mlist, change.address, what, keys, how), stored)
        for stored in concerned
    ]
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


def _how(who: Text) -> Text:
    at = now()
    return Text("{who}, on {day} at {time} UTC.", who=who, day=at.strftime("%Y-%m-%d"), time=at.strftime("%H:%M"))


def _who(change: Change, actor: Actor) -> Text:
    """Who did it, as its person is told: no other person is named."""
    if actor.door is Door.SITE or (actor.door is Door.MAIL and not actor.by):
        # Whoever sent it: what a key says of itself may come from anybody.
        return Text(_DOORS[Door.SITE])
    if actor.by.lower() == change.address:
        return Text("By mail from you") if actor.door is Door.MAIL else Text("By you")
    return Text("By a moderator of the list") if actor.door is Door.WORKFLOW else Text("By the owners of the list")


def _tell_owners(mlist: Any, change: Change, actor: Actor) -> None:
    assert change.act is not None
    with using(mlist.preferred_language.code):
        subject = _("The key of a member: {list}").format(list=mlist.display_name)
        text = _(_TO_OWNERS).format(
            list=mlist.posting_address,
            list_id=mlist.list_id,
            address=change.address,
            what=Text(_WHAT[change.act][1], address=change.address),
            keys=_keys(change),
            how=_how(_by(actor)),
        )
    send_to_owners(mlist, subject, text)


def _by(actor: Actor) -> Text:
    """Who did it and by which door, as the owners are told."""
    door = Text(_DOORS[actor.door])
    if not actor.by:
        return door
    if actor.door is Door.MAIL:
        return Text("{door} from {by}", door=door, by=actor.by)
    return Text("{door} by {by}", door=door, by=actor.by)


def _keys(change: Change) -> Text:
    if not change.earlier:
        return Text("Its fingerprint:\n    {fingerprint}", fingerprint=grouped(change.fingerprint))
    return Text(
        "The fingerprint until now:\n    {earlier}\nThe fingerprint from now on:\n    {fingerprint}",
        earlier=grouped(change.earlier),
        fingerprint=grouped(change.fingerprint),
    )
