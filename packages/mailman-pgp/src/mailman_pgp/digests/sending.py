"""From collected posts to digests on their way: for each form one payload, queued as a post is, for those who want that form."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.email.message import Message
from mailman.interfaces.listmanager import IListManager
from public import public
from sqlalchemy.exc import SQLAlchemyError
from zope.component import getUtility

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.delivery.recipients import regular_recipients
from mailman_pgp.digests import collection
from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.i18n import _, using
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.mime import DigestPost, mime_digest, plain_digest, topics
from mailman_pgp.model.database import commit, now
from mailman_pgp.posts import decoration
from mailman_pgp.posts.composition import compose, compose_digest
from mailman_pgp.posts.identity import Use, identify
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import seal_delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.digests.collection import Issue
    from mailman_pgp.posts.composition import Composed
    from mailman_pgp.posts.sealed import SealedMessage

log = logging.getLogger("mailman.error")

_HEADER = "list:member:digest:header"
_FOOTER = "list:member:digest:footer"

#: A digest that is sent each day goes when its first post is so old: the look at it comes once a day.
_A_DAY = timedelta(hours=12)


class _Form(StrEnum):
    MIME = "mime"
    PLAIN = "plain"


@public
def collect(mlist: Any, post: SealedMessage, record: Record) -> None:
    """Keep a post for those who have chosen digests, and send them when there is enough; commits.

    A digest that can't be made or queued keeps nobody's post: it is tried again with the next one, and each day.

    Header and footer of single posts are left out: a digest has its own.
    """
    list_id = mlist.list_id
    collection.add(list_id, record.claim, compose(mlist, post, record, decorated=False).payload)
    commit()
    try:
        _finish_what_was_begun(mlist)
        if collection.is_full(mlist):
            send(mlist)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is in what waits, and would be so with each post
        _not_sent(mlist, list_id, error)


@public
def send(mlist: Any) -> list[Issue]:
    """Send all that waits, as one issue or several; commits."""
    sent = _finish_what_was_begun(mlist)
    while (issue := collection.begin_issue(mlist)) is not None:
        _queue(mlist, issue)
        sent.append(issue)
    return sent


@public
def send_each_day() -> None:
    """Send what has waited for a day on lists that want that (core's `digest_send_periodic`), and what a killed process has begun.

    Commits.
    """
    lists = getUtility(IListManager)
    for list_id in collection.waiting_since(now() - _A_DAY):
        mlist = lists.get_by_list_id(list_id)
        if mlist is None or not is_encrypted(list_id):
            continue
        try:
            if mlist.digest_send_periodic:
                send(mlist)
            else:
                _finish_what_was_begun(mlist)
        except Exception as error:  # noqa: BLE001 - the other lists have theirs all the same
            _not_sent(mlist, list_id, error)


def _not_sent(mlist: Any, list_id: str, error: Exception) -> None:
    """Undo what was begun, and record for the owners that it is tried again.  Commits; never fails."""
    config.db.abort()
    log_failure(f"the digest of {list_id} could not be sent", error)
    try:
        _record(mlist, "digest-not-sent")
        commit()
    except SQLAlchemyError as away:  # the database is what fails
        config.db.abort()
        log_failure(f"that could not be recorded for the owners of {list_id}", away)


def _record(mlist: Any, reason: str) -> None:
    ledger.dropped(mlist.list_id, kind="digest", recipient=mlist.owner_address, reason=reason)


def _finish_what_was_begun(mlist: Any) -> list[Issue]:
    begun = collection.unfinished(mlist.list_id)
    for issue in begun:
        _queue(mlist, issue)
    return begun


def _queue(mlist: Any, issue: Issue) -> None:
    """Queue an issue; when it was queued before, its chunks have the same names, and are not sent twice."""
    payloads, closed = collection.payloads(mlist.list_id, issue)
    if closed:
        log.error(
            "%s: %d posts could not be put into the digest: they were sealed under another site key, or before the list was "
            "encrypted anew",
            mlist.fqdn_listname,
            closed,
        )
        for _post in range(closed):
            _record(mlist, "not-in-digest")
    posts = [DigestPost(payload) for payload in payloads]
    candidates = [one for one in regular_recipients(mlist) if one.digest]
    for form in _Form:
        wanted = sorted(one.address for one in candidates if one.plain is (form is _Form.PLAIN))
        if not (wanted and posts):
            continue
        claim = f"digest {issue.name} {form}"
        composed = _composed(mlist, issue, form, posts, identify(mlist.list_id, claim, Use.COPY))
        record = Record(
            kind=Kind.POST,
            author=mlist.owner_address,
            message_id=composed.outer.message_id,
            claim=claim,
            outer=composed.outer,
        )
        delivery = seal_delivery(Message(), mlist.list_id, record, composed.payload)
        for recipients in chunks.cut(wanted, len(composed.payload)):
            part = replace(record, chunk=chunks.name(mlist.list_id, claim, recipients))
            entry = {"recipients": recipients, "verp": True, **part.to_kws()}
            config.switchboards["out"].enqueue(delivery, entry, listid=mlist.list_id)
    collection.finish(issue)
    commit()


def _composed(mlist: Any, issue: Issue, form: _Form, posts: Sequence[DigestPost], message_id: str) -> Composed:
    with using(mlist.preferred_language.code):
        name = _("{list} Digest, Vol {volume}, Issue {number}").format(
            list=mlist.display_name, volume=issue.volume, number=issue.number
        )
        contents = _("Today's topics:") + "\n\n" + topics(posts)
        before = "\n\n".join(
            filter(None, (decoration.masthead_for(mlist), decoration.header_for(mlist, _HEADER), contents))
        )
        after = decoration.footer_for(mlist, _FOOTER)
        if form is _Form.MIME:
            return compose_digest(mlist, mime_digest(name, posts), name, message_id, before=before, after=after)
        end = _("End of {digest}").format(digest=name)
        return compose_digest(mlist, plain_digest(name, before, posts, after, end), name, message_id)
