"""A form of the settings of a list, made of REST's own description; so a new setting appears by itself.

Only what the person has changed is sent: the form carries what it has shown, and so does not undo what somebody else has changed
meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from django_pgpmailman.words import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DEFAULT = "default"  # what REST takes for going back to what counts without a setting


class SettingsForm(forms.Form):  # type: ignore[misc]  # Django is untyped
    """See `of`."""

    @classmethod
    def of(cls, described: Iterable[Mapping[str, Any]], values: Mapping[str, Any], data: Any = None) -> SettingsForm:
        """The form of these settings (as `GET /settings` has them) and their values; filled out with `data`, where there are some."""
        form = cls(data, initial=dict(values))
        for setting in described:
            form.fields[setting["name"]] = _field(setting)
        return form

    def wanted(self) -> dict[str, Any]:
        """What was changed, as the client takes it, once the form is valid."""
        return {name: _sent(self.cleaned_data[name]) for name in self.changed_data}

    def refuse(self, sentence: str, shown: str) -> None:
        """Show what REST says at the field that it names, by the first word; `shown` is the same as its reader gets it."""
        name = sentence.partition(" ")[0]
        self.add_error(name if name in self.fields else None, shown)


def _sent(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value in {None, ""} else value


def _field(setting: Mapping[str, Any]) -> forms.Field:
    name = setting["name"]
    attrs = {"aria-describedby": f"id_{name}_help"}
    common: dict[str, Any] = {
        "label": _(name.replace("_", " ").capitalize()),
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
    default, of_site = setting["default"], setting["of_site"]
    if isinstance(default, bool):
        shown = _("yes") if default else _("no")
    elif default is None:
        shown = _("empty, which means that the site decides")
        if of_site is not None:
            shown = _("empty, which means what the site says: %(value)s") % {"value": of_site}
    else:
        shown = said(str(default))
    what_counts = _("Default: %(value)s.") % {"value": shown}
    return f"{_(setting['meaning'])} {what_counts}"
