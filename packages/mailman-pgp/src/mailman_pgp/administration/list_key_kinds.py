"""The kind of key that a list is to have, as an option of commands; and the question whether it may be an experimental one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailman_pgp.administration.answering import Mistaken, Refused
from mailman_pgp.layout import paragraphs
from mailman_pgp.model.database import store
from mailman_pgp.openpgp import Profile
from mailman_pgp.overview.list_key_kinds import WORDS, effects, effects_of_brought

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.overview.list_key_kinds import Effects

_Command = TypeVar("_Command", bound="Callable[..., Any]")

YES = click.option(
    "--yes", is_flag=True, help="Do not ask whether the key may be of an experimental kind, or protect less."
)


def profile_option(default: str) -> Callable[[_Command], _Command]:
    """The option `--profile`; `default` says what it is when it is left out."""
    return click.option(
        "--profile",
        type=click.Choice([profile.value for profile in Profile]),
        help=f"Which kind of key. The last two are experimental: not every program can deal with them. Default: {default}.",
    )


def certain(mlist: Any, profile: Profile, *, yes: bool, brought: bytes | None = None) -> Effects:
    """Ask whether a list may have a key of a kind, where that has consequences; return what they are.

    :param brought: The binary certificate of one from elsewhere.
    :raises mailman_pgp.administration.answering.Refused: when it may not.
    :raises mailman_pgp.administration.answering.Mistaken: when nobody can be asked.
    """
    found = effects(mlist, profile) if brought is None else effects_of_brought(mlist, brought)
    if yes or not found.sentences:
        return found
    if click.get_current_context().params.get("as_json"):
        raise Mistaken(
            "confirmation", f"With --json nothing is asked: add --yes if the key is to be {profile}. " + _said(found)
        )
    click.echo(
        paragraphs(f"The key of {mlist.fqdn_listname} would be {WORDS[profile]}.", *found.sentences), nl=False, err=True
    )
    # The question may wait for hours; no transaction does.
    store().rollback()
    if not click.confirm("\nGo on?", default=False, err=True):
        raise Refused("not-confirmed", "Nothing was changed.")
    return found


def _said(found: Effects) -> str:
    return " ".join(found.sentences)
