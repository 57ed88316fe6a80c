"""Programs that are told of events learn nobody's name from the traffic of encrypted lists.

mailman-rest-events tells of each message's sender, and knows nothing of us; so it asks.  Imported only where it is installed.
"""

from __future__ import annotations

from typing import Any

from zope.component import getGlobalSiteManager
from zope.interface import implementer

from mailman_pgp.lists.encryption import is_encrypted
from mailman_rest_events.serializers.discretion import IDiscretion

_NAME = "mailman-pgp"


@implementer(IDiscretion)
class Discretion:
    """See `IDiscretion`."""

    def conceals(self, mlist: Any) -> bool:
        """What can't be told whether it is encrypted raises, and is taken for encrypted there."""
        return is_encrypted(mlist.list_id)


def register() -> None:
    """From now on, in this process."""
    getGlobalSiteManager().registerUtility(Discretion(), IDiscretion, _NAME)
