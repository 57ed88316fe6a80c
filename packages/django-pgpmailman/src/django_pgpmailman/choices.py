"""How a certificate that is chosen for somebody is, for people; and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from django_pgpmailman.words import State

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_of(found: Mapping[str, Any]) -> State:
    """How it is; `found` as REST has it at ``certificates/{address}``."""
    if found["state"] == "suspended":
        return State("danger", _("suspended"), _("Nothing is encrypted to it. When all is well, let it count again."))
    if not found["usable"]:
        return State("danger", _(found["words"]), _(found["next_step"]))
    return State("success", _("counts"))


def trust_in(state: str) -> str:
    """Why it counts, as a sentence."""
    if state == "proven":
        return str(_("Its person has proved that they hold it and read mail at the address."))
    if state == "approved":
        return str(_("An owner or a moderator has approved it."))
    return ""


def state_of_member(person: Mapping[str, Any]) -> State:
    """What somebody on a list gets; `person` as REST has them at ``members``."""
    if person["reason"] is not None:
        return State("danger", _(person["words"]), _(person["next_step"]))
    if person["gets_posts"]:
        return State("success", _("gets posts"))
    if person["delivery"] is None:
        return State("secondary", _("is no member"))
    return State("secondary", _("delivery is off"))
