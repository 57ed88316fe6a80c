"""`mailman pgp log LIST`."""

from __future__ import annotations

import click

from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import any_list, named
from mailman_pgp.administration.events import DOORS
from mailman_pgp.administration.output import Answer
from mailman_pgp.layout import moment, paragraphs, table
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import WORDS, Done
from mailman_pgp.overview import data
from mailman_plugin_kit.texts import count, plain

_DEFAULT = 50
_MOST = 1000


@click.command("log", short_help="Show who did what about a list, when, and by which door.")
@click.argument("spec", metavar="LIST")
@click.option("--last", type=click.IntRange(1, _MOST), default=_DEFAULT, show_default=True, help="How many are shown.")
@answering
def log(spec: str, last: int) -> Answer:
    """Show what was done about LIST, its settings, its key, its archive, and the requests at it, the latest first.

    Also of a list that is a plain one by now. It is kept for three years. `mailman pgp certificate log` shows what was done about the
    certificates of people.
    """
    mlist = any_list(spec)
    found = deeds.of(mlist.list_id, limit=last)
    number = count(len(found), "entry", "entries")
    return Answer(
        data={"list": named(mlist), "log": [data.deed(one) for one in found]},
        text=paragraphs(
            f"{mlist.fqdn_listname}: {number}" + (", the latest." if len(found) == last else "."),
            table([_row(one) for one in found]) if found else "",
        ),
    )


def _row(one: Done) -> tuple[str, str, str, str]:
    doer = f"{DOORS[one.door]}, {one.by}" if one.by else DOORS[one.door]
    about = plain(" ".join(filter(None, (one.address, one.what))))
    return moment(one.at), WORDS[one.deed], about, doer
