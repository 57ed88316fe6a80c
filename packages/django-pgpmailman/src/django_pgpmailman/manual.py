"""The table of all pages for the manual: who may ask for what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_pgpmailman.page import Page

_HEADS = {
    Role.EVERYBODY: "everybody",
    Role.LOGGED_IN: "signed in",
    Role.MEMBER: "member",
    Role.MODERATOR: "moderator",
    Role.OWNER: "owner",
    Role.SITE_ADMIN: "site admin",
}

_NAME = re.compile(r"<\w+:(\w+)>")
_SHORT = {"list_id": "list", "digest": "hash"}


def path(route: str) -> str:
    """The path of a page as people write it."""
    return "/" + _NAME.sub(lambda found: f"{{{_SHORT.get(found[1], found[1])}}}", route)


def table(pages: Iterable[Page]) -> str:
    """The table in Markdown: a row for each method of each page, a column for each role."""
    lines = [f"| | {' | '.join(_HEADS.values())} | |", f"| --- | {'--- | ' * len(_HEADS)}--- |"]
    for page in pages:
        for name, method in page.methods.items():
            may = " | ".join("yes" if role >= method.role else "" for role in _HEADS)
            lines.append(f"| `{name} {path(page.route)}` | {may} | {method.meaning} |")
    return "\n".join(lines) + "\n"
