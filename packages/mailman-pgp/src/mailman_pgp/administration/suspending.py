"""A certificate is suspended, and counts again: at once, and without losing what was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp.administration import requests
from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import chosen_at, is_member, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.exchange import changing
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.layout import fields, paragraphs, steps
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import chosen, reasons

if TYPE_CHECKING:
    from typing import Any


@click.command("suspend", short_help="Let a certificate not count for now.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def suspend(spec: str, address: str) -> Answer:
    """Let the certificate of ADDRESS on LIST not count until further notice, as when its owner may have lost control of it.

    From now on nothing is encrypted to it there, and posts signed with it are refused. `mailman pgp certificate resume` lets
    it count again.
    """
    mlist, current = chosen_at(spec, address)
    address = current.address
    before = current.stored.choice.state
    changing.suspend(mlist, address, OWNER)
    waited = requests.after_change(mlist, address)
    first = "was suspended already" if before is ChoiceState.SUSPENDED else "is suspended"
    resume_it = f"mailman pgp certificate resume {mlist.list_id} {address}"
    return Answer(
        data={
            **_data(mlist, address, current.stored.fingerprint, ChoiceState.SUSPENDED, before),
            "requests": waited.data,
        },
        text=paragraphs(
            f"The certificate of {address} on {mlist.fqdn_listname} {first}. Nothing is encrypted to it, and it signs no post.",
            fields([("Fingerprint", grouped(current.stored.fingerprint))]),
            waited.text,
            steps([f"Let it count again when you know that all is well: {resume_it}"]),
        ),
    )


@click.command("resume", short_help="Let a suspended certificate count again.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def resume(spec: str, address: str) -> Answer:
    """Let the suspended certificate of ADDRESS on LIST count again."""
    mlist, current = chosen_at(spec, address)
    address = current.address
    before = current.stored.choice.state
    if before is not ChoiceState.SUSPENDED:
        raise Refused(
            "not-suspended",
            f"The certificate of {address} on {mlist.fqdn_listname} is not suspended; nothing was changed.",
        )
    changing.resume(mlist, address, OWNER)
    waited = requests.after_change(mlist, address)
    # Suspended, it may have expired or been revoked.
    now_chosen = chosen.of_address(mlist.list_id, address)
    problem = None if now_chosen is None else now_chosen.problem
    reason = None if problem is None else reasons.unserved(problem)
    return Answer(
        data={
            **_data(mlist, address, current.stored.fingerprint, ChoiceState.APPROVED, before),
            "problem": problem,
            "requests": waited.data,
        },
        text=paragraphs(
            f"The certificate of {address} on {mlist.fqdn_listname} counts again.",
            fields([("Fingerprint", grouped(current.stored.fingerprint))]),
            waited.text,
            "" if reason is None else f"But nothing can be encrypted to it: {reason.words}. {reason.typed}",
        ),
    )


def _data(mlist: Any, address: str, fingerprint: str, state: ChoiceState, before: ChoiceState) -> dict[str, object]:
    return {
        "list": named(mlist),
        "address": address,
        "member": is_member(mlist, address),
        "fingerprint": fingerprint,
        "state": state,
        "before": before,
    }
