"""From a function that answers to a command: its transaction, its output, its exit status, and its refusals.

The transaction is committed before anything is printed, so that what is said is true; a refusal aborts it.  Core's
`mailman` script aborts it too whenever a command ends with another status than 0, which then has no effect any more.
"""

from __future__ import annotations

import functools
from typing import IO, TYPE_CHECKING, Any, ParamSpec

import click
from mailman.config import config
from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.administration.output import Answer, ExitStatus, to_json
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import RegistryError
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists.encryption import EncryptionError
from mailman_pgp.lists.settings import SettingError
from mailman_pgp.model.database import store
from mailman_pgp.openpgp import CertificateError, OpenPGPError
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

#: Who acts on the command line: whoever may use it, nobody by name.
OWNER = Actor(Door.COMMAND_LINE)


class Failure(click.ClickException):
    """A command that did nothing, and why: `code` for programs, the sentence for people."""

    exit_code = int(ExitStatus.NOT_FINE)
    as_json = False

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence to standard error, or the JSON object to standard output."""
        if self.as_json:
            click.echo(to_json({"error": {"code": self.code, "sentence": self.message}}))
        else:
            click.echo(self.message, file=file, err=file is None)


@public
class Refused(Failure):
    """What was asked for can't be done."""


@public
class Mistaken(Failure):
    """The command line, or a name in it, is not right."""

    exit_code = int(ExitStatus.MISTAKEN)


@public
def commit() -> None:
    """Commit; not core's `config.db.commit()` alone, which swallows what keeps it from committing."""
    store().flush()
    config.db.commit()


@public
def answering(ask: Callable[P, Answer]) -> Callable[..., None]:
    """Make the callback of a command, with the option ``--json``, of a function that answers or raises."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
    @functools.wraps(ask)
    def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
        try:
            answer = ask(*args, **kwargs)
            commit()
        except Exception as error:
            config.db.abort()
            failure = _failure(error)
            if failure is None:
                raise
            failure.as_json = as_json
            raise failure from error
        click.echo(answer.as_json() if as_json else answer.text, nl=as_json)
        if answer.status is not ExitStatus.FINE:
            # Only after the commit: core's script rolls back whatever ends like this.
            click.get_current_context().exit(int(answer.status))

    return run


def _failure(error: Exception) -> Failure | None:
    match error:
        case Failure():
            return error
        case EncryptionError():
            return Refused("not-possible", str(error))
        case CertificateError():
            return Refused(error.problem, str(error))
        case OpenPGPError():
            return Refused("openpgp", str(error))
        case VaultError():
            return Refused("list-key", str(error))
        case RegistryError():
            return Refused("registry", str(error))
        case SettingError():
            return Mistaken("setting", str(error))
        case health.NotHealthy():
            return Refused("not-healthy", f"The plugin is not healthy, so nothing was done. {error}")
        case SQLAlchemyError():
            return Refused("database", _database_sentence(error))
    return None


def _database_sentence(error: SQLAlchemyError) -> str:
    # The library's text holds statements and values.
    problems = " ".join(str(problem) for problem in health.current().problems)
    return f"Mailman's database could not be read or written ({type(error).__name__}); nothing was changed. " + (
        problems or "Try again; if it stays, run `mailman-pgp check`, which names the mend."
    )
