"""How things are that wait for somebody who looks after a list, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_pgpmailman.words import State

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAVES = _("Ask the person, in another way than by mail, whether they want to leave. Then accept or reject it.")
_WITHOUT_A_KEY = _("The key can't be used: accept it only once they have sent another one.")
_DECIDE = _("Compare the fingerprint with its person, in another way than by mail. Then accept or reject it.")
_WAIT = _("Nothing to do: it goes on by itself as soon as they answer.")

_OUTDATED = State(
    "danger",
    _("outdated"),
    _("Another key was chosen, or taken away, since they asked. This one can't be accepted: reject it."),
)
_SUSPENDED = State(
    "danger",
    _("suspended"),
    _("The key until now is suspended, and to accept the new one ends that. Make sure that it is really they who ask."),
)
_UNUSABLE = State("danger", _("can't be used"), _("Reject it: nothing could be encrypted to them."))
_WAITS = State(
    "warning",
    _("waits for a moderator"),
    _(
        "The old key has not signed for the new one: anybody who reads their mail could have sent it. Compare the new "
        "fingerprint with its person, in another way than by mail."
    ),
)
_UNKNOWN = State("danger", _("unknown"), _("Nothing is known of its signature. Read it before you decide."))


def state_of_request(request: Mapping[str, Any]) -> State:
    """What a request (as REST has it) waits for, in REST's own words."""
    word = gettext(request["reason"])
    if request["waits_for"] != "moderator":
        return State("secondary", word, _WAIT)
    if request["purpose"] == "leave":
        return State("warning", word, _LEAVES)
    certificate = request["certificate"]
    return State("warning", word, _DECIDE if certificate and certificate["usable"] else _WITHOUT_A_KEY)


def state_of_change(change: Mapping[str, Any]) -> State:
    """How a key is that waits in the place of another one."""
    if change["outdated"]:
        return _OUTDATED
    if not change["certificate"]["usable"]:
        return _UNUSABLE
    return _SUSPENDED if change["suspended"] else _WAITS


def state_of_post(post: Mapping[str, Any]) -> State:
    """What became of the signature of a held post, in REST's own words."""
    signature = post["signature"]
    if signature is None:
        return _UNKNOWN
    if signature["authenticated"]:
        return State("success", _("its author's"), signature["words"])
    return State("danger", _("not proven"), signature["words"])
