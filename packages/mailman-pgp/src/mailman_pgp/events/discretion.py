"""Programs that are told of events learn nobody's name from the traffic of encrypted lists.

mailman-rest-events tells of each message's sender, and knows nothing of us; where it is installed, it asks.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from zope.component import getGlobalSiteManager
from zope.interface import implementer

from mailman_pgp.lists.encryption import is_encrypted

_NAME = "mailman-pgp"


def install() -> None:
    """From now on, in this process."""
    if find_spec("mailman_rest_events") is None:
        return
    from mailman_rest_events.serializers.discretion import IDiscretion  # noqa: PLC0415 - it may be missing

    @implementer(IDiscretion)
    class Discretion:
        """See `IDiscretion`."""

        def conceals(self, mlist: Any) -> bool:
            """What can't be told whether it is encrypted raises, and is taken for encrypted there."""
            return is_encrypted(mlist.list_id)

    getGlobalSiteManager().registerUtility(Discretion(), IDiscretion, _NAME)
