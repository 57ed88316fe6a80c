"""In which languages many people are written to, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.interfaces.languages import ILanguageManager
from mailman.model.address import Address
from mailman.model.preferences import Preferences
from mailman.model.user import User
from public import public
from sqlalchemy.orm import aliased
from zope.component import getUtility

from mailman_pgp.model.database import among, store

if TYPE_CHECKING:
    from collections.abc import Collection


@public
def languages_of(mlist: Any, addresses: Collection[str]) -> dict[str, str]:
    """The code of the language of each of some addresses (in lower case): see `mailman_pgp.i18n.language_of`."""
    own, users = aliased(Preferences), aliased(Preferences)
    query = (
        sa.select(Address.email, own._preferred_language, users._preferred_language)  # noqa: SLF001 - the column's name in core
        .outerjoin(own, Address.preferences_id == own.id)
        .outerjoin(User, Address.user_id == User.id)
        .outerjoin(users, User.preferences_id == users.id)
        .where(among(Address.email, addresses))
    )
    known, of_list = getUtility(ILanguageManager), mlist.preferred_language.code
    chosen = {
        email: next((code for code in codes if code and code in known), of_list)
        for email, *codes in store().execute(query)
    }
    return {address: chosen.get(address, of_list) for address in addresses}
