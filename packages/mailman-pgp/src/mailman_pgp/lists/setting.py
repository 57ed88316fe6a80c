"""What a setting of an encrypted list is: what it means, which values it takes, what counts without one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from public import public

from mailman_pgp.site import health

#: The value of a setting: None means that the list leaves it to the site.
Value = bool | int | str | None

#: What a person writes to go back to what counts without a setting.
DEFAULT_WORD = "default"

_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


@public
class SettingError(ValueError):
    """There is no such setting, or it can't have this value.  Its text is a sentence that says what it takes."""


@public
class Kind(StrEnum):
    """What values a setting takes."""

    YES_NO = "yes-no"
    NUMBER = "number"  # a whole number from `least` to `greatest`
    CHOICE = "choice"  # one word of `choices`


@public
class Group(StrEnum):
    """What settings are about."""

    GENERAL = "general"
    POSTS = "posts"  # what becomes of a post that is not authenticated


@public
@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of an encrypted list.

    :ivar name: Its name everywhere: the column, REST, the command line.
    :ivar default: What a new list has.
    :ivar meaning: What it does, as a sentence.
    :ivar of_site: The option of `SiteSettings` that counts where the value is None, and that bounds a number from above;
        None for a setting that the site says nothing about.
    :ivar choices: The words that a choice is made from.
    :ivar label: A few words for a form; without any, the name stands there.
    :ivar group: Among which others it stands in a form.
    """

    name: str
    kind: Kind
    default: Value
    meaning: str
    least: int = 0
    greatest: int = 0
    of_site: str | None = None
    choices: tuple[str, ...] = ()
    label: str = ""
    group: Group = Group.GENERAL

    @property
    def takes(self) -> str:
        """Which values it takes, to stand in a sentence."""
        if self.kind is Kind.YES_NO:
            return "yes or no"
        if self.kind is Kind.CHOICE:
            *others, last = (f"`{choice}`" for choice in self.choices)
            return f"{', '.join(others)} or {last}"
        return f"a whole number from {self.least} to {self.limit}"

    @property
    def limit(self) -> int:
        """The greatest number that a list may choose here and now."""
        of_site = self.site_value
        return self.greatest if of_site is None else min(self.greatest, of_site)

    @property
    def site_value(self) -> int | None:
        """What the site says; None where it says nothing, or its settings could not be read."""
        if self.of_site is None:
            return None
        try:
            return int(getattr(health.settings(), self.of_site))
        except health.NotHealthy:
            return None

    def parse(self, text: str) -> Value:
        """The value that a person means by a text.

        :raises SettingError: when it means none.
        """
        word = text.strip().lower()
        if word == DEFAULT_WORD:
            return self.default
        if self.kind is Kind.YES_NO and word in _YES | _NO:
            return word in _YES
        if self.kind is Kind.NUMBER and word.isascii() and word.isdigit() and len(word) <= len(str(self.greatest)):
            return self.check(int(word))
        if self.kind is Kind.CHOICE:
            return self.check(word)
        raise self._refusal()

    def check(self, value: object) -> Value:
        """Return a value that has its type already (from JSON, say), if the setting takes it.

        :raises SettingError: when it does not.
        """
        if value is None and self.default is None:
            return None
        if self.kind is Kind.YES_NO and isinstance(value, bool):
            return value
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if self.kind is Kind.NUMBER and is_number and self.least <= int(str(value)) <= self.limit:
            return int(str(value))
        if self.kind is Kind.CHOICE and isinstance(value, str) and value in self.choices:
            return value
        raise self._refusal()

    def show(self, value: Value) -> str:
        """A value as a person writes it, so that `parse` gives it back."""
        if value is None:
            return DEFAULT_WORD
        return ("yes" if value else "no") if self.kind is Kind.YES_NO else str(value)

    def _refusal(self) -> SettingError:
        return SettingError(f"{self.name} takes {self.takes}, or `{DEFAULT_WORD}`.")
