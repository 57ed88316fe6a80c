"""Texts in the language of whoever reads them, as far as there is a translation; else in English.

A plugin has a module `i18n` with the `Catalogue` of its texts, which lie in its package's folder ``locale``, and a `Text` of its
own; `using` says in which language all plugins speak for a while, so that a sentence of one in a mail of another is in its
reader's language, too.  Where nobody has said so (the command line, REST, logs) all is English.  Texts have their places in braces
(``str.format``), filled after the look-up, so that nothing that comes from outside is ever looked up or expanded.

What stands in a table is marked by `N_` there, and looked up where it is used.  What is made before its reader is known is a
`Text`.
"""

from __future__ import annotations

import gettext
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

from public import public

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The code of the language that is spoken now; empty for English, as the texts are written.
_spoken: ContextVar[str] = ContextVar("_spoken", default="")


@public
class Catalogue:
    """The texts of one package.

    :param package: Its name, which is that of its catalogues (gettext's domain) too.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def __call__(self, text: str) -> str:
        """The text in the language of the `using` around this call."""
        code = _spoken.get()
        # Of an empty text a catalogue has its own description.
        return _translations(self._package, code).gettext(text) if text and code else text


@public
def N_(text: str) -> str:  # noqa: N802 - its name in gettext
    """Mark a text for the catalogue, and return it as it is: `_` looks it up where it is used."""
    return text


@public
class Text:
    """Sentences of a package that become a `str` where they are put into something, in the language of its reader.

    Sentences are joined by blanks; their places are filled with words, which may be such texts themselves.  Each package
    derives its own, with its `catalogue`.
    """

    catalogue: ClassVar[Catalogue]

    def __init__(self, *sentences: str, **words: object) -> None:
        self._sentences = sentences
        self._words = words

    def __str__(self) -> str:
        return " ".join(self.catalogue(sentence).format(**self._words) for sentence in self._sentences if sentence)


@public
@contextmanager
def using(code: str) -> Iterator[None]:
    """Texts are in the language of this code (``de``) inside the block; in English where it is empty."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


@lru_cache(maxsize=128)
def _translations(package: str, code: str) -> gettext.NullTranslations:
    return gettext.translation(package, str(files(package) / "locale"), [code], fallback=True)
