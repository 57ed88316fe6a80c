"""Changes of keys in words, for their people and for the owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public

from mailman_pgp.i18n import N_, Text
from mailman_pgp.keys.journal import Act, Door
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.keys.journal import Event

#: To the person, and to the owners.  Of what is not here (proved once more, approved, compared) nobody is told.
WHAT: dict[Act, tuple[str, str]] = {
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

DOORS = {
    Door.COMMAND_LINE: N_("On the command line of the server"),
    Door.REST: N_("Through the web interface"),
    Door.MAIL: N_("By mail"),
    Door.WORKFLOW: N_("By a moderator's decision about a request"),
    Door.SITE: N_("The key has signed that itself; it was recorded"),
}


@public
def how(who: Text, at: dt.datetime) -> Text:
    """Who did it, and when (naive UTC)."""
    return Text("{who}, on {day} at {time} UTC.", who=who, day=at.strftime("%Y-%m-%d"), time=at.strftime("%H:%M"))


@public
def keys(event: Event) -> Text:
    """The fingerprints that it is about."""
    if not event.earlier:
        return Text("Its fingerprint:\n    {fingerprint}", fingerprint=grouped(event.fingerprint))
    return Text(
        "The fingerprint until now:\n    {earlier}\nThe fingerprint from now on:\n    {fingerprint}",
        earlier=grouped(event.earlier),
        fingerprint=grouped(event.fingerprint),
    )
