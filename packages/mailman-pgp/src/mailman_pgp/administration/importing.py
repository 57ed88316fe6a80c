"""`mailman pgp certificate import LIST FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer, ExitStatus, count, fields, paragraphs, plain, steps, table
from mailman_pgp.administration.upload import in_words, named_file, read_file
from mailman_pgp.exchange import keyring
from mailman_pgp.exchange.keyring import Fate
from mailman_pgp.openpgp import CertificateError, grouped

if TYPE_CHECKING:
    from typing import Any

    from mailman_pgp.exchange.keyring import Brought


@click.command("import", short_help="Let the certificates of a whole keyring count.")
@click.argument("spec", metavar="LIST")
@click.argument("file", metavar="[FILE]", default="-")
@click.option("--dry-run", is_flag=True, help="Do nothing, and say what would be done.")
@answering
def import_keyring(spec: str, file: str, *, dry_run: bool) -> Answer:
    """Let each certificate in FILE (default, or `-`: standard input) count for the person on LIST whose address it names.

    FILE is a keyring with up to 500 certificates, binary or armored, as `gpg --export` writes it. What became of each is said.
    None takes the place of another certificate: add that one by itself. Of a known one it is an update. The exit status is 3
    when somebody gets nothing from now on, since their certificate can't be used any more.
    """
    mlist, _ = encrypted_list(spec)
    content = read_file(file)
    try:
        brought = keyring.rehearse(mlist, content) if dry_run else keyring.bring(mlist, content, OWNER)
    except CertificateError as error:
        raise Refused(
            error.problem, f"Nothing was added from {named_file(file)}. {in_words(error, 'ADDRESS')}"
        ) from error
    recorded = not dry_run and brought.number(Fate.RECORDED)
    return Answer(
        data={"list": named(mlist), **keyring.as_data(brought, dry_run=dry_run)},
        text=_text(mlist, brought, dry_run=dry_run),
        status=ExitStatus.RECORDED if recorded else ExitStatus.FINE,
    )


def _text(mlist: Any, brought: Brought, *, dry_run: bool) -> str:
    done = "would be" if dry_run else "were" if brought.number(Fate.TAKEN) != 1 else "was"
    taken = count(brought.number(Fate.TAKEN), "certificate")
    return paragraphs(
        f"{taken} {done} taken on {mlist.fqdn_listname}, of {len(brought.lines)}.",
        table(
            [
                (line.fate.value, grouped(line.fingerprint) or "unreadable", plain(_whose(line)), line.sentence)
                for line in brought.lines
            ]
        ),
        fields([("Still without", list(brought.without) or "nobody")]),
        steps(
            [
                "Nothing was done. Without --dry-run it is."
                if dry_run
                else "Compare the fingerprints with their people in another way than by mail, and record that: "
                f"mailman pgp certificate compare {mlist.list_id} ADDRESS FINGERPRINT"
            ]
        ),
    )


def _whose(line: keyring.Line) -> str:
    return ", ".join(line.addresses or line.user_ids)
