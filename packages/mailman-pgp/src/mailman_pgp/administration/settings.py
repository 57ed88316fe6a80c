"""`mailman pgp set LIST name=value…`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from mailman_pgp.administration.answering import OWNER, Mistaken, answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.layout import paragraphs, table
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.lists.setting import DEFAULT_WORD, Setting, Value
from mailman_pgp.lists.settings import SETTINGS, change, in_words, setting, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 100  # columns


@click.command("set", short_help="Change or show the settings of a list.")
@click.argument("spec", metavar="LIST")
@click.argument("assignments", metavar="[NAME=VALUE]...", nargs=-1)
@answering
def set_settings(spec: str, assignments: tuple[str, ...]) -> Answer:
    """Change settings of the encrypted list LIST, all of them or none; without NAME=VALUE, show them all.

    The value `default` takes back what was set.
    """
    mlist, row = encrypted_list(spec)
    changed = list(change(row, _parsed(assignments)))
    values = values_of(row)
    if changed:
        deeds.record(mlist, Deed.SET, OWNER, what=in_words(row, changed))
    data = {
        "list": named(mlist),
        "settings": {name: _described(found, values[name]) for name, found in SETTINGS.items()},
        "changed": changed,
    }
    if not assignments:
        return Answer(data=data, text=_listing(mlist.fqdn_listname, values))
    lines = [f"{name} = {SETTINGS[name].show(values[name])}" for name in changed]
    text = f"{mlist.fqdn_listname}: " + ("\n  ".join(["changed.", *lines]) if lines else "nothing to change.") + "\n"
    return Answer(data=data, text=text)


def _parsed(assignments: Iterable[str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        found = setting(name)
        if not equals:
            raise Mistaken("setting", f"Write {name}=VALUE, where VALUE is {found.takes}, or `{DEFAULT_WORD}`.")
        if name in values:
            raise Mistaken("setting", f"{name} is set twice; set it once.")
        values[name] = found.parse(text)
    return values


def _described(found: Setting, value: Value) -> dict[str, object]:
    return {
        "value": value,
        "default": found.default,
        "of_site": found.site_value,
        "takes": found.takes,
        "meaning": found.meaning,
    }


def _listing(name: str, values: dict[str, Value]) -> str:
    parts = []
    for found in SETTINGS.values():
        rows = [("takes", f"{found.takes}; {DEFAULT_WORD}: {_default(found)}")]
        parts.append(f"{found.name} = {found.show(values[found.name])}\n{_wrapped(found.meaning)}\n{table(rows)}")
    return paragraphs(f"Settings of {name}; change one with `mailman pgp set LIST name=value`", *parts)


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, width=_WIDTH, initial_indent="  ", subsequent_indent="  ")


def _default(found: Setting) -> str:
    if found.default is not None:
        return found.show(found.default)
    of_site = found.site_value
    return "as the site's settings say" + (f", {of_site}" if of_site is not None else "")
