"""Somebody who looks after a list wants to read a post that waits for a moderator: it is sent to them, as the moderators are asked."""

from __future__ import annotations

import logging
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation.held_posts import content_of, require_office
from mailman_pgp.conversation.holding import about_held, attached_post
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.encrypted import letter, send_encrypted
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.openpgp import Recipient
    from mailman_pgp.overview.held import Held

log = logging.getLogger("mailman.vette")

_ONE_IN = timedelta(minutes=5)


@public
def send_copy(mlist: Any, held: Held, address: str, actor: Actor) -> None:
    """Send a held post to an owner or moderator of its list, signed by the list and encrypted to their key, or not at all.

    :param address: Theirs, in lower case.
    :param actor: Who wants it, for the log.
    :raises Refusal: when they don't look after the list, nothing can be encrypted to them, they were sent it a moment ago, or the post
        can't be opened.
    """
    reader = _reader(mlist, address)
    _require_rare(mlist, held, address)
    record, content = content_of(mlist, held)
    subject, text = about_held(mlist, record, held.reasons)
    attachments = [attached_post(content.entity), list_certificate(mlist)]
    # To answer it is to talk with the others about it, and decides nothing: there is no code in it.
    send_encrypted(mlist, letter(mlist.owner_address, subject, text, attachments), [reader], while_it_counts=True)
    log.info(
        "%s: a copy of the held post %s was sent to %s%s",
        *(mlist.fqdn_listname, held.placeholder, address, f", asked by {actor.by}" if actor.by else ""),
    )


def _reader(mlist: Any, address: str) -> Recipient:
    # Looked at first: what is known of the key of somebody else is none of the caller's business.
    require_office(mlist, address)
    found = look_up(mlist.list_id, [address])
    if not found.recipients:
        reason = reasons.unserved(found.problems[address])
        raise Refusal(
            "no-certificate-that-counts",
            f"Nothing can be encrypted to {address} on {mlist.fqdn_listname}, so nothing was sent: {reason.words}. {reason.mend}",
        )
    return found.recipients[0]


def _require_rare(mlist: Any, held: Held, address: str) -> None:
    """Whoever is signed in to the web in their name, say, fills no mailbox by it."""
    one_at_a_time(mlist.list_id)
    last = ledger.last_copy(mlist.list_id, address, held.placeholder)
    if last is not None and last < _ONE_IN:
        raise Refusal(
            "sent-already",
            f"{address} was sent this post within the last five minutes, so nothing was sent. Look into that mailbox, also for what "
            "it takes for spam, or try again in five minutes.",
            wait=ceil((_ONE_IN - last).total_seconds()),
        )
    ledger.sent_copy(mlist.list_id, address, held.placeholder)
