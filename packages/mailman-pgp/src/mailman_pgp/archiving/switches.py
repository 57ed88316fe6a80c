"""Which archivers a list has switched on: core's own switches, which REST and the web show, but off until an owner wants one.

Core makes a list's switch when it is first asked for, and lets it begin as the site's is. So an archiver that the operator adds
for one list would begin to archive all others.
"""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.interfaces.archiver import ArchivePolicy
from mailman.interfaces.mailinglist import IListArchiverSet
from mailman.model.mailinglist import ListArchiver, MailingList
from public import public
from sqlalchemy import event, select

from mailman_pgp.archiving.archivers import ALLOWED
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList

_lists: Any = MailingList.__table__


@public
def install() -> None:
    """Let the switches of encrypted lists begin as off; our tables must be there."""
    if not event.contains(ListArchiver, "before_insert", _begin_as_off):
        event.listen(ListArchiver, "before_insert", _begin_as_off)


def _begin_as_off(_mapper: Any, connection: Any, switch: Any) -> None:
    encrypted = select(EncryptedList.list_id).join(_lists, _lists.c.list_id == EncryptedList.list_id)
    if connection.scalar(encrypted.where(_lists.c.id == switch.mailing_list_id)) is not None:
        switch._is_enabled = False  # noqa: SLF001 - the column's name in core


@public
def on_site() -> dict[str, Any]:
    """Those of our archivers that the site has, by name."""
    return {one.name: one for one in config.archivers if one.name in ALLOWED and one.is_enabled}


@public
def switched_on(mlist: Any) -> list[Any]:
    """The archivers (`IArchiver`) that get the posts of an encrypted list; one query where the site has any."""
    there = on_site()
    if not there or mlist.archive_policy is ArchivePolicy.never:
        return []
    query = select(ListArchiver.name).where(
        ListArchiver.mailing_list == mlist,
        ListArchiver._is_enabled.is_(True),  # noqa: SLF001 - the column's name in core
        ListArchiver.name.in_(there),
    )
    return [there[name] for name in sorted(set(store().scalars(query)))]


@public
def switch(mlist: Any, archiver: str, *, on: bool) -> None:
    """Switch an archiver of an encrypted list on or off; the caller commits.

    :raises Refusal: when the site has none of this name, or none of ours.
    """
    if archiver not in ALLOWED:
        raise Refusal(
            "no-such-archiver",
            f"Posts of encrypted lists are archived by {' or '.join(ALLOWED)}, and by no other archiver.",
        )
    if archiver not in on_site():
        raise Refusal(
            "archiver-missing",
            f"This site does not have the archiver {archiver}. Add a section [archiver.{archiver}] to mailman.cfg, as the "
            "operator's manual says, and restart Mailman.",
        )
    IListArchiverSet(mlist).get(archiver).is_enabled = on
