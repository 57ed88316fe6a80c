"""A list's key and files: `mailman pgp list-key export|revocation-certificate|import LIST …`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailman_pgp import openpgp
from mailman_pgp.administration import passphrases
from mailman_pgp.administration.answering import OWNER, Mistaken, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.list_key_ends import OVERLAP, followed
from mailman_pgp.administration.list_key_kinds import YES, certain
from mailman_pgp.administration.output import Answer
from mailman_pgp.administration.upload import named_file, read_file
from mailman_pgp.exchange import list_keys
from mailman_pgp.keys import certifications, revoking, vault
from mailman_pgp.layout import fields, paragraphs, steps
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import commit
from mailman_pgp.openpgp import PRIVATE_KEY, PUBLIC_KEY, CertificateProblem, ListKeyError, grouped
from mailman_pgp.site import private_file
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.keys.vault import ListCertificate

_RSA = (
    "This is an RSA key. The RSA that is used here takes measurably longer for some messages than for others (RUSTSEC-2023-0071): whoever "
    "can send many messages to the list, and see how long it takes, may find out the key. Rotate soon (mailman pgp list-key rotate)."
)

KEY = click.option(
    "--key", "fingerprint", metavar="FINGERPRINT", help="Which key of the list. Default: the current one."
)
PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take the passphrase from the first line of this file, in place of asking for it.",
)


def key_named(mlist: Any, fingerprint: str | None) -> ListCertificate:
    """A key of a list by its fingerprint as people write it; the current one for None."""
    return revoking.key_of(mlist.list_id, None if fingerprint is None else "".join(fingerprint.split()).upper())


@click.command("export", short_help="Export the certificate of LIST, or its secret key.")
@click.argument("spec", metavar="LIST")
@click.option("--secret", is_flag=True, help="Export the secret key, under a passphrase; only into a file.")
@KEY
@PASSPHRASE_FILE
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it into this new file. Default: standard output.",
)
@answering
def export(
    spec: str, output: Path | None, fingerprint: str | None, passphrase_file: Path | None, *, secret: bool
) -> Answer:
    """Export the certificate (the public part of the key) of LIST, in ASCII armor; or with --secret the secret key.

    That one is under a passphrase, which is asked for twice, in a file that nobody else can read. Every OpenPGP program can use it.
    """
    mlist, _ = encrypted_list(spec)
    if secret:
        return _export_secret(mlist, key_named(mlist, fingerprint), output, passphrase_file)
    row = key_named(mlist, fingerprint)
    current = row.fingerprint == vault.certificate(mlist.list_id).fingerprint
    handed = certifications.certified(mlist.list_id).certificate if current else certifications.with_former(row)
    armored = openpgp.armor(handed, PUBLIC_KEY).decode("ascii")
    if output is None or str(output) == "-":
        return Answer(data={"list": named(mlist), "fingerprint": row.fingerprint, "certificate": armored}, text=armored)
    _write_new(output, armored)
    return _written(
        mlist,
        row,
        output,
        f"The certificate of {mlist.fqdn_listname} is in {plain(str(output))}.",
        ["Give it to those who post, and let them compare the fingerprint in another way than by mail."],
    )


def _export_secret(mlist: Any, row: ListCertificate, output: Path | None, passphrase_file: Path | None) -> Answer:
    _require_file(output, "A secret key")
    assert output is not None  # as it is a file
    passphrase = passphrases.new(passphrase_file)
    protected = openpgp.protect(vault.secret_of(mlist.list_id, row.fingerprint), passphrase)
    _let_go(row, Deed.KEY_EXPORTED, output, openpgp.armor(protected, PRIVATE_KEY), mlist)
    return _written(
        mlist,
        row,
        output,
        f"The secret key of {mlist.fqdn_listname} is in {plain(str(output))}, under the passphrase.",
        [
            "Whoever has both can read all mail to the list, and sign for it: keep them apart, and off this machine.",
            "A backup of the site is another thing, and has all lists: see the manual for operators.",
        ],
    )


@click.command("revocation-certificate", short_help="Write what can end the key of LIST, to keep it elsewhere.")
@click.argument("spec", metavar="LIST")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Write it into this new file.",
)
@KEY
@answering
def revocation_certificate(spec: str, output: Path, fingerprint: str | None) -> Answer:
    """Write the revocation certificate of LIST's key into a file, to be kept elsewhere.

    It was made with the key. It ends the key when nothing else can: when this machine is lost, or in other hands.
    """
    mlist, _ = encrypted_list(spec)
    _require_file(output, "A revocation certificate")
    row = key_named(mlist, fingerprint)
    _let_go(row, Deed.REVOCATION_EXPORTED, output, vault.revocation(mlist.list_id, row.fingerprint), mlist)
    return _written(
        mlist,
        row,
        output,
        f"The revocation certificate of {mlist.fqdn_listname} is in {plain(str(output))}.",
        [
            "Keep it where this machine can't lose it, on paper too. Whoever has it can end the key, and do nothing else with it.",
            f"To use it: mailman pgp list-key revoke {mlist.list_id} --certificate FILE; or give it to the members, who import it.",
        ],
        label="Of the key",
    )


@click.command("import", short_help="Let LIST have a key that exists already.")
@click.argument("spec", metavar="LIST")
@click.argument("file", metavar="FILE")
@PASSPHRASE_FILE
@click.option("--allow-rsa", is_flag=True, help="Take an RSA key, which is weaker here than others.")
@OVERLAP
@YES
@answering
def import_key(
    spec: str, file: str, passphrase_file: Path | None, overlap: int, *, allow_rsa: bool, yes: bool
) -> Answer:
    """Let LIST have the secret key in FILE (`-`: standard input), binary or armored, in the place of the one that it has now.

    Its passphrase is asked for where it has one. A user ID of it must name the list. User IDs that name others are left out; for each
    address of the list there is one. The key of now opens mail for a while, as after `list-key rotate`, and people on the list are told.
    """
    mlist, _ = encrypted_list(spec)
    # What is asked about is what becomes of this one.
    seen = vault.certificate(mlist.list_id).fingerprint
    content = read_file(file)
    try:
        new = list_keys.brought(mlist, _unlocked(content, passphrase_file), allow_rsa=allow_rsa)
    except ListKeyError as error:
        raise Refused(error.problem, f"Nothing was imported from {named_file(file)}. {error}") from error
    data = new.key.certificate.data
    effects = certain(mlist, openpgp.profile_of(data), yes=yes, brought=data)
    done = list_keys.succeed(mlist, new.key, overlap, seen)
    deeds.record(mlist, Deed.KEY_IMPORTED, OWNER, what=new.key.certificate.fingerprint)
    answer = followed(mlist, done, [*([_RSA] if new.rsa else []), *(effects.sentences if yes else ())])
    return Answer(
        data={**answer.data, "left_out": list(new.left_out)},
        text=paragraphs(
            answer.text,
            fields([("User IDs left out", [plain(one) for one in new.left_out])]) if new.left_out else "",
        ),
    )


def _unlocked(content: bytes, passphrase_file: Path | None) -> bytes:
    """The secret key without a passphrase; one is asked for only where it is needed."""
    if passphrase_file is not None:
        return openpgp.read_secret_key(content, passphrases.known(passphrase_file))
    try:
        return openpgp.read_secret_key(content, None)
    except ListKeyError as error:
        if error.problem is not CertificateProblem.LOCKED:
            raise
    return openpgp.read_secret_key(content, passphrases.known(None))


def _written(
    mlist: Any, row: ListCertificate, path: Path, sentence: str, then: Sequence[str], *, label: str = "Fingerprint"
) -> Answer:
    """That something of a key is in a file now, and what is to be done with it."""
    return Answer(
        data={"list": named(mlist), "fingerprint": row.fingerprint, "file": str(path)},
        text=paragraphs(sentence, fields([(label, grouped(row.fingerprint))]), steps(then)),
    )


def _require_file(output: Path | None, what: str) -> None:
    """See that something goes into a new file, before anybody types a passphrase for it."""
    if output is None or str(output) == "-":
        raise Mistaken("output", f"{what} is written into a file only: name a new one by --output.")
    if os.path.lexists(output):
        raise _exists(output)


def _let_go(row: ListCertificate, deed: Deed, path: Path, content: bytes, mlist: Any) -> None:
    """Write what is for nobody else into a new file; in the log first, since nothing of a key leaves that is not there."""
    deeds.record(mlist, deed, OWNER, what=row.fingerprint)
    commit()
    try:
        private_file.create(path, content)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _not_written(path, error) from None


def _write_new(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _not_written(path, error) from None


def _exists(path: Path) -> Refused:
    return Refused("file-exists", f"{plain(str(path))} exists already. Name another file, or remove that one first.")


def _not_written(path: Path, error: OSError) -> Refused:
    return Refused("file", f"{plain(str(path))} can't be written ({error.strerror}). Name another file.")
