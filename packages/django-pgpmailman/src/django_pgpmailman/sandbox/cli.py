"""The command line of the sandbox with its website."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import hyperkitty  # noqa: F401 - so that it is said at once when it is missing

import mailman_rest_events  # noqa: F401 - as above
from django_pgpmailman.sandbox.mailman import Mailman
from django_pgpmailman.sandbox.people import Opened, Person
from django_pgpmailman.sandbox.running import running
from django_pgpmailman.sandbox.website import WebsiteError
from mailman_pgp.sandbox import SandboxError, processes
from mailman_pgp.sandbox.cli import chosen, options
from mailman_pgp.sandbox.configuration import ConfigurationError
from mailman_pgp.sandbox.place import Place
from mailman_pgp.sandbox.rest import RestError
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 1.0
_directory = click.option(
    "--dir",
    "directory",
    required=True,
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    help="Where everything lies; made when it is missing.  A second start there goes on with the same data.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A whole Mailman with its website on this machine, to try things out."""


@main.command()
@_directory
@options
def serve(directory: Path, **given: Any) -> None:
    """Start it, with an encrypted list and people to log in as.

    When all is ready, one line of JSON says where the doors are.  It stops on SIGTERM or Ctrl-C.
    """
    how, runners = chosen(**given)
    with _ending(), _sentences(directory), running(directory, how, runners) as description:
        click.echo(json.dumps(description))
        pids = json.loads(Path(description["pids"]).read_text())["sandbox"], description["web"]["pid"]
        while all(processes.state(pid) not in "XZ" for pid in pids):
            threading.Event().wait(_LOOK_SECONDS)
        raise click.ClickException(f"A part of it has ended by itself; the logs in {directory} may say why.")


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """End quietly when we are told to, and only once: nothing then interrupts the work of ending all others."""

    def end(_sign: int, _frame: object) -> None:
        for sign in _ENDS:
            signal.signal(sign, signal.SIG_IGN)
        raise SystemExit(0)

    for sign in _ENDS:
        signal.signal(sign, end)
    yield


@contextlib.contextmanager
def _sentences(directory: Path) -> Iterator[None]:
    """What a person can do something about, as a sentence."""
    try:
        yield
    except RestError as error:
        raise click.ClickException(f"Mailman answered {error}; the logs in {directory} may say why.") from error
    except (SandboxError, WebsiteError, ConfigurationError, RefusedError, TimeoutError, OSError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@_directory
@click.option(
    "--answer", metavar="WORD", help="Answer the last question among it: yes, no, or accept, reject, discard."
)
@click.argument("address")
def mail(directory: Path, address: str, answer: str | None) -> None:
    """Read the mail that somebody has got there, opened with their key; or answer it."""
    place = Place(directory)
    if not Person.has_key(place, address):
        raise click.ClickException(f"Nobody in {directory} has the address {address}, and a key.")
    with _sentences(directory):
        mailman = Mailman.at(place)
        lists = mailman.addresses()
        person = Person.at(place, address)
        if answer is None:
            for opened in person.mail(lists):
                click.echo(_shown(opened))
            return
        questions = person.questions(lists)
        if not questions:
            raise click.ClickException(f"Nothing has been asked of {address}.")
        person.answer(questions[-1], answer, mailman.lmtp)
        click.echo(f"Answered with {answer!r}, encrypted and signed: {questions[-1].message['subject']}")


def _shown(opened: Opened) -> str:
    how = "in the clear" if opened.signed_by is None else f"encrypted, signed by {opened.signed_by.address}"
    fields = "".join(f"{name}: {opened.message[name]}\n" for name in ("From", "Subject") if opened.message[name])
    return f"{'-' * 72}\n{opened.kept.path} ({how})\n{fields}\n{opened.text.rstrip()}\n"
