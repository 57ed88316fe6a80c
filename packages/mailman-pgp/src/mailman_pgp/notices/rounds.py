"""What is told from time to time at each list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.lists.each import each_encrypted_list

if TYPE_CHECKING:
    from collections.abc import Callable


@public
def at_each_list(do: Callable[[Any], None], failure: str) -> None:
    """Do it for each encrypted list, committed by itself: one that fails keeps no other from it.

    :param failure: What the log says then, with `{list_id}` for the list.
    """
    for mlist in each_encrypted_list():
        list_id = mlist.list_id  # not to be asked for after an error of the database
        try:
            do(mlist)
            config.db.commit()
        except Exception as error:  # noqa: BLE001 - whatever it is: the other lists have done nothing
            log_failure(failure.format(list_id=list_id), error)
            config.db.abort()
