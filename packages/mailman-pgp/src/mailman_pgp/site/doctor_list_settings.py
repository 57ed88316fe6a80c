"""The doctor's look at Mailman's own settings of encrypted lists: what somebody has changed since they became that."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import and_, column, exists, or_, select, table

from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site.doctor_findings import Area, Finding, information, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnClause, Connection

#: The workflow of ours by which people join.
JOINS_WITH_KEY = "pgp-join"

# How each list lets people join: the table of mailman-workflows, and its name for that purpose.
_CHOICE = table("wf_choice", column("list_id"), column("purpose"), column("workflow"))
_JOINING = "subscription"

# Core's table; importing its model would need an initialised core.
_LIST = table("mailinglist", column("list_id"))


def examine(connected: Connection) -> Iterator[Finding]:
    """Look at each encrypted list."""
    if not sqlalchemy.inspect(connected).has_table(_LIST.name):
        return
    # Here, since they import core, whose import may be what fails.
    from mailman_pgp.lists.core_settings import NEEDED, OURS, PINNED  # noqa: PLC0415

    settings: list[ColumnClause[Any]] = [column(name) for name in NEEDED]
    yield from _half_made(connected, OURS)
    yield from _without_a_key(connected)
    query = select(EncryptedList.list_id, *settings).join(_LIST, _LIST.c.list_id == EncryptedList.list_id)
    for list_id, *values in connected.execute(query.order_by(EncryptedList.list_id)).all():
        # Core keeps the number of an enum.
        changed = [
            name
            for (name, needed), value in zip(NEEDED.items(), values, strict=True)
            if value != (needed.value if isinstance(needed, Enum) else needed)
        ]
        if pinned := [name for name in changed if name in PINNED]:
            yield warning(
                Area.LISTS,
                f"The encrypted list {list_id} does not have the settings that it needs, and may lose mail "
                f"or show old posts: {', '.join(pinned)}.",
                "Restart Mailman, which sets them again.",
            )


def _without_a_key(connected: Connection) -> Iterator[Finding]:
    """Name each encrypted list that people join in another way than ours."""
    if not sqlalchemy.inspect(connected).has_table(_CHOICE.name):
        return  # mailman-workflows has never started; the lines of its section are looked at elsewhere
    ours = and_(_CHOICE.c.purpose == _JOINING, _CHOICE.c.workflow == JOINS_WITH_KEY)
    chosen = exists().where(ours, _CHOICE.c.list_id == EncryptedList.list_id)
    for list_id in connected.scalars(select(EncryptedList.list_id).where(~chosen).order_by(EncryptedList.list_id)):
        yield information(
            Area.LISTS,
            f"People can join the encrypted list {list_id} without a key, since it uses another workflow than "
            f"{JOINS_WITH_KEY}; they are sent no posts until they have one.",
            f"Choose it with `mailman workflows set {list_id} {JOINS_WITH_KEY}`, unless this is what you want.",
        )


def _half_made(connected: Connection, ours: Mapping[str, str]) -> Iterator[Finding]:
    """Name each plain list that is set to a chain or a pipeline of ours (`ours`: by the setting's name)."""
    encrypted = exists().where(EncryptedList.list_id == _LIST.c.list_id)
    set_so = or_(*(column(name) == value for name, value in ours.items()))
    query = select(_LIST.c.list_id).where(set_so, ~encrypted).order_by(_LIST.c.list_id)
    for list_id in connected.scalars(query):
        yield warning(
            Area.LISTS,
            f"{list_id} is set to a chain or a pipeline of encrypted lists and is none: its mail is kept in the shunt queue.",
            f"Make it one with `mailman pgp enable {list_id}`, or set its pipeline to default-posting-pipeline; then run "
            "`mailman unshunt`.",
        )
