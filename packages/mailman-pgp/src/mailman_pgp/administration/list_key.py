"""`mailman pgp list-key show|export|extend LIST` and `mailman pgp list-key uncertify LIST FINGERPRINT`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer, fields, moment, paragraphs, plain, steps, table
from mailman_pgp.keys import certifications, extending, vault
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARMOR = "PGP PUBLIC KEY BLOCK"


@click.group("list-key", short_help="Show, export or extend the key of a list, and who has certified it.")
def list_key() -> None:
    """The key pair of an encrypted list."""


@list_key.command("show")
@click.argument("spec", metavar="LIST")
@answering
def show(spec: str) -> Answer:
    """Show the key of LIST: what members compare before they trust it."""
    mlist, _ = encrypted_list(spec)
    row = vault.certificate(mlist.list_id)
    certificate = openpgp.inspect(row.certificate)
    retired = _retired(mlist.list_id, row.fingerprint)
    certified_by = certifications.by_signer(mlist.list_id)
    user_ids = [user_id.text for user_id in certificate.user_ids]
    return Answer(
        data={
            "list": named(mlist),
            "list_key": {
                "fingerprint": row.fingerprint,
                "user_ids": user_ids,
                "algorithm": certificate.algorithm,
                "created": row.created,
                "expires": row.expires,
                "certified_by": [
                    {"fingerprint": signer, "address": held.address, "since": held.since}
                    for signer, held in certified_by.items()
                ],
            },
            "retired": [
                {"fingerprint": key.fingerprint, "created": key.created, "expires": key.expires} for key in retired
            ],
        },
        text=paragraphs(
            f"The key of {mlist.fqdn_listname}",
            fields(
                [
                    ("Fingerprint", grouped(row.fingerprint)),
                    ("User IDs", [plain(text) for text in user_ids]),
                    ("Algorithm", certificate.algorithm),
                    ("Created", moment(row.created)),
                    ("Expires", moment(row.expires) if row.expires else "never"),
                ]
            ),
            _certified_text(certified_by),
            _retired_text(retired),
            steps(
                [
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


@list_key.command("extend")
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


@list_key.command("uncertify")
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


def _retired(list_id: str, current: str) -> Sequence[ListKey]:
    query = select(ListKey).where(ListKey.list_id == list_id, ListKey.fingerprint != current)
    return store().scalars(query.order_by(ListKey.created)).all()


def _retired_text(keys: Sequence[ListKey]) -> str:
    if not keys:
        return ""
    rows = [(grouped(key.fingerprint), f"created {moment(key.created)}") for key in keys]
    return "Kept to open older mail:\n" + table(rows)


@list_key.command("export")
@click.argument("spec", metavar="LIST")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the certificate into this new file. Default: standard output.",
)
@answering
def export(spec: str, output: Path | None) -> Answer:
    """Export the certificate (the public part of the key) of LIST, in ASCII armor."""
    mlist, _ = encrypted_list(spec)
    row = certifications.certified(mlist.list_id)
    armored = openpgp.armor(row.certificate, _ARMOR).decode("ascii")
    data: dict[str, object] = {"list": named(mlist), "fingerprint": row.fingerprint}
    if output is None:
        return Answer(data={**data, "certificate": armored}, text=armored)
    _write_new(output, armored)
    return Answer(
        data={**data, "file": str(output)},
        text=paragraphs(
            f"The certificate of {mlist.fqdn_listname} is in {plain(str(output))}.",
            fields([("Fingerprint", grouped(row.fingerprint))]),
            steps(["Give it to those who post, and let them compare the fingerprint in another way than by mail."]),
        ),
    )


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(
            "file-exists", f"{plain(str(path))} exists already. Name another file, or remove that one first."
        ) from None
    except OSError as error:
        raise Refused("file", f"{plain(str(path))} can't be written ({error.strerror}). Name another file.") from None
