"""The table of all pages for the manual: who may ask for what."""

from __future__ import annotations

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


def table(pages: Iterable[Page]) -> str:
    """The table in Markdown: a row for each method of each page, a column for each role."""
    lines = [f"| | {' | '.join(_HEADS.values())} | |", f"| --- | {'--- | ' * len(_HEADS)}--- |"]
    for page in pages:
        route = page.route.replace("<list:list_id>", "{list}").replace("<str:domain>", "{domain}")
        route = route.replace("<slug:digest>", "{hash}").replace("<own:own_address>", "{own address}")
        route = route.replace("<slug:token>", "{token}")
        for name, method in page.methods.items():
            may = " | ".join("yes" if role >= method.role else "" for role in _HEADS)
            lines.append(f"| `{name} /{route}` | {may} | {method.meaning} |")
    return "\n".join(lines) + "\n"
