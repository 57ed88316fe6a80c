"""Which addresses are those of lists, and so of no person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.model.mailinglist import MailingList
from mailman.runners.lmtp import split_recipient
from public import public
from zope.component import getUtility

from mailman_pgp.model.database import among, store

if TYPE_CHECKING:
    from collections.abc import Iterable


@public
def is_ours(address: str) -> bool:
    """Whether mail to an address would come to a list of this Mailman, in any of its roles, with or without a subaddress."""
    lists = getUtility(IListManager)
    local, _, host = address.rpartition("@")
    plain = f"{local.split(config.mta.verp_delimiter, 1)[0]}@{host}"
    name, _sub, domain = split_recipient(plain)
    return any(lists.get_by_fqdn(listname) is not None for listname in (plain, f"{name}@{domain}"))


@public
def ours_among(addresses: Iterable[str]) -> set[str]:
    """Those of some addresses that `is_ours`; one query for all that begin as no list does, on whichever host."""
    begun = {address: _names(address.rpartition("@")[0]) for address in addresses}
    wanted = {name for names in begun.values() for name in names}
    known = set(store().scalars(sa.select(MailingList.list_name).where(among(MailingList.list_name, wanted))))
    return {address for address, names in begun.items() if not known.isdisjoint(names) and is_ours(address)}


def _names(local: str) -> set[str]:
    """The names that a list may have to which mail to this local part comes, with or without a subaddress."""
    plain = local.split(config.mta.verp_delimiter, 1)[0]
    return {plain, plain.rpartition("-")[0]} - {""}
