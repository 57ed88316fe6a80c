"""Our texts in the language of whoever reads them; see `mailman_plugin_kit.i18n`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from public import public

from mailman_plugin_kit import i18n
from mailman_plugin_kit.i18n import N_, Catalogue, using

_ = Catalogue("mailman_pgp")

__all__ = ["N_", "_", "using"]  # and what is marked below


@public
class Text(i18n.Text):
    """See `mailman_plugin_kit.i18n.Text`."""

    catalogue: ClassVar[Catalogue] = _


@public
def language_of(mlist: Any, address: str) -> str:
    """The code of the language in which somebody is written to: theirs, where Mailman knows it, else the list's.

    What they chose for one membership is not asked for: an answer in the clear would show that there is one.  Empty, for English,
    where none that was chosen is one of this Mailman's any more.
    """
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    known = getUtility(IUserManager).get_address(address)
    preferences = [] if known is None else [known.preferences, *([known.user.preferences] if known.user else [])]
    for chosen in (*preferences, mlist):
        with suppress(LookupError):  # core's word for a language that was taken out of its configuration
            if chosen.preferred_language is not None:
                return str(chosen.preferred_language.code)
    return ""
