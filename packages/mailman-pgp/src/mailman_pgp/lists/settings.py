"""The settings of an encrypted list, described as data, and how they are changed.

The command line and REST read and change settings through this description.  Each setting is a column of
`mailman_pgp.model.tables.EncryptedList` of the same name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.events.kinds import ListSettingsChangedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.lists.setting import Group, Kind, Setting, SettingError
from mailman_pgp.posts.policy import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mailman_pgp.lists.setting import Value
    from mailman_pgp.model.tables import EncryptedList

#: The longest delay after which somebody leaves who has not proved that it is them.
MOST_LEAVE_DAYS = 60


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
