"""Which addresses are one person's."""

from __future__ import annotations

from mailman.interfaces.usermanager import IUserManager
from public import public
from zope.component import getUtility


@public
def addresses_of_person(address: str) -> set[str]:
    """The addresses that Mailman knows as one person's, in lower case: a membership can go from one to the other."""
    user = getUtility(IUserManager).get_user(address)
    return {address, *(str(known.email) for known in (() if user is None else user.addresses))}
