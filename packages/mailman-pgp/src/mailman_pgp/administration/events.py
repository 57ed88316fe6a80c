"""Who did what about which certificate, when, and by which door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from public import public

from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import encrypted_list, mail_address, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Door
from mailman_pgp.layout import moment, paragraphs, table
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import data
from mailman_plugin_kit.texts import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailman_pgp.keys.journal import Event

_DEFAULT = 50
_MOST = 1000
DOORS = {
    Door.COMMAND_LINE: "command line",
    Door.REST: "REST",
    Door.MAIL: "mail",
    Door.WORKFLOW: "decision about a request",
    Door.SITE: "said by the key itself",
}


@public
def doer(event: Event) -> str:
    """By which door, and who if that is known, in a few words."""
    return f"{DOORS[event.door]}, {event.by}" if event.by else DOORS[event.door]


@public
def rows(events: Iterable[Event], *, named_by_address: bool) -> str:
    """Events as a table, a line each; an address in each line where they are of several people."""
    return table(
        [
            (
                moment(event.at),
                *([event.address] if named_by_address else []),
                event.act,
                grouped(event.fingerprint),
                doer(event),
            )
            for event in events
        ]
    )


@click.command("log", short_help="Show who did what, when, and by which door.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="[ADDRESS]", required=False)
@click.option(
    "--last", type=click.IntRange(1, _MOST), default=_DEFAULT, show_default=True, help="How many events are shown."
)
@answering
def log(spec: str, address: str | None, last: int) -> Answer:
    """Show what was done about the certificates of people on LIST, or about that of ADDRESS, the latest first.

    Also of people who have left. Events are kept for three years.
    """
    mlist, _ = encrypted_list(spec)
    whose = None if address is None else mail_address(address)
    events = journal.of(mlist.list_id, whose, limit=last)
    about = mlist.fqdn_listname if whose is None else f"{whose} on {mlist.fqdn_listname}"
    return Answer(
        data={"list": named(mlist), "address": whose, "events": [data.event(event) for event in events]},
        text=paragraphs(
            f"{about}: {count(len(events), 'event')}" + (", the latest." if len(events) == last else "."),
            rows(events, named_by_address=whose is None) if events else "",
        ),
    )
