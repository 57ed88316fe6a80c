"""`mailman pgp certificate show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp import openpgp
from mailman_pgp.administration import events
from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import chosen_at, is_member, named
from mailman_pgp.administration.described import not_a_member, shown
from mailman_pgp.administration.output import Answer
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import data, reasons

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Event

_ARMOR = "PGP PUBLIC KEY BLOCK"
_LAST_EVENTS = 5


@click.command("show", short_help="Show the certificate of somebody, and its past.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def show(spec: str, address: str) -> Answer:
    """Show the certificate that counts for ADDRESS on LIST, and those that counted before."""
    mlist, row = chosen_at(spec, address)
    address = row.address
    known = openpgp.inspect(row.stored.data)
    choice = row.stored.choice
    past = [old for old in registry.history(mlist.list_id, address) if old.until is not None]
    compared = journal.last(mlist.list_id, address, choice.fingerprint, Act.COMPARED)
    last = journal.of(mlist.list_id, address, limit=_LAST_EVENTS)
    member = is_member(mlist, address)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": member,
            "state": choice.state,
            "since": choice.since,
            "origin": choice.origin,
            "usable": row.problem is None,
            "problem": row.problem,
            "compared": None if compared is None else data.event(compared),
            "certificate": {**data.described(known), "armored": openpgp.armor(row.stored.data, _ARMOR).decode("ascii")},
            "history": [
                {"fingerprint": old.fingerprint, "since": old.since, "until": old.until, "state": old.state}
                for old in past
            ],
            "events": [data.event(event) for event in last],
        },
        text=paragraphs(
            f"The certificate of {address} on {mlist.fqdn_listname}",
            fields(
                [
                    *shown(known),
                    ("Counts", f"since {moment(choice.since)} ({choice.state}, from {choice.origin})"),
                    ("Usable", "yes" if row.problem is None else f"no: {reasons.unserved(row.problem).words}"),
                    ("Compared", _compared(compared)),
                ]
            ),
            _past(past),
            f"Done last:\n{events.rows(last, named_by_address=False)}" if last else "",
            "" if member else not_a_member(mlist, address),
            steps([reasons.unserved(row.problem).typed] if row.problem is not None else []),
        ),
    )


def _compared(event: Event | None) -> str:
    return "not recorded" if event is None else f"{moment(event.at)} ({events.doer(event)})"


def _past(past: list[registry.Choice]) -> str:
    if not past:
        return ""
    rows = [
        (grouped(old.fingerprint), f"{moment(old.since)} to {moment(old.until or old.since)}", old.state)
        for old in past
    ]
    return "Before:\n" + table(rows)
