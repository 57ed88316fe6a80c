"""`mailman pgp archive on|off|show|add|remove|export LIST …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import OWNER, Mistaken, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.administration.upload import upload_from
from mailman_pgp.archiving import exporting, readers, switches
from mailman_pgp.archiving.archivers import ALLOWED, folder_of
from mailman_pgp.keys import vault
from mailman_pgp.layout import fields, paragraphs, steps, table
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.openpgp import grouped
from mailman_plugin_kit.texts import count, plain

if TYPE_CHECKING:
    from mailman_pgp.openpgp import Certificate

_ARCHIVER = click.argument("archiver", type=click.Choice(list(ALLOWED)))


@click.group("archive", short_help="Archive the posts of a list, encrypted to those who are to read them.")
def archive() -> None:
    """The archive of an encrypted list: off, until an owner wants it.

    It is encrypted to the certificates that are added here, whose secret keys need not be on this server; while there are
    none, to the list's own.
    """


@archive.command("on")
@click.argument("spec", metavar="LIST")
@_ARCHIVER
@answering
def switch_on(spec: str, archiver: str) -> Answer:
    """Archive the posts of LIST from now on."""
    mlist, _ = encrypted_list(spec)
    switches.switch(mlist, archiver, on=True)
    deeds.record(mlist, Deed.ARCHIVED, OWNER, what=archiver)
    return _shown(mlist, f"Posts of {mlist.fqdn_listname} are archived by {archiver} from now on.")


@archive.command("off", short_help="Archive no more posts.")
@click.argument("spec", metavar="LIST")
@_ARCHIVER
@answering
def switch_off(spec: str, archiver: str) -> Answer:
    """Archive no more posts of LIST; what is archived stays."""
    mlist, _ = encrypted_list(spec)
    switches.switch(mlist, archiver, on=False)
    deeds.record(mlist, Deed.ARCHIVED_NO_MORE, OWNER, what=archiver)
    return _shown(
        mlist, f"Posts of {mlist.fqdn_listname} are not archived by {archiver} any more. What is there stays."
    )


@archive.command("show", short_help="Show whether there is an archive, and who can read it.")
@click.argument("spec", metavar="LIST")
@answering
def show(spec: str) -> Answer:
    """Show whether LIST is archived, where, and who can read it."""
    mlist, _ = encrypted_list(spec)
    return _shown(mlist, f"The archive of {mlist.fqdn_listname}")


@archive.command("add", short_help="Encrypt the archive to one more certificate.")
@click.argument("spec", metavar="LIST")
@click.argument("file")
@answering
def add(spec: str, file: str) -> Answer:
    """Encrypt the archive of LIST to the certificate in FILE (`-`: standard input), too; what is there stays as it is.

    With the first one it is no longer encrypted to the list's own certificate, so this server can't open it any more.
    """
    mlist, _ = encrypted_list(spec)
    certificate = upload_from(file, str(mlist.owner_address)).certificate
    new = readers.add(mlist, certificate)
    whose = grouped(certificate.fingerprint)
    if new:
        deeds.record(mlist, Deed.READER_ADDED, OWNER, what=certificate.fingerprint)
    return _shown(
        mlist,
        f"From now on the archive of {mlist.fqdn_listname} is encrypted to {whose}."
        if new
        else f"The certificate {whose} was named already, and is up to date now.",
    )


@archive.command("remove", short_help="Encrypt the archive to a certificate no more.")
@click.argument("spec", metavar="LIST")
@click.argument("fingerprint")
@answering
def remove(spec: str, fingerprint: str) -> Answer:
    """Encrypt the archive of LIST no more to the certificate with this FINGERPRINT; it still opens what is there.

    With the last one it is encrypted to the list's own certificate again.
    """
    mlist, _ = encrypted_list(spec)
    wanted = "".join(fingerprint.split()).upper()
    if not readers.remove(mlist.list_id, wanted):
        raise Refused(
            "not-named",
            f"The archive of {mlist.fqdn_listname} is not encrypted to a certificate {plain(fingerprint)} that was added. "
            f"`mailman pgp archive show {mlist.list_id}` names those that are.",
        )
    deeds.record(mlist, Deed.READER_REMOVED, OWNER, what=wanted)
    return _shown(mlist, f"From now on the archive of {mlist.fqdn_listname} is not encrypted to {grouped(wanted)}.")


@archive.command("export", short_help="Write the archive in the clear into a new mbox.")
@click.argument("spec", metavar="LIST")
@click.option("--to", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A new file.")
@click.option("--from", "archiver", type=click.Choice(list(ALLOWED)), help="Which archive, where there are both.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@answering
def export(spec: str, path: Path, archiver: str | None, *, yes: bool) -> Answer:
    """Write the archive of LIST in the clear into a new mbox, as far as the list's own key opens it.

    Who has the secret key of a certificate that was added opens the archive elsewhere, with any OpenPGP mail program.
    """
    mlist, _ = encrypted_list(spec)
    there = exporting.archives_of(mlist)
    if archiver is None and len(there) > 1:
        raise Mistaken("which-archive", f"There are two archives: say --from {' or --from '.join(there)}.")
    archiver = archiver or (there[0] if there else None)
    if archiver not in there:
        raise Refused("no-archive", f"There is no archive of {mlist.fqdn_listname} yet.")
    if not yes:
        _ask(mlist, path)
    try:
        done = exporting.export(mlist, archiver, path)
    except FileExistsError:
        raise Refused("file-exists", f"{plain(str(path))} exists already. Name another file.") from None
    except OSError as error:
        raise Refused("file", f"The archive could not be written to {plain(str(path))} ({error.strerror}).") from None
    except openpgp.WorkshopError as error:
        raise Refused("openpgp", str(error)) from None
    deeds.record(mlist, Deed.ARCHIVE_EXPORTED, OWNER, what=archiver)
    return Answer(
        data={
            "list": named(mlist),
            "file": str(path),
            "written": done.written,
            "not_opened": done.closed,
            "not_of_the_list": done.foreign,
        },
        text=paragraphs(
            f"In the clear in {plain(str(path))}: {count(done.written, 'post')} of {mlist.fqdn_listname}.",
            f"Not opened, since they are not encrypted to a key of the list: {count(done.closed, 'message')}."
            if done.closed
            else "",
            f"Left out, since the list has not signed them: {count(done.foreign, 'message')}." if done.foreign else "",
        ),
    )


def _ask(mlist: Any, path: Path) -> None:
    if click.get_current_context().params.get("as_json"):
        raise Mistaken(
            "confirmation", "With --json nothing is asked: add --yes if the archive is to be written in the clear."
        )
    click.echo(
        f"The posts of {mlist.fqdn_listname} would be written to {plain(str(path))} in the clear: whoever reads that disk, or a "
        "backup of it, reads them."
    )
    if not click.confirm("Go on?", default=False):
        raise Refused("not-confirmed", "Nothing was written.")


def _shown(mlist: Any, first: str) -> Answer:
    on = [one.name for one in switches.switched_on(mlist)]
    certificates = readers.named(mlist.list_id)
    own = vault.certificate(mlist.list_id)
    places = [str(folder_of(mlist, name)) for name in ALLOWED if name in on or folder_of(mlist, name).is_dir()]
    problems = [one for one in certificates if not one.usability.usable]
    return Answer(
        data={
            "list": named(mlist),
            "archivers": on,
            "folders": places,
            "encrypted_to": [
                {
                    "fingerprint": one.fingerprint,
                    "user_ids": [u.text for u in one.user_ids],
                    "problem": one.usability.problem,
                }
                for one in certificates
            ],
            "opened_by_list_key": not certificates,
        },
        text=paragraphs(
            first,
            fields([("Archived by", on or "nothing"), ("Folder", places or "none yet")]),
            "Encrypted to:\n" + table([_row(one) for one in certificates])
            if certificates
            else f"Encrypted to the list's own certificate, {grouped(own.fingerprint)}.",
            steps([f"Add a newer copy of {grouped(one.fingerprint)}: it can't be used." for one in problems]),
        ),
    )


def _row(certificate: Certificate) -> tuple[str, str]:
    names = ", ".join(plain(user_id.text) for user_id in certificate.user_ids)
    return grouped(certificate.fingerprint), names if certificate.usability.usable else f"{names} (can't be used)"
