"""`mailman pgp certificate add|show|list|remove`."""

from __future__ import annotations

from typing import Any

import click

from mailman_pgp import openpgp
from mailman_pgp.administration import chosen, reasons
from mailman_pgp.administration.adding import let_count
from mailman_pgp.administration.answering import Refused, answering
from mailman_pgp.administration.described import described, not_a_member, shown
from mailman_pgp.administration.output import (
    Answer,
    count,
    fields,
    moment,
    paragraphs,
    steps,
    table,
)
from mailman_pgp.administration.places import encrypted_list, is_member, mail_address, named
from mailman_pgp.administration.suspending import resume, suspend
from mailman_pgp.administration.upload import upload_from
from mailman_pgp.keys import registry
from mailman_pgp.openpgp import grouped

_ARMOR = "PGP PUBLIC KEY BLOCK"


@click.group("certificate", short_help="Add, show, list or remove certificates of people.")
def certificate() -> None:
    """The certificates (public keys) that count for people on an encrypted list."""


@certificate.command("add")
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


@certificate.command("show")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def show(spec: str, address: str) -> Answer:
    """Show the certificate that counts for ADDRESS on LIST, and those that counted before."""
    mlist, _ = encrypted_list(spec)
    address = mail_address(address)
    row = chosen.of_address(mlist.list_id, address)
    if row is None:
        raise _nothing_counts(mlist, address)
    known = openpgp.inspect(row.stored.data)
    choice = row.stored.choice
    past = [old for old in registry.history(mlist.list_id, address) if old.until is not None]
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
            "certificate": {**described(known), "armored": openpgp.armor(row.stored.data, _ARMOR).decode("ascii")},
            "history": [
                {"fingerprint": old.fingerprint, "since": old.since, "until": old.until, "state": old.state}
                for old in past
            ],
        },
        text=paragraphs(
            f"The certificate of {address} on {mlist.fqdn_listname}",
            fields(
                [
                    *shown(known),
                    ("Counts", f"since {moment(choice.since)} ({choice.state}, from {choice.origin})"),
                    ("Usable", "yes" if row.problem is None else f"no: {reasons.unserved(row.problem).words}"),
                ]
            ),
            _past(past),
            "" if member else not_a_member(mlist, address),
            steps([reasons.unserved(row.problem).mend] if row.problem is not None else []),
        ),
    )


def _past(past: list[registry.Choice]) -> str:
    if not past:
        return ""
    rows = [
        (grouped(old.fingerprint), f"{moment(old.since)} to {moment(old.until or old.since)}", old.state)
        for old in past
    ]
    return "Before:\n" + table(rows)


@certificate.command("list")
@click.argument("spec", metavar="LIST")
@answering
def list_certificates(spec: str) -> Answer:
    """List the certificates that count on LIST."""
    mlist, _ = encrypted_list(spec)
    rows = chosen.of_list(mlist.list_id)
    members = {member.email for member in mlist.members.addresses}
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


@certificate.command("remove")
@click.argument("spec", metavar="LIST")
@click.argument("address", metavar="ADDRESS")
@answering
def remove(spec: str, address: str) -> Answer:
    """Let no certificate count for ADDRESS on LIST any more."""
    mlist, _ = encrypted_list(spec)
    address = mail_address(address)
    removed = registry.remove(mlist.list_id, address)
    if removed is None:
        raise _nothing_counts(mlist, address)
    fingerprint = removed.fingerprint
    member = is_member(mlist, address)
    return Answer(
        data={"list": named(mlist), "address": address, "member": member, "removed": fingerprint},
        text=paragraphs(
            f"No certificate counts for {address} on {mlist.fqdn_listname} any more.",
            fields([("Removed", grouped(fingerprint))]),
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


certificate.add_command(suspend)
certificate.add_command(resume)


def _nothing_counts(mlist: Any, address: str) -> Refused:
    return Refused(
        "no-certificate",
        f"No certificate counts for {address} on {mlist.fqdn_listname}. "
        f"`mailman pgp certificate list {mlist.list_id}` shows all that do.",
    )
