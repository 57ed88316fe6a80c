"""What is answered when a certificate was added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.administration import requests
from mailman_pgp.administration.answering import OWNER, Refused
from mailman_pgp.administration.arguments import is_member, named
from mailman_pgp.administration.described import not_a_member, shown
from mailman_pgp.administration.output import Answer, ExitStatus
from mailman_pgp.exchange.adding import Added, Outcome, add
from mailman_pgp.exchange.refusals import Refusal, Way
from mailman_pgp.layout import fields, paragraphs, steps
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import reasons
from mailman_pgp.overview.data import described

if TYPE_CHECKING:
    from mailman_pgp.administration.upload import Upload

_WAYS = {
    Way.RESUME: "`mailman pgp certificate resume {list} {address}` lets it count again.",
    Way.REMOVE: "`mailman pgp certificate remove {list} {address}` ends that.",
}


@public
def let_count(mlist: Any, address: str, upload: Upload) -> Answer:
    """Let an uploaded certificate count for an address (in lower case) on a list, and record what it says of itself.

    :raises Refused: when it can't be used, and nobody on the list has used it.
    """
    try:
        added = add(mlist, address, upload.certificate, OWNER)
    except Refusal as refusal:
        way = _WAYS[refusal.way].format(list=mlist.list_id, address=address) if refusal.way else ""
        raise Refused(refusal.code, upload.nothing_added(f"{refusal} {way}".rstrip())) from refusal
    return _recorded(mlist, address, added) if added.outcome is Outcome.RECORDED else _added(mlist, address, added)


def _added(mlist: Any, address: str, added: Added) -> Answer:
    waited = requests.after_change(mlist, address)
    known, member = added.certificate, is_member(mlist, address)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": member,
            "outcome": added.outcome,
            "replaced": added.replaced,
            "certificate": described(known),
            "requests": waited.data,
        },
        text=paragraphs(
            f"From now on this certificate counts for {address} on {mlist.fqdn_listname}.",
            fields(
                [
                    *shown(known),
                    *([("Replaces", grouped(added.replaced))] if added.replaced else []),
                    *([("Before", "the same certificate; it was updated")] if added.outcome is Outcome.UPDATED else []),
                ]
            ),
            waited.text,
            "" if member else not_a_member(mlist, address),
            steps(
                [
                    f"Compare the fingerprint with {address} in another way than by mail: by telephone, or in person.",
                    f"Then record that: mailman pgp certificate compare {mlist.list_id} {address} FINGERPRINT",
                ]
            ),
        ),
    )


def _recorded(mlist: Any, address: str, added: Added) -> Answer:
    """The answer to an upload by which a certificate that is chosen on the list can't be used any more."""
    assert added.problem is not None
    reason = reasons.unserved(added.problem)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": is_member(mlist, address),
            "outcome": added.outcome,
            "problem": added.problem,
            "unserved": added.unserved,
            "certificate": described(added.certificate),
        },
        text=paragraphs(
            f"Recorded: {reason.words}. Nothing is encrypted to it any more.",
            fields([*shown(added.certificate), ("Gets nothing", added.unserved)]),
            steps([f"From now on they get no posts from {mlist.fqdn_listname}. {reason.typed}"]),
        ),
        status=ExitStatus.RECORDED,
    )
