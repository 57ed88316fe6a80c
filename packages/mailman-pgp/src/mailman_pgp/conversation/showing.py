"""A held post is read in the web, where its list allows that; and those who look after a list learn it when it begins to.

It is opened for the one who asks, and what they are shown is kept nowhere.  Whoever has a session of theirs may allow it to themselves:
so it is told, as it is told who looks after the list.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.interfaces.listmanager import IListManager
from public import public
from zope.component import getUtility
from zope.event import subscribers

from mailman_pgp.conversation.held_posts import content_of, require_office
from mailman_pgp.events.kinds import ListSettingsChangedEvent
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.i18n import _, using
from mailman_pgp.lists.in_force import shows_held
from mailman_pgp.mime import PayloadError, excerpt, read_payload
from mailman_pgp.notices.sending import send_to_owners

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.mime import Excerpt
    from mailman_pgp.overview.held import Held

log = logging.getLogger("mailman.vette")


@public
def show(mlist: Any, held: Held, address: str, actor: Actor) -> Excerpt:
    """Open a held post for an owner or moderator of its list; that they have read it is logged, and nothing of it.

    :param address: Theirs, in lower case.
    :param actor: Who asks, for the log.
    :raises Refusal: when the list does not allow it, they don't look after it, or the post can't be opened or read.
    """
    if not shows_held(mlist.list_id):
        raise Refusal(
            "not-shown",
            f"The owners of {mlist.fqdn_listname} do not have held posts shown (`show_held`). Have it sent to you, encrypted.",
        )
    require_office(mlist, address)
    _record, content = content_of(mlist, held)
    try:
        found = excerpt(read_payload(content.entity, content.outside))
    except PayloadError:
        raise Refusal(
            "not-to-be-read",
            "What the author of this post wrote is built in a way that can't be shown here. Have it sent to you, encrypted, and read it "
            "in a mail program.",
        ) from None
    by = f", asked by {actor.by}" if actor.by and actor.by != address else ""
    log.info("%s: the held post %s was shown to %s%s", mlist.fqdn_listname, held.placeholder, address, by)
    return found


@public
def install() -> None:
    """Listen to changes of settings, in this process."""
    if _tell not in subscribers:
        subscribers.append(_tell)


def _tell(event: object) -> None:
    if not (
        isinstance(event, ListSettingsChangedEvent) and "show_held" in event.settings and shows_held(event.list_id)
    ):
        return
    mlist = getUtility(IListManager).get_by_list_id(event.list_id)
    with using(mlist.preferred_language.code):
        send_to_owners(
            mlist,
            _("Held posts are shown in the web: {list}").format(list=mlist.display_name),
            _(
                "From now on the owners and moderators of the list {list} can read held posts in its web interface, also those that wait "
                "already. So can whoever has a session of theirs, and the website's own machine.\n\nIf none of you has chosen this, "
                "somebody else may be using the account of one of you. Take it back at once, and ask the site's operator, whose log "
                "`vette` says who did it:\n\n    {command}"
            ).format(list=mlist.posting_address, command=f"mailman pgp set {mlist.list_id} show_held=no"),
        )
