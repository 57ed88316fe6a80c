"""`mailman pgp list-key show|extend LIST` and `mailman pgp list-key uncertify LIST FINGERPRINT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.list_key_ends import revoke, rotate
from mailman_pgp.administration.list_key_files import export, import_key, revocation_certificate
from mailman_pgp.administration.output import Answer
from mailman_pgp.keys import certifications, extending, vault
from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import grouped, profile_of
from mailman_pgp.overview.list_key_kinds import WORDS
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.keys.vault import ListCertificate


@click.group("list-key", short_help="Show, export, import, extend, rotate or revoke the key of a list.")
def list_key() -> None:
    """The key pair of an encrypted list."""


for command in (export, import_key, revocation_certificate, rotate, revoke):
    list_key.add_command(command)


@list_key.command("show", short_help="Show the key of LIST, and those of before.")
@click.argument("spec", metavar="LIST")
@answering
def show(spec: str) -> Answer:
    """Show the key of LIST: what members compare before they trust it."""
    mlist, _ = encrypted_list(spec)
    row = vault.certificate(mlist.list_id)
    certificate = openpgp.inspect(row.certificate)
    retired = [one for one in vault.certificates(mlist.list_id) if one.fingerprint != row.fingerprint]
    certified_by = certifications.by_signer(mlist.list_id)
    user_ids = [user_id.text for user_id in certificate.user_ids]
    kind = profile_of(row.certificate)
    return Answer(
        data={
            "list": named(mlist),
            "list_key": {
                "fingerprint": row.fingerprint,
                "user_ids": user_ids,
                "algorithm": certificate.algorithm,
                "profile": kind,
                "created": row.created,
                "expires": row.expires,
                "revoked": row.revoked,
                "follows": row.follows,
                "certified_by": [
                    {"fingerprint": signer, "address": held.address, "since": held.since}
                    for signer, held in certified_by.items()
                ],
            },
            "retired": [
                {
                    "fingerprint": key.fingerprint,
                    "created": key.created,
                    "expires": key.expires,
                    "opens": key.opens_at(now()),
                    "opens_until": key.opens_until,
                    "revoked": key.revoked,
                }
                for key in retired
            ],
        },
        text=paragraphs(
            f"The key of {mlist.fqdn_listname}",
            fields(
                [
                    ("Fingerprint", grouped(row.fingerprint)),
                    ("User IDs", [plain(text) for text in user_ids]),
                    ("Algorithm", certificate.algorithm),
                    *([("Kind", WORDS[kind])] if kind.experimental else []),
                    ("Created", moment(row.created)),
                    ("Expires", moment(row.expires) if row.expires else "never"),
                    *(
                        [("Revoked", "The list waits, and its mail in the queues, for another key.")]
                        if row.revoked
                        else []
                    ),
                ]
            ),
            _certified_text(certified_by),
            _retired_text(retired),
            steps(
                [f"Give the list another key: mailman pgp list-key rotate {mlist.list_id}"]
                if row.revoked
                else [
                    "Publish the fingerprint where people can compare it: your web page, a signed message, on paper.",
                    f"Give them the certificate: mailman pgp list-key export {mlist.list_id}",
                ]
            ),
        ),
    )


def _certified_text(certified_by: dict[str, certifications.Held]) -> str:
    if not certified_by:
        return ""
    rows = [(grouped(signer), held.address, f"since {moment(held.since)}") for signer, held in certified_by.items()]
    return "Certified by, and handed out so:\n" + table(rows)


@list_key.command("extend", short_help="Let the key of LIST live longer, and stay the same key.")
@click.argument("spec", metavar="LIST")
@click.option(
    "--years",
    type=click.IntRange(1, extending.MOST_YEARS),
    default=extending.DEFAULT_YEARS,
    show_default=True,
    help="For how many years from now on.",
)
@answering
def extend(spec: str, years: int) -> Answer:
    """Let the key of LIST live longer, also when it has expired; it stays the same key, and its fingerprint stays."""
    mlist, _ = encrypted_list(spec)
    before = extending.extend(mlist.list_id, years)
    key = vault.certificate(mlist.list_id)
    deeds.record(mlist, Deed.KEY_EXTENDED, OWNER, what=key.fingerprint)
    assert key.expires is not None  # it was set just now
    return Answer(
        data={
            "list": named(mlist),
            "fingerprint": key.fingerprint,
            "before": before.expires,
            "expires": key.expires,
        },
        text=paragraphs(
            f"The key of {mlist.fqdn_listname} expires on {key.expires:%Y-%m-%d}.",
            fields([("Fingerprint", grouped(key.fingerprint))]),
            steps(
                [
                    "Members learn it with the next post, where their programs read Autocrypt; others import the certificate again.",
                    f"Put the newer one where you have published it: mailman pgp list-key export {mlist.list_id}",
                ]
            ),
        ),
    )


@list_key.command("uncertify", short_help="Hand the key of LIST out without what a key has certified.")
@click.argument("spec", metavar="LIST")
@click.argument("fingerprint")
@answering
def uncertify(spec: str, fingerprint: str) -> Answer:
    """Hand out the certificate of LIST without what the key with this FINGERPRINT has certified."""
    mlist, _ = encrypted_list(spec)
    signer = "".join(fingerprint.split()).upper()
    removed = certifications.remove(mlist.list_id, signer) if signer.isascii() else 0
    if not removed:
        raise Refused(
            "not-certified",
            f"No key {plain(fingerprint)} has certified the key of {mlist.fqdn_listname}. `mailman pgp list-key show` names "
            "those that have.",
        )
    deeds.record(mlist, Deed.UNCERTIFIED, OWNER, what=signer)
    return Answer(
        data={"list": named(mlist), "fingerprint": signer, "removed": removed},
        text=paragraphs(
            f"The certificate of {mlist.fqdn_listname} is handed out without the certifications by {grouped(signer)}. "
            "Copies that people have already keep them."
        ),
    )


def _retired_text(keys: Sequence[ListCertificate]) -> str:
    if not keys:
        return ""
    rows = [(grouped(key.fingerprint), f"created {moment(key.created)}", _use_of(key)) for key in keys]
    return "Keys of before:\n" + table(rows)


def _use_of(key: ListCertificate) -> str:
    if key.revoked:
        return "revoked"
    if not key.opens_at(now()):
        return "opens archives only"
    return f"opens mail until {moment(key.opens_until)}" if key.opens_until else "opens mail"
