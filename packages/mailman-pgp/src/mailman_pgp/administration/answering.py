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

from mailman_pgp.administration.output import Answer, ExitStatus, to_json
from mailman_pgp.exchange.refusals import refusal_of
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.lists.setting import SettingError
from mailman_pgp.model.database import commit

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
    if isinstance(error, Failure):
        return error
    if isinstance(error, SettingError):
        return Mistaken("setting", str(error))
    refusal = refusal_of(error)
    return None if refusal is None else Refused(refusal.code, str(refusal))
