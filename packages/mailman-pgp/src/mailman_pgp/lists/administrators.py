"""Who looks after a list."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.member import DeliveryStatus
from public import public


@public
def addresses(mlist: Any) -> set[str]:
    """The addresses, in lower case, of the owners and moderators who take mail."""
    return {
        admin.address.email for admin in mlist.administrators.members if admin.delivery_status == DeliveryStatus.enabled
    }
