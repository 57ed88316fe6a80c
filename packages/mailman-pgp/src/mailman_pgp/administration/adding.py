"""A certificate is added: it counts from now on, or is refused, or ends what counted until now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.administration import chosen, reasons, requests
from mailman_pgp.administration.answering import OWNER, Refused, commit
from mailman_pgp.administration.described import described, not_a_member, shown
from mailman_pgp.administration.output import Answer, ExitStatus, fields, paragraphs, steps
from mailman_pgp.administration.places import is_member, named
from mailman_pgp.exchange import changing
from mailman_pgp.keys import registry
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem, grouped

if TYPE_CHECKING:
    from mailman_pgp.administration.upload import Upload


@public
def let_count(mlist: Any, address: str, upload: Upload) -> Answer:
    """Let an uploaded certificate count for an address (in lower case) on a list, and record what it says of itself.

    :raises Refused: when it can't be used, and nobody on the list has used it.
    """
    known = _learnt(mlist, upload)
    try:
        openpgp.require_usable(known, address)
    except CertificateError as error:
        holders = registry.addresses_of(mlist.list_id, known.fingerprint)
        if upload.certificate.usability.usable and not known.usability.usable:
            raise _known_better(error.problem) from error
        if holders and not known.usability.usable:
            return _recorded(mlist, address, known, holders)
        raise upload.refused(address, error, _still_counts(mlist, address) if address in holders else "") from error
    before = chosen.of_address(mlist.list_id, address)
    old = before.stored.fingerprint if before is not None else None
    try:
        changing.let_count(mlist, address, known, ChoiceState.APPROVED, OWNER)
    except changing.SuspendedError as error:
        resume = f"`mailman pgp certificate resume {mlist.list_id} {address}` lets it count again."
        raise Refused("suspended", f"{error} {resume}") from error
    waited = requests.after_change(mlist, address)
    replaced = old if old != known.fingerprint else None
    member = is_member(mlist, address)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": member,
            "outcome": _outcome(old, replaced),
            "replaced": replaced,
            "certificate": described(known),
            "requests": waited.data,
        },
        text=paragraphs(
            f"From now on this certificate counts for {address} on {mlist.fqdn_listname}.",
            fields(
                [
                    *shown(known),
                    *([("Replaces", grouped(replaced))] if replaced else []),
                    *([("Before", "the same certificate; it was updated")] if old and not replaced else []),
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


def _learnt(mlist: Any, upload: Upload) -> Certificate:
    """What is known of the key after an upload: where it is stored, both together.

    It is committed at once.  A key has signed what it says of itself, so nobody can make it up, and the most important of
    it comes with certificates that are refused: that a key is revoked.
    """
    known = changing.learn(upload.certificate, OWNER, mlist)
    if known is None:
        return upload.certificate
    commit()
    return known


def _known_better(problem: CertificateProblem) -> Refused:
    reason = reasons.unserved(problem)
    return Refused(
        problem,
        f"Nothing was added. An earlier copy of this key says more than this one: {reason.words}. {reason.mend}",
    )


def _still_counts(mlist: Any, address: str) -> str:
    return (
        f"The same key counts for {address} already, and goes on counting; "
        f"`mailman pgp certificate remove {mlist.list_id} {address}` ends that."
    )


def _recorded(mlist: Any, address: str, known: Certificate, holders: list[str]) -> Answer:
    """The answer to an upload by which a certificate that is chosen on the list can't be used any more."""
    problem = known.usability.problem
    assert problem is not None
    reason = reasons.unserved(problem)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": is_member(mlist, address),
            "outcome": "recorded",
            "problem": problem,
            "unserved": holders,
            "certificate": described(known),
        },
        text=paragraphs(
            f"Recorded: {reason.words}. Nothing is encrypted to it any more.",
            fields([*shown(known), ("Gets nothing", holders)]),
            steps([f"From now on they get no posts from {mlist.fqdn_listname}. {reason.mend}"]),
        ),
        status=ExitStatus.RECORDED,
    )


def _outcome(old: str | None, replaced: str | None) -> str:
    if old is None:
        return "added"
    return "replaced" if replaced else "updated"
