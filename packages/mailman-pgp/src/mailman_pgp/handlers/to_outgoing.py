"""The last step of the pipelines: composed once, cut into chunks, on into the queue `out`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailman.config import config
from mailman.core.i18n import _
from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_pgp.archiving.writing import archive
from mailman_pgp.delivery import chunks
from mailman_pgp.digests.sending import collect
from mailman_pgp.handlers.recipients import FOR_DIGEST
from mailman_pgp.model.database import commit
from mailman_pgp.notices.strangers import answer_stranger
from mailman_pgp.posts.composition import compose
from mailman_pgp.posts.record import Record
from mailman_pgp.posts.sealed import SealedError, seal_delivery


@public
@implementer(IHandler)
class ToOutgoing:
    """Compose the payload of all copies, and enqueue one entry for each chunk of recipients."""

    name = "pgp-to-outgoing"
    description = _("Compose a post to an encrypted list, and queue it for delivery.")

    def process(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `IHandler`."""
        record = Record.of(msgdata)
        if record is None:
            raise SealedError(
                "A message without a record came to the end of the pipeline. It is kept in the shunt queue."
            )
        # What the handlers before have written.  A database that does not take it fails the post while nobody has a copy, so that it can
        # be put back; and on SQLite nobody else could write while a large post is written into the queue.
        commit()
        composed = compose(mlist, msg, record)
        delivery = seal_delivery(msg, mlist.list_id, record, composed.payload)
        for recipients in chunks.cut(sorted(msgdata["recipients"]), len(composed.payload)):
            chunk = chunks.name(mlist.list_id, record.claim, recipients)
            part = replace(record, chunk=chunk, outer=composed.outer)
            record = replace(record, digests=())
            entry = {**msgdata, "recipients": recipients, "verp": True, **part.to_kws()}
            config.switchboards["out"].enqueue(delivery, entry, listid=mlist.list_id)
        if msgdata.get(FOR_DIGEST):
            collect(mlist, msg, record)
        # Behind the queue: no archive can keep a post from its members.
        archive(mlist, record, composed)
        if composed.brought:
            answer_stranger(mlist, record, composed.brought, "taken")
