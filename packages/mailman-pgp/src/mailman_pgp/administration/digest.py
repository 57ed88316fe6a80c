"""`mailman pgp digest LIST`."""

from __future__ import annotations

import click

from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.digests.sending import send
from mailman_pgp.layout import paragraphs, table
from mailman_pgp.site import health


@click.command("digest", short_help="Send the posts that wait for a digest.")
@click.argument("spec", metavar="LIST")
@answering
def digest(spec: str) -> Answer:
    """Send what LIST has collected for those members who have chosen digests, whatever its size.

    Core's own `mailman digests` finds nothing to send on an encrypted list; its `--bump` begins a new volume.
    """
    mlist, _ = encrypted_list(spec)
    health.require()
    name, shown = mlist.fqdn_listname, named(mlist)
    issues = send(mlist)
    return Answer(
        data={"list": shown, "issues": [{"volume": one.volume, "number": one.number} for one in issues]},
        text=paragraphs(
            f"{name}: on their way to those who have chosen digests:"
            if issues
            else f"{name}: no post waits for a digest.",
            table([(f"volume {one.volume}", f"issue {one.number}") for one in issues]) if issues else "",
        ),
    )
