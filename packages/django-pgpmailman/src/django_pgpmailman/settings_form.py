"""The settings of a list, made of REST's own description, so that a new one appears by itself: as a form, and in words.

Only what the person has changed is sent: the form carries what it has shown, and so does not undo what somebody else has changed
meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from django_pgpmailman.rest_texts import GROUPS
from django_pgpmailman.words import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DEFAULT = "default"  # what REST takes for going back to what counts without a setting


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting in words; `meaning` is what it does, and what counts without it."""

    label: str
    value: str
    meaning: str


class SettingsForm(forms.Form):  # type: ignore[misc]  # Django is untyped
    """See `of`."""

    @classmethod
    def of(cls, described: Iterable[Mapping[str, Any]], values: Mapping[str, Any], data: Any = None) -> SettingsForm:
        """The form of these settings (as `GET /settings` has them) and their values; filled out with `data`, where there are some."""
        form = cls(data, initial=dict(values))
        for setting in described:
            form.fields[setting["name"]] = _field(setting)
            form.about[setting["name"]] = setting["group"]
        return form

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about: dict[str, str] = {}

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by what they are about, in the order of Mailman; each group with its title."""
        found: dict[str, list[forms.BoundField]] = {}
        for field in self:
            found.setdefault(self.about[field.name], []).append(field)
        return [(title_of(group), fields) for group, fields in found.items()]

    def wanted(self) -> dict[str, Any]:
        """What was changed, as the client takes it, once the form is valid."""
        return {name: _sent(self.cleaned_data[name]) for name in self.changed_data}

    def refuse(self, sentence: str, shown: str) -> None:
        """Show what REST says at the field that it names, by the first word; `shown` is the same as its reader gets it."""
        name = sentence.partition(" ")[0]
        self.add_error(name if name in self.fields else None, shown)


def title_of(group: str) -> str:
    """What the settings of a group are about, in words; one that is not known here is named as Mailman does."""
    return str(_(GROUPS.get(group, group)))


def in_words(described: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> list[Shown]:
    """These settings and their values, for whoever may read but not change them."""
    return [Shown(_label(each), _said(each, values[each["name"]]), _help(each)) for each in described]


def _label(setting: Mapping[str, Any]) -> str:
    return str(_(setting["label"]))


def _sent(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value in {None, ""} else value


def _field(setting: Mapping[str, Any]) -> forms.Field:
    name = setting["name"]
    attrs = {"aria-describedby": f"id_{name}_help"}
    common: dict[str, Any] = {
        "label": _label(setting),
        "help_text": _help(setting),
        "required": False,
        "show_hidden_initial": True,
    }
    if setting["type"] == "yes-no":
        return forms.BooleanField(widget=forms.CheckboxInput(attrs | {"class": "form-check-input"}), **common)
    if setting["type"] == "choice":
        choices = [(choice, said(choice)) for choice in setting["choices"]]
        return forms.ChoiceField(choices=choices, widget=forms.Select(attrs | {"class": "form-select"}), **common)
    attrs |= {"class": "form-control"}
    if setting["type"] == "number":
        bounds = {"min_value": setting["least"], "max_value": setting["greatest"]}
        return forms.IntegerField(widget=forms.NumberInput(attrs), **bounds, **common)
    # A kind that is not known here: as on the command line.
    return forms.CharField(widget=forms.TextInput(attrs), **common)


def _help(setting: Mapping[str, Any]) -> str:
    """What a setting does, and what counts without it."""
    what_counts = _("Default: %(value)s.") % {"value": _said(setting, setting["default"])}
    return f"{_(setting['meaning'])} {what_counts}"


def _said(setting: Mapping[str, Any], value: Any) -> str:
    """A value of a setting in words."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if value is not None:
        return said(str(value))
    if setting["of_site"] is None:
        return str(_("empty, which means that the site decides"))
    return str(_("empty, which means what the site says: %(value)s") % {"value": setting["of_site"]})
