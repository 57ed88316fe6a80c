"""The workflows by which people join and leave an encrypted list: chosen with its encryption, and put back after it."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from public import public
from sqlalchemy import select, update
from zope.component import getUtility

from mailman_pgp.i18n import Text
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_workflows import Party, Purpose, Wait, choice, components
from mailman_workflows.anew import begin_anew
from mailman_workflows.model.database import TABLES as WORKFLOW_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("mailman.plugins")

OURS = {Purpose.JOIN: "pgp-join", Purpose.LEAVE: "pgp-leave"}

#: The step of joining that waits until its person proves that they want it and hold the key.
PROOF = "proof"

#: What a request waits for that has no key.
FOR_A_KEY = Text("waits for a key")

#: How long a request to join waits for a key, and for the proof of its person.
PATIENCE = dt.timedelta(days=30)

#: How long a request to leave whose day has come waits for the daily work that looks at it.
GRACE = dt.timedelta(days=7)

#: Where a list's `restore` has what it used before.  It is missing in rows that are older than our workflows.
BEFORE = "workflows"


@public
def current(list_id: str) -> dict[str, str]:
    """The names of the workflows that a list uses, by what they are for, JSON-plain."""
    return {purpose.word: choice.name_for(list_id, purpose) for purpose in Purpose}


@public
def choose_ours(mlist: Any) -> None:
    """Have a list use our workflows; the caller commits.

    :raises mailman_workflows.choice.ChoiceError: in a process in which mailman-workflows has not found them.
    """
    for purpose in OURS:
        _choose(mlist, purpose)


def _choose(mlist: Any, purpose: Purpose) -> None:
    workflow = choice.choose(mlist.list_id, OURS[purpose], purpose)
    if purpose is Purpose.JOIN:
        # Nobody gets in without a key because they asked before.
        begin_anew(mlist, workflow, Wait(Party.OUTSIDE, FOR_A_KEY, PATIENCE))


@public
def is_there() -> bool:
    """Whether mailman-workflows has found our workflows in this process."""
    return all(components.named(name) is not None for name in OURS.values())


@public
def has_what_was_before(list_id: str, restore: Mapping[str, Any]) -> bool:
    """Whether `put_back` can be done: whether what a list used before is there still."""
    return all(components.named(name) is not None for name in _to_put_back(list_id, restore).values())


@public
def put_back(list_id: str, restore: Mapping[str, Any]) -> None:
    """Have a list use what it used before, where it uses ours now; the caller commits.

    :raises mailman_workflows.choice.ChoiceError: when that is not installed any more.
    """
    for purpose, name in _to_put_back(list_id, restore).items():
        choice.choose(list_id, name, purpose)


def _to_put_back(list_id: str, restore: Mapping[str, Any]) -> dict[Purpose, str]:
    before = restore.get(BEFORE, {})
    return {
        purpose: before.get(purpose.word, components.STOCK[purpose])
        for purpose, name in OURS.items()
        if choice.name_for(list_id, purpose) == name
    }


@public
def choose_for_earlier_lists() -> None:
    """Choose ours for lists that were encrypted by a release that had none, once, where they use stock's.  Commits.

    At the start of a process and in no migration: the choice is kept in the tables of the other plugin, which may start after
    this one.
    """
    rows = store().execute(select(EncryptedList.list_id, EncryptedList.restore)).all()
    earlier = [(list_id, text) for list_id, text in rows if BEFORE not in json.loads(text)]
    config.db.commit()
    if not earlier:
        return
    WORKFLOW_TABLES.migrate()
    components.find()
    for list_id, text in earlier:
        before = current(list_id)
        restore = json.dumps({**json.loads(text), BEFORE: before})
        row: Any = EncryptedList.__table__
        # Of two processes that start together, one does it.
        claimed: Any = store().execute(
            update(row).where(row.c.list_id == list_id, row.c.restore == text).values(restore=restore)
        )
        if claimed.rowcount == 1:
            mlist = getUtility(IListManager).get_by_list_id(list_id)
            for purpose in OURS:
                if mlist is not None and before[purpose.word] == components.STOCK[purpose]:
                    _choose(mlist, purpose)
            log.info("People join and leave the encrypted list %s by their keys from now on", list_id)
        config.db.commit()
