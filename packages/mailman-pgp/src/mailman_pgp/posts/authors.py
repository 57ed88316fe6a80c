"""The author of a mail, as core's rules want to find them."""

from __future__ import annotations

from mailman.interfaces.address import ExistingAddressError, InvalidEmailAddressError
from mailman.interfaces.usermanager import IUserManager
from public import public
from zope.component import getUtility


@public
def know_address(address: str) -> None:
    """Tell Mailman of an author's address, as core does: its moderation rules look it up.  The caller commits."""
    user_manager = getUtility(IUserManager)
    if address and user_manager.get_address(address) is None:
        try:
            user_manager.create_address(address)
        except (ExistingAddressError, InvalidEmailAddressError):  # another process was faster, or it is none of core's
            return
