"""`mailman pgp certificate import LIST FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailman_pgp.administration.answering import OWNER, Refused, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.keyrings import KeyringError, read_keyrings
from mailman_pgp.administration.output import Answer, ExitStatus
from mailman_pgp.administration.upload import in_words
from mailman_pgp.exchange import keyring
from mailman_pgp.exchange.keyring_fates import Fate, as_data
from mailman_pgp.layout import fields, paragraphs, steps, table
from mailman_pgp.openpgp import grouped
from mailman_plugin_kit.texts import count, plain

if TYPE_CHECKING:
    from typing import Any

    from mailman_pgp.exchange.keyring_fates import Brought, Line

# A few seconds of work; who brings fewer sees the end at once.
_TELL_EACH = 500


@click.command("import", short_help="Let the certificates of a whole keyring count.")
@click.argument("spec", metavar="LIST")
@click.argument("file", metavar="[FILE]", default="-")
@click.option("--dry-run", is_flag=True, help="Do nothing, and say what would be done.")
@click.option("--all-or-nothing", is_flag=True, help="Do nothing when one of them is refused, and say which.")
@answering
def import_keyring(spec: str, file: str, *, dry_run: bool, all_or_nothing: bool) -> Answer:
    """Let each certificate in FILE (default, or `-`: standard input) count for the person on LIST whose address it names.

    FILE is a keyring with up to 20000 certificates, binary or armored, as `gpg --export` writes it; or a directory with such files. What
    became of each is said. None takes the place of another certificate: add that one by itself. Of a known one it is an update.

    The exit status is 3 when somebody gets nothing from now on, since their certificate can't be used any more; with --all-or-nothing it is 1
    when nothing was done.
    """
    mlist, _ = encrypted_list(spec)
    try:
        found = read_keyrings(file, _tell)
    except KeyringError as problem:
        sentence = f"Nothing was added from {problem.name}. {in_words(problem.error, 'ADDRESS')}"
        raise Refused(problem.error.problem, sentence) from problem
    if dry_run:
        brought = keyring.rehearse(mlist, found)
    else:
        brought = keyring.bring(mlist, found, OWNER, all_or_nothing=all_or_nothing)
    refused = all_or_nothing and brought.number(Fate.REFUSED)
    recorded = brought.written and brought.number(Fate.RECORDED)
    return Answer(
        data={"list": named(mlist), **as_data(brought)},
        text=_text(mlist, brought, dry_run=dry_run, refused=bool(refused)),
        status=ExitStatus.NOT_FINE if refused else ExitStatus.RECORDED if recorded else ExitStatus.FINE,
    )


def _tell(done: int, whole: int) -> None:
    """Show how far it is, to who waits at the terminal."""
    if whole > _TELL_EACH:
        click.echo(f"Read {done} of {whole} certificates.", err=True)


def _text(mlist: Any, brought: Brought, *, dry_run: bool, refused: bool) -> str:
    done = "would be" if not brought.written else "were" if brought.number(Fate.TAKEN) != 1 else "was"
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
        steps([_next(mlist, brought, dry_run=dry_run, refused=refused)]),
    )


def _next(mlist: Any, brought: Brought, *, dry_run: bool, refused: bool) -> str:
    if refused:
        number = brought.number(Fate.REFUSED)
        return f"Nothing was done, since {count(number, 'certificate')} {'is' if number == 1 else 'are'} refused."
    if dry_run:
        return "Nothing was done. Without --dry-run it is."
    return (
        "Compare the fingerprints with their people in another way than by mail, and record that: "
        f"mailman pgp certificate compare {mlist.list_id} ADDRESS FINGERPRINT"
    )


def _whose(line: Line) -> str:
    whose = ", ".join(line.addresses or line.user_ids)
    return f"{line.source}: {whose}" if line.source else whose
