"""Mail in the clear over which something has failed: refused, so that it is kept nowhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.keys.vault import VaultError
from mailman_pgp.mime import Structure, examine, is_automatic, message_id, single_address
from mailman_pgp.notices.refusing import refuse
from mailman_pgp.openpgp import WorkshopError
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.site import health
from mailman_plugin_kit.failures import FailedError, places_of
from mailman_workflows.errors import SiteError

if TYPE_CHECKING:
    from email.message import Message

log = logging.getLogger("mailman.error")

# Their texts say what is to be mended at this site.
_OURS = (VaultError, WorkshopError, health.NotHealthy, SiteError)


@public
def refuse_failed(mlist: Any, message: Message, claim: str, error: Exception) -> None:
    """Undo what was begun, and refuse the mail; one that came encrypted is left to core, which keeps it as it came.  Commits.

    :raises Exception: for what came encrypted: `error`, where its text is ours, else `FailedError`.  Core logs the text, which
        may hold what was decrypted.
    """
    if examine(message).structure is Structure.ENCRYPTED:
        if isinstance(error, _OURS):
            raise error
        raise FailedError(error) from None
    config.db.abort()
    log.error("A command to %s was refused, as %s", mlist.list_id, places_of(error))
    record = Record(
        kind=Kind.COMMAND,
        author=single_address(message) or "",
        message_id=message_id(message),
        claim=claim,
        automatic=is_automatic(message),
        problem=Problem.FAILED,
    )
    refuse(mlist, record)
    config.db.commit()
