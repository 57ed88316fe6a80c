"""How a person stands at an encrypted list, as they see it themselves: of what REST says at `people`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_pgpmailman.words import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mailman_pgp_client import EncryptedLists

#: How many addresses REST takes at once, and about how many we ask: no page makes more than three calls.
AT_ONCE, MOST_ADDRESSES = 20, 60

_COLOURS = {
    "counts": "success",
    "asked": "warning",
    "waits-for-moderator": "warning",
    "delivery-off": "secondary",
}
_FOR_PROOF = "waits for proof"  # REST's word for it
_STRANGER = State("secondary", _("not on this list"), _("You can bring your key before you join."))


@dataclass(frozen=True, slots=True)
class Place:
    """One address at one list; `certificate`, `question` and `change` are as REST has them, None for none.

    :ivar list_fingerprint: Of the list's key; None where it has none.
    :ivar known: Whether they are on the list, or ask to join; of others it is not known what counts and what waits.
    :ivar question: What its person was asked by mail and has not answered.
    :ivar change: What waits for a moderator.
    """

    list_id: str
    list_address: str
    list_fingerprint: str | None
    address: str
    state: State
    known: bool = True
    certificate: Mapping[str, Any] | None = None
    question: Mapping[str, Any] | None = None
    change: Mapping[str, Any] | None = None
    request: Mapping[str, Any] | None = None

    @property
    def joining(self) -> State | None:
        """For what a request to join waits; None where there is none."""
        if self.request is None or self.request["purpose"] != "join":
            return None
        if self.request["waits_for"] == "moderator" or self.change:
            return State("warning", _("Your request waits for a moderator."), _("You are told what they decide."))
        if self.question or self._has_to_prove or self.request["waits_for"] == "subscriber":
            step = _("Open the message that was sent to you, and answer it with yes.")
            if self._has_to_prove and not self.question:
                step = _("The message is too old to be answered: have it sent again, or bring your key again.")
            return State("warning", _("Your request waits for your answer to the mail."), step)
        return State("warning", _("Your request waits for your key."), _("Bring it here."))

    @property
    def _has_to_prove(self) -> bool:
        request = self.request
        return request is not None and (request["purpose"], request["reason"]) == ("join", _FOR_PROOF)

    @property
    def can_be_asked(self) -> bool:
        """Whether the message that waits for an answer may be sent again; of those who are not on the list it is not known."""
        return bool(self.question) or self._has_to_prove or not self.known

    @property
    def waits(self) -> bool:
        """Whether something can be taken back."""
        return bool(self.question or self.change)

    @property
    def seen(self) -> str:
        """What a form has shown: where it is not so any more, nothing is done."""
        shown = (self.certificate, self.question, self.change)
        return "/".join("" if one is None else one["fingerprint"] for one in shown)


def places_of(lists: EncryptedLists, addresses: Sequence[str]) -> list[Place]:
    """Where a person with these addresses is, by list and address; raises RefusedError."""
    asked = addresses[:MOST_ADDRESSES]
    return sorted(_asked(lists, asked), key=lambda place: (place.list_address, place.address))


def _asked(lists: EncryptedLists, addresses: Sequence[str]) -> Iterator[Place]:
    for start in range(0, len(addresses), AT_ONCE):
        for found in lists.person(*addresses[start : start + AT_ONCE]):
            yield Place(
                found["list_id"],
                found["list_address"],
                found["list_fingerprint"],
                found["address"],
                _state(found["state"]),
                certificate=found["certificate"],
                question=found["question"],
                change=found["change"],
                request=found["request"],
            )


def place_of(lists: EncryptedLists, list_id: str, address: str) -> Place:
    """How an address stands at a list, be it that it is not on it; raises RefusedError, also where the list is not encrypted."""
    for place in at_list(lists, list_id, [address]):
        return place
    found = lists.of(list_id).certificate()
    return Place(found["list_id"], found["address"], found["fingerprint"], address, _STRANGER, known=False)


def _state(found: Mapping[str, Any]) -> State:
    step = found["next_step"]
    return State(_COLOURS.get(found["code"], "danger"), gettext(found["words"]), gettext(step) if step else "")


def at_list(lists: EncryptedLists, name: str, addresses: Sequence[str]) -> list[Place]:
    """How a person with these addresses stands at one list, by its list-id or, as core takes it too, its address; raises RefusedError."""
    return [place for place in places_of(lists, addresses[:AT_ONCE]) if name in {place.list_id, place.list_address}]
