"""`mailman pgp certificate add|list|remove`, and the group with all that is done with certificates."""

from __future__ import annotations

from typing import Any

import click

from mailman_pgp.administration import requests
from mailman_pgp.administration.adding import let_count
from mailman_pgp.administration.answering import OWNER, answering
from mailman_pgp.administration.arguments import chosen_at, encrypted_list, is_member, mail_address, named
from mailman_pgp.administration.comparing import compare
from mailman_pgp.administration.events import log
from mailman_pgp.administration.importing import import_keyring
from mailman_pgp.administration.output import Answer
from mailman_pgp.administration.showing import show
from mailman_pgp.administration.suspending import resume, suspend
from mailman_pgp.administration.upload import upload_from
from mailman_pgp.exchange import changing
from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.lists.membership import members_among
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import chosen, reasons
from mailman_plugin_kit.texts import count


@click.group("certificate", short_help="Add, show, list or remove certificates of people.")
def certificate() -> None:
    """The certificates (public keys) that count for people on an encrypted list."""


@certificate.command("add", short_help="Let a certificate count for an address.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@click.argument("file", metavar="[FILE]", default="-")
@answering
def add(spec: str, address: str, file: str) -> Answer:
    """Let the certificate in FILE (default, or `-`: standard input) count for ADDRESS on LIST.

    It may be binary or armored. It takes the place of another certificate of ADDRESS; of the same one it is an update.
    ADDRESS need not be a member yet.

    What a known key says of itself, such as that it is revoked, is recorded for every list that uses it. A revocation alone
    will do, as `gpg --gen-revoke` makes it. The exit status is 3 when somebody on LIST gets nothing from now on for that.
    """
    mlist, _ = encrypted_list(spec)
    address = mail_address(address)
    return let_count(mlist, address, upload_from(file, address))


@certificate.command("list")
@click.argument("spec", metavar="LIST")
@answering
def list_certificates(spec: str) -> Answer:
    """List the certificates that count on LIST."""
    mlist, _ = encrypted_list(spec)
    rows = chosen.of_list(mlist.list_id)
    members = members_among(mlist.list_id, [row.address for row in rows])
    unusable = sum(row.problem is not None for row in rows)
    return Answer(
        data={
            "list": named(mlist),
            "certificates": [
                {
                    "address": row.address,
                    "member": row.address in members,
                    "fingerprint": row.stored.fingerprint,
                    "algorithm": row.stored.algorithm,
                    "expires": row.stored.expires,
                    "state": row.stored.choice.state,
                    "since": row.stored.choice.since,
                    "origin": row.stored.choice.origin,
                    "usable": row.problem is None,
                    "problem": row.problem,
                }
                for row in rows
            ],
        },
        text=paragraphs(
            f"{mlist.fqdn_listname}: {count(len(rows), 'certificate')}"
            + (f", {unusable} of them can't be used now." if unusable else "."),
            table(
                [
                    (
                        row.address if row.address in members else f"{row.address} (no member)",
                        grouped(row.stored.fingerprint),
                        row.stored.algorithm,
                        reasons.unserved(row.problem).words if row.problem is not None else _until(row.stored.expires),
                    )
                    for row in rows
                ]
            ),
            steps([f"See who gets nothing, and what to do: mailman pgp status {mlist.list_id}"] if unusable else []),
        ),
    )


def _until(expires: Any) -> str:
    return f"expires {moment(expires)}" if expires is not None else "does not expire"


@certificate.command("remove", short_help="Let no certificate count for an address any more.")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def remove(spec: str, address: str) -> Answer:
    """Let no certificate count for ADDRESS on LIST any more."""
    mlist, found = chosen_at(spec, address)
    address, fingerprint = found.address, found.stored.fingerprint
    changing.remove(mlist, address, OWNER)
    waited = requests.after_change(mlist, address)
    member = is_member(mlist, address)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": member,
            "removed": fingerprint,
            "requests": waited.data,
        },
        text=paragraphs(
            f"No certificate counts for {address} on {mlist.fqdn_listname} any more.",
            fields([("Removed", grouped(fingerprint))]),
            waited.text,
            steps(
                [
                    (
                        f"{address} is a member, and gets no posts until there is another: "
                        f"mailman pgp certificate add {mlist.list_id} {address} FILE"
                    )
                ]
                if member
                else []
            ),
        ),
    )


for command in (import_keyring, show, suspend, resume, compare, log):
    certificate.add_command(command)
