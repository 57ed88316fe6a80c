"""How things are said on pages: a state as a word, a colour and a next step; fingerprints so that people can compare them; times."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

_COMMAND = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    :ivar colour: Bootstrap's name of it; what it says is said by the word too.
    :ivar word: The state, in a word or two.
    :ivar next_step: What to do, as a sentence; empty where nothing is to be done.
    :ivar link: Where that is done; empty for nowhere in particular.
    """

    colour: str
    word: Any
    next_step: Any = ""
    link: str = ""


def in_fours(fingerprint: str) -> str:
    """A fingerprint in groups of four."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def moment(text: str | None) -> dt.datetime | None:
    """A time of REST, as Django has times; None where there is none."""
    return dt.datetime.fromisoformat(text) if text else None


def said(word: str) -> str:
    """A word of REST in the language of the reader, where translators have it (`rest_texts`)."""
    if not word:
        return ""  # of which gettext has what stands at the head of a catalogue
    # Catalogues of all parts of a website are one: what others have too, in another sense, has a context of ours.
    found = str(pgettext("encrypted lists", word))
    return str(gettext(word)) if found == word else found


def marked(sentence: Any) -> SafeString:
    """A sentence as HTML, in which what stands in marks (`` `so` ``) is shown as what is typed."""
    return mark_safe(_COMMAND.sub(r"<code>\1</code>", escape(str(sentence))))  # noqa: S308 - escaped here
