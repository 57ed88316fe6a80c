"""`mailman pgp test LIST ADDRESS`."""

from __future__ import annotations

import click

from mailman_pgp.administration.answering import OWNER, answering
from mailman_pgp.administration.arguments import encrypted_list, mail_address, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.delivery.trial import send_test
from mailman_pgp.layout import fields, paragraphs, steps
from mailman_pgp.openpgp import grouped


@click.command("test", short_help="Send a member a test message.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def send_a_test(spec: str, address: str) -> Answer:
    """Send the member ADDRESS of LIST a test message, encrypted and signed as posts are; or say why no post reaches them."""
    mlist, _ = encrypted_list(spec)
    trial = send_test(mlist, mail_address(address), OWNER)
    return Answer(
        data={
            "list": named(mlist),
            "address": trial.address,
            "message_id": trial.message_id,
            "fingerprint": trial.fingerprint,
        },
        text=paragraphs(
            f"A test message to {trial.address} is on its way.",
            fields([("Encrypted to", grouped(trial.fingerprint)), ("Message-ID", trial.message_id)]),
            steps(["Ask them whether they can read it, and whether their program shows a good signature of the list."]),
        ),
    )
