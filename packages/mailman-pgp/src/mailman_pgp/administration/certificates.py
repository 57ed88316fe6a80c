"""`mailman pgp certificate add|show|list|remove`."""

from __future__ import annotations

from typing import Any

import click

from mailman_pgp import openpgp
from mailman_pgp.administration import chosen, reasons
from mailman_pgp.administration.answering import Refused, answering, commit
from mailman_pgp.administration.output import (
    Answer,
    ExitStatus,
    count,
    fields,
    moment,
    paragraphs,
    plain,
    steps,
    table,
)
from mailman_pgp.administration.places import encrypted_list, is_member, mail_address, named
from mailman_pgp.administration.upload import Upload, upload_from
from mailman_pgp.keys import registry, upkeep
from mailman_pgp.model.cleanup import UNSUBSCRIBED_GRACE_DAYS
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem, grouped

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
    upload = upload_from(file, address)
    known = _learnt(upload)
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
    registry.add(mlist.list_id, address, known, origin="cli")
    replaced = old if old != known.fingerprint else None
    member = is_member(mlist, address)
    return Answer(
        data={
            "list": named(mlist),
            "address": address,
            "member": member,
            "outcome": _outcome(old, replaced),
            "replaced": replaced,
            "certificate": _described(known),
        },
        text=paragraphs(
            f"From now on this certificate counts for {address} on {mlist.fqdn_listname}.",
            fields(
                [
                    *_shown(known),
                    *([("Replaces", grouped(replaced))] if replaced else []),
                    *([("Before", "the same certificate; it was updated")] if old and not replaced else []),
                ]
            ),
            "" if member else _not_a_member(mlist, address),
            steps([f"Compare the fingerprint with {address} in another way than by mail: by telephone, or in person."]),
        ),
    )


def _learnt(upload: Upload) -> Certificate:
    """What is known of the key after an upload: where it is stored, both together.

    It is committed at once.  A key has signed what it says of itself, so nobody can make it up, and the most important of
    it comes with certificates that are refused: that a key is revoked.
    """
    known = upkeep.learn(upload.certificate, now())
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
            "certificate": _described(known),
        },
        text=paragraphs(
            f"Recorded: {reason.words}. Nothing is encrypted to it any more.",
            fields([*_shown(known), ("Gets nothing", holders)]),
            steps([f"From now on they get no posts from {mlist.fqdn_listname}. {reason.mend}"]),
        ),
        status=ExitStatus.RECORDED,
    )


def _outcome(old: str | None, replaced: str | None) -> str:
    if old is None:
        return "added"
    return "replaced" if replaced else "updated"


def _not_a_member(mlist: Any, address: str) -> str:
    return (
        f"{address} is not a member of {mlist.fqdn_listname} yet: the certificate is there when they join. "
        f"It is kept for {UNSUBSCRIBED_GRACE_DAYS} days until then."
    )


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
            "certificate": {**_described(known), "armored": openpgp.armor(row.stored.data, _ARMOR).decode("ascii")},
            "history": [
                {"fingerprint": old.fingerprint, "since": old.since, "until": old.until, "state": old.state}
                for old in past
            ],
        },
        text=paragraphs(
            f"The certificate of {address} on {mlist.fqdn_listname}",
            fields(
                [
                    *_shown(known),
                    ("Counts", f"since {moment(choice.since)} ({choice.state}, from {choice.origin})"),
                    ("Usable", "yes" if row.problem is None else f"no: {reasons.unserved(row.problem).words}"),
                ]
            ),
            _past(past),
            "" if member else _not_a_member(mlist, address),
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


def _nothing_counts(mlist: Any, address: str) -> Refused:
    return Refused(
        "no-certificate",
        f"No certificate counts for {address} on {mlist.fqdn_listname}. "
        f"`mailman pgp certificate list {mlist.list_id}` shows all that do.",
    )


def _shown(known: Certificate) -> list[tuple[str, str | list[str]]]:
    return [
        ("Fingerprint", grouped(known.fingerprint)),
        ("User IDs", [plain(user_id.text) for user_id in known.user_ids] or "none"),
        ("Algorithm", known.algorithm),
        ("Created", moment(known.created)),
        ("Expires", moment(known.expires) if known.expires is not None else "never"),
    ]


def _described(known: Certificate) -> dict[str, object]:
    return {
        "fingerprint": known.fingerprint,
        "version": known.version,
        "user_ids": [user_id.text for user_id in known.user_ids],
        "algorithm": known.algorithm,
        "created": known.created,
        "expires": known.expires,
    }
