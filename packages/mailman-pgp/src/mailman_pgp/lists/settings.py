"""The settings of an encrypted list, described as data: what each means, which values it takes, what counts without one.

The command line and REST read and change settings through this description.  Each setting is a column of
`mailman_pgp.model.tables.EncryptedList` of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.events.kinds import ListSettingsChangedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.posts.policy import POLICIES
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The value of a setting: None means that the list leaves it to the site.
Value = bool | int | str | None

#: What a person writes to go back to what counts without a setting.
DEFAULT_WORD = "default"

#: The longest delay after which somebody leaves who has not proved that it is them.
MOST_LEAVE_DAYS = 60

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
class LeaveProtection(StrEnum):
    """What protects members when somebody asks that they leave, without a proof that it is them."""

    MODERATOR = "moderator"
    DELAY = "delay"


@public
class Certifiers(StrEnum):
    """Whose certifications a list gives out with its certificate."""

    NOBODY = "nobody"
    OWNERS = "owners"  # and moderators
    MEMBERS = "members"  # and those


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


_FOR_REASONS = tuple(
    Setting(
        name=policy.setting,
        label=policy.label,
        group=Group.POSTS,
        kind=Kind.CHOICE,
        default=policy.default,
        meaning=policy.meaning,
        choices=policy.choices,
    )
    for policy in POLICIES
)

SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            name="footer_note",
            label="A line on who wrote a post",
            kind=Kind.YES_NO,
            default=True,
            meaning="A line in each post says who wrote it and what became of the signature.",
        ),
        Setting(
            name="keep_signature",
            label="Authors' own signatures stay",
            kind=Kind.YES_NO,
            default=False,
            meaning=(
                "The author's own signature stays on each post, where it can, so that members verify it themselves. Whoever has "
                "such a post can prove to anybody who wrote it."
            ),
        ),
        Setting(
            name="legacy_display",
            label="Encrypted header fields in the text, too",
            kind=Kind.YES_NO,
            default=False,
            meaning=(
                "The subject and the other header fields that are encrypted stand above the text, too, for mail programs that "
                "don't show them; those that do hide the copy."
            ),
        ),
        Setting(
            name="show_held",
            label="Held posts are shown in the web",
            kind=Kind.YES_NO,
            default=False,
            meaning=(
                "Owners and moderators can read held posts in the web interface; so can whoever has a session of theirs, and the "
                "website's own machine."
            ),
        ),
        Setting(
            name="replay_window_days",
            label="Days that a signature is good for",
            kind=Kind.NUMBER,
            default=None,
            meaning=(
                "How many days old the signature of a post may be. A signed post is accepted once; this is how long the "
                "list remembers it, so it can't be longer than the site's own window."
            ),
            least=1,
            greatest=3650,
            of_site="replay_window_days",
        ),
        Setting(
            name="lost_key_leave",
            label="Leaving without a key",
            kind=Kind.CHOICE,
            default=LeaveProtection.MODERATOR,
            meaning=(
                "What protects a member when somebody asks that they leave and does not prove to be them, as who has lost "
                "their key can't: a moderator decides, or they leave after a delay in which everybody concerned is told and "
                "may object."
            ),
            choices=tuple(LeaveProtection),
        ),
        Setting(
            name="leave_delay_days",
            label="Days before somebody leaves without a key",
            kind=Kind.NUMBER,
            default=7,
            meaning="How many days that delay lasts.",
            least=1,
            greatest=MOST_LEAVE_DAYS,
        ),
        Setting(
            name="key_sign_by",
            label="Whose certifications the list's key has",
            kind=Kind.CHOICE,
            default=Certifiers.OWNERS,
            meaning=(
                "Whose certifications the list takes by the mail command `key sign`, and gives out with its certificate, where "
                "everybody sees them: nobody's, those of owners and moderators, or those of members, too."
            ),
            choices=tuple(Certifiers),
        ),
        *_FOR_REASONS,
    )
}


@public
def setting(name: str) -> Setting:
    """The setting of a name.

    :raises SettingError: when there is none; the text names those there are.
    """
    if name not in SETTINGS:
        raise SettingError(f"There is no setting {name!r}. The settings are: {', '.join(SETTINGS)}.")
    return SETTINGS[name]


@public
def values_of(row: EncryptedList) -> dict[str, Value]:
    """All settings of an encrypted list."""
    return {name: getattr(row, name) for name in SETTINGS}


@public
def change(row: EncryptedList, values: Mapping[str, object]) -> tuple[str, ...]:
    """Change settings of an encrypted list, all of them or none.  The caller commits.

    :param values: Values that have their type, by the names of the settings.
    :return: The names of those that have another value now.
    :raises SettingError: for the first that is not right; then nothing is changed.
    """
    checked = {name: setting(name).check(value) for name, value in values.items()}
    changed = tuple(name for name, value in checked.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, checked[name])
    if changed:
        notify(ListSettingsChangedEvent(row.list_id, changed))
    return changed


@public
def in_words(row: EncryptedList, names: Iterable[str]) -> str:
    """Some settings of a list with their values of now, as they are written on the command line."""
    return ", ".join(f"{name}={SETTINGS[name].show(getattr(row, name))}" for name in names)


@public
def replay_window(list_id: str) -> timedelta:
    """How old a signature may be on a list: as the list says, and no longer than the site remembers signatures.

    :raises mailman_pgp.site.health.NotHealthy: where the site's settings could not be read.
    """
    of_site = health.settings().replay_window_days
    row = store().get(EncryptedList, list_id)
    of_list = row.replay_window_days if row is not None else None
    return timedelta(days=of_site if of_list is None else min(of_list, of_site))


@public
@dataclass(frozen=True, slots=True)
class Form:
    """What a list's posts have beside their text; see the settings of these names."""

    footer_note: bool = True
    keep_signature: bool = False
    legacy_display: bool = False


@public
def form_of_posts(list_id: str) -> Form:
    """What the posts of a list have beside their text."""
    row = store().get(EncryptedList, list_id)
    return Form() if row is None else Form(row.footer_note, row.keep_signature, row.legacy_display)


@public
def shows_held(list_id: str) -> bool:
    """Whether those who look after a list may read held posts in the web."""
    row = store().get(EncryptedList, list_id)
    return row is not None and row.show_held


@public
def leave_protection(list_id: str) -> tuple[LeaveProtection, timedelta]:
    """What protects the members of a list when somebody asks that they leave without a proof, and how long a delay is."""
    row = store().get(EncryptedList, list_id)
    if row is None:
        return LeaveProtection.MODERATOR, timedelta(days=7)
    return LeaveProtection(row.lost_key_leave), timedelta(days=row.leave_delay_days)


@public
def certifiers(list_id: str) -> Certifiers:
    """Whose certifications a list gives out with its certificate."""
    row = store().get(EncryptedList, list_id)
    return Certifiers.NOBODY if row is None else Certifiers(row.key_sign_by)
