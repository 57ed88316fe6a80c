"""Our texts in the language of whoever reads them, as far as there is a translation; else in English.

`_` looks up a text in the language of the `using` around it.  Where there is none (the command line, REST, logs) all is English.
Texts have their places in braces (``str.format``), filled after the look-up, so that nothing that comes from outside is ever
looked up or expanded.

What stands in a table is marked by `N_` there, and looked up where it is put into a notice.  What is made before its reader is
known is a `Text`.
"""

from __future__ import annotations

import gettext
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from public import public

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "mailman_pgp"

_current: ContextVar[gettext.NullTranslations] = ContextVar("_current", default=gettext.NullTranslations())  # noqa: B039


@public
def _(text: str) -> str:
    """The text in the language of the `using` around this call."""
    # Of an empty text a catalogue has its own description.
    return _current.get().gettext(text) if text else ""


@public
def N_(text: str) -> str:  # noqa: N802 - its name in gettext
    """Mark a text for the catalogue, and return it as it is: `_` looks it up where it is used."""
    return text


@public
class Text:
    """Sentences of ours that become a `str` where they are put into a notice, in the language of its reader.

    Sentences are joined by blanks; their places are filled with words, which may be such texts themselves.
    """

    def __init__(self, *sentences: str, **words: object) -> None:
        self._sentences = sentences
        self._words = words

    def __str__(self) -> str:
        return " ".join(_(sentence).format(**self._words) for sentence in self._sentences if sentence)


@public
@contextmanager
def using(code: str) -> Iterator[None]:
    """Texts are in the language of this code (``de``) inside the block."""
    token = _current.set(_translations(code))
    try:
        yield
    finally:
        _current.reset(token)


@public
def language_of(mlist: Any, address: str) -> str:
    """The code of the language in which somebody is written to: theirs, where Mailman knows it, else the list's.

    What they chose for one membership is not asked for: an answer in the clear would show that there is one.
    """
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    known = getUtility(IUserManager).get_address(address)
    preferences = [] if known is None else [known.preferences, *([known.user.preferences] if known.user else [])]
    language = next((found.preferred_language for found in preferences if found.preferred_language), None)
    return str((language or mlist.preferred_language).code)


@lru_cache(maxsize=64)
def _translations(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, str(files("mailman_pgp") / "locale"), [code], fallback=True)
