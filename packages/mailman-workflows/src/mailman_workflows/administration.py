"""The command group `mailman workflows`."""

from __future__ import annotations

import json
from typing import Any

import click
from mailman.config import config

from mailman_workflows import again, choice, components, saved
from mailman_workflows.errors import NotStartedError
from mailman_workflows.lists import find_list
from mailman_workflows.request import Purpose

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


@click.group("workflows", context_settings={"help_option_names": ["-h", "--help"]})
def workflows() -> None:
    """Choose how people join and leave each list.

    LIST is a list's address (ant@example.com) or its list-id (ant.example.com).
    """
    if not components.every():
        raise NotStartedError


def _list(spec: str) -> Any:
    mlist = find_list(spec)
    if mlist is None:
        raise click.ClickException(f"There is no mailing list {spec!r}; `mailman lists` shows all.")
    return mlist


@workflows.command("list", short_help="Show all workflows.")
@_AS_JSON
def list_workflows(*, as_json: bool) -> None:
    """Show all workflows that are installed here."""
    found = components.every()
    if as_json:
        click.echo(
            json.dumps(
                [{"name": w.name, "purpose": w.purpose.word, "description": w.description} for w in found], indent=2
            )
        )
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:<{width}}  {each.purpose.word:<5}  {each.description}")


@workflows.command("show", short_help="Show what a list uses.")
@click.argument("spec", metavar="LIST")
@_AS_JSON
def show(spec: str, *, as_json: bool) -> None:
    """Show which workflows LIST uses, and which requests wait there."""
    mlist = _list(spec)
    chosen = {purpose.word: choice.name_for(mlist.list_id, purpose) for purpose in Purpose}
    rows = saved.all_at(mlist)
    if as_json:
        requests = [
            {"token": row.token, "email": row.email, "waits_for": row.waits_for, "reason": row.reason} for row in rows
        ]
        click.echo(json.dumps({"list_id": mlist.list_id, **chosen, "requests": requests}, indent=2))
        return
    for word, name in chosen.items():
        click.echo(f"{word:<5}  {name}{'' if components.named(name) else '  (not installed: nobody can ' + word + ')'}")
    for row in rows:
        click.echo(f"{row.since:%Y-%m-%d %H:%M} UTC  {row.email}  {row.reason}  {row.token}")


@workflows.command("set", short_help="Choose a workflow for a list.")
@click.argument("spec", metavar="LIST")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def set_workflow(spec: str, names: tuple[str, ...]) -> None:
    """Have LIST use the workflow NAME from now on; requests that wait go on in the one they began in."""
    mlist = _list(spec)
    try:
        for name in names:
            workflow = choice.choose(mlist.list_id, name)
            click.echo(f"{mlist.fqdn_listname}: {workflow.purpose.word} by {name}.")
    except choice.ChoiceError as error:
        config.db.abort()
        raise click.ClickException(str(error)) from None


@workflows.command("resume", short_help="Have requests that wait look again.")
@click.argument("spec", metavar="LIST")
@click.argument("tokens", metavar="[TOKEN]...", nargs=-1)
def resume(spec: str, tokens: tuple[str, ...]) -> None:
    """Have requests at LIST that wait for something outside look whether it is there; without TOKEN, all of them.

    The exit code is 1 where one of them failed, and 0 where they go on, are refused or have to wait.
    """
    failed = False
    for looked in again.look_again(_list(spec), tokens or None):
        failed = failed or looked.failed
        click.echo(f"{looked.token}: {looked.sentence}", err=not looked.goes_on)
    if failed:
        raise click.exceptions.Exit(1)
