"""The doctor's look at the header and footer templates of encrypted lists that lie on a web server or in a file."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy
from sqlalchemy import column, or_, select, table

from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site.doctor_findings import Area, Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

NAMES = ("list:member:regular:header", "list:member:regular:footer")
# Core's tables; importing their models would need an initialised core.
_LIST = table("mailinglist", *map(column, ("list_id", "list_name", "mail_host", "preferred_language")))
_TEMPLATE = table("template", *map(column, ("name", "context", "uri", "username", "password")))


def examine(connected: Connection) -> Iterator[Finding]:
    """Fetch each template as Mailman would; those of core's own (``mailman:``) are left to core."""
    inspector = sqlalchemy.inspect(connected)
    if not all(inspector.has_table(each.name) for each in (_LIST, _TEMPLATE)):
        return
    for row in connected.execute(_query()).all():
        # As `ITemplateLoader` fills in the address.
        words = {
            "list_id": row.list_id,
            "listname": f"{row.list_name}@{row.mail_host}",
            "domain_name": row.mail_host,
            "language": row.preferred_language,
        }
        uri = Template(row.uri).safe_substitute(words)
        problem = _problem(uri, row.username, row.password)
        if problem:
            yield warning(
                Area.LISTS,
                f"The template {row.name} of {row.list_id} can't be read ({problem}): {_shown(uri)}",
                "Bring it back, or set another one. Until then posts go on with the plugin's own footer, or without a header.",
            )


def _query() -> sqlalchemy.Select[tuple[str, ...]]:
    """Each encrypted list with the templates that may be used on it: its own, its domain's, the site's."""
    context = _TEMPLATE.c.context
    return (
        select(*_LIST.c, _TEMPLATE.c.name, _TEMPLATE.c.uri, _TEMPLATE.c.username, _TEMPLATE.c.password)
        .join(EncryptedList, EncryptedList.list_id == _LIST.c.list_id)
        .join(_TEMPLATE, or_(context == _LIST.c.list_id, context == _LIST.c.mail_host, context.is_(None)))
        .where(_TEMPLATE.c.name.in_(NAMES))
        .order_by(_LIST.c.list_id, _TEMPLATE.c.name)
    )


def _problem(uri: str, username: str | None, password: str | None) -> str:
    """Why a template can't be read, in a word; empty when it can."""
    # Here, since it imports core, whose import may be what fails.
    from mailman.utilities import protocols  # noqa: PLC0415

    if urlsplit(uri).scheme == "mailman":
        return ""
    try:
        protocols.get(uri, **({} if username is None else {"auth": (username, password)}))
    except (OSError, ValueError) as error:
        return type(error).__name__
    return ""


def _shown(uri: str) -> str:
    """An address without the password that it may hold."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
