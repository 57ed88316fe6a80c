"""Which addresses are those of lists, and so of no person."""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.runners.lmtp import split_recipient
from public import public
from zope.component import getUtility


@public
def is_ours(address: str) -> bool:
    """Whether mail to an address would come to a list of this Mailman, in any of its roles, with or without a subaddress."""
    lists = getUtility(IListManager)
    local, _, host = address.rpartition("@")
    plain = f"{local.split(config.mta.verp_delimiter, 1)[0]}@{host}"
    name, _sub, domain = split_recipient(plain)
    return any(lists.get_by_fqdn(listname) is not None for listname in (plain, f"{name}@{domain}"))
