"""Requests to join or to leave that have waited for a key, or for a proof, go on; or they end by their person's own word."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.interfaces.subscriptions import ISubscriptionManager
from public import public

from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.lists.each import each_encrypted_list
from mailman_pgp.model.database import commit
from mailman_workflows import Purpose, saved
from mailman_workflows.again import Looked
from mailman_workflows.again import look_again as _look_again
from mailman_workflows.cleanup import member_in


@public
def look_again(mlist: Any, *addresses: str) -> list[Looked]:
    """Let the requests of people look whether what they wait for is there; to be called after the change was committed.

    Each is committed by itself.
    """
    wanted = {address.lower() for address in addresses}
    return _look_again(mlist, [row.token for row in saved.waiting_outside(mlist) if row.email in wanted])


@public
def after_change(mlist: Any, *addresses: str) -> list[Looked]:
    """Commit a change, and let the requests of people go on that have waited for it; what became of each.

    Whatever fails there, the change is made, and must not be said to have failed.
    """
    commit()
    try:
        return look_again(mlist, *addresses)
    except Exception as error:  # noqa: BLE001 - see above
        config.db.abort()
        log_failure(f"requests at {mlist.list_id} could not be looked at", error)
        return [Looked("", "could not be looked at.", failed=True)]


@public
def look_again_everywhere() -> None:
    """Let all requests at encrypted lists look: those of which the day has come, and those whose key became usable by itself.

    Each is committed by itself, and one that fails keeps none of the others, on whichever list.
    """
    for mlist in each_encrypted_list():
        list_id = mlist.list_id
        for token in [row.token for row in saved.waiting_outside(mlist)]:
            try:
                _look_again(mlist, [token])
            except Exception as error:  # noqa: BLE001 - its person is told nothing; the owners see it wait
                log_failure(f"a request at {list_id} could not go on", error)
                config.db.abort()
    config.db.commit()


@public
def end(mlist: Any, address: str, purpose: Purpose) -> int:
    """End a person's requests by their own word, and return how many there were; the caller commits.

    One to leave is about a membership, which may be by another address by now.
    """
    member = mlist.regular_members.get_member(address) if purpose is Purpose.LEAVE else None
    tokens = [
        row.token
        for row in saved.all_at(mlist)
        if row.purpose == purpose.value
        and (row.email == address.lower() or (member is not None and member_in(row.data) == member.member_id.hex))
    ]
    for token in tokens:
        ISubscriptionManager(mlist).discard(token)
    return len(tokens)
