"""An owner records that they have compared a fingerprint with its person."""

from __future__ import annotations

import click

from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import chosen_at, is_member, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.exchange import changing
from mailman_pgp.layout import fields, paragraphs
from mailman_pgp.openpgp import grouped


@click.command("compare", short_help="Record that you compared a fingerprint.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@click.argument("fingerprint", metavar="FINGERPRINT", nargs=-1, required=True)
@answering
def compare(spec: str, address: str, fingerprint: tuple[str, ...]) -> Answer:
    """Record that you compared the FINGERPRINT of the certificate of ADDRESS on LIST with its person.

    Type what they told you, by telephone or in person: all of it, with blanks or without. It is refused when the certificate
    has another one. Nothing else is changed by this.
    """
    mlist, found = chosen_at(spec, address)
    address, current = found.address, found.stored.fingerprint
    try:
        changing.compare(mlist, address, " ".join(fingerprint), OWNER)
    except changing.OtherFingerprintError as error:
        raise Refused(
            "other-fingerprint",
            f"{error} If it stays another one, it is not their key: "
            f"`mailman pgp certificate suspend {mlist.list_id} {address}` lets it not count.",
        ) from error
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": is_member(mlist, address),
            "fingerprint": current,
            "outcome": "compared",
        },
        text=paragraphs(
            f"Recorded: the fingerprint of {address} on {mlist.fqdn_listname} was compared.",
            fields([("Fingerprint", grouped(current))]),
        ),
    )
