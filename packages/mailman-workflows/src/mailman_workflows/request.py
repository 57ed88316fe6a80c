"""A request to join or to leave, as its steps see it."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from mailman.interfaces.address import IAddress
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from mailman.interfaces.subscriptions import ISubscriptionService
from mailman.interfaces.user import IUser
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mailman_workflows.outcomes import Party

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


class Purpose(Enum):
    """What a request is for; the value is the name that core gives to requests of this kind."""

    JOIN = "subscription"
    LEAVE = "unsubscription"

    @property
    def word(self) -> str:
        """What people call it: join, leave."""
        return self.name.lower()


class StaleRequestError(LookupError):
    """Who made a saved request is not there any more."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What the door by which a request came has said about it (core's flags of the same names).

    A step decides for itself whether it believes them.
    """

    pre_verified: bool = False
    pre_confirmed: bool = False
    pre_approved: bool = False
    invitation: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the membership is to be; None means the list's own choice."""

    send_welcome_message: bool | None = None
    delivery_mode: DeliveryMode | None = None
    delivery_status: DeliveryStatus | None = None


@dataclass(slots=True)
class Request:
    """One person's request at one list.

    `address` and `user` are core's objects; `by_user` says that the person asked as a user, whose membership follows their
    preferred address.  `member` is the membership that a request to leave ends, or that one to join has made; a request that has
    waited is about the same one, whatever its address is by now.  `notes` is what steps leave for later ones: plain JSON, by the
    step's name.  What moderators are to see is in a `Wait`'s `shown`.
    """

    mlist: Any
    purpose: Purpose
    address: Any = None
    user: Any = None
    by_user: bool = False
    promises: Promises = Promises()
    wishes: Wishes = Wishes()
    notes: dict[str, JSON] = field(default_factory=dict)
    member: Any = None
    # Where the request stands; kept by the run.
    token: str | None = None
    waits_for: Party | None = None
    since: datetime | None = None
    # Why it went back in this run, as a sentence; see `First`.
    went_back: str = ""

    @classmethod
    def of(
        cls, mlist: Any, purpose: Purpose, subscriber: Any, promises: Promises, wishes: Wishes = Wishes()
    ) -> Request:
        """A new request by `subscriber`, core's `IAddress` or `IUser`."""
        request = cls(mlist, purpose, promises=promises, wishes=wishes)
        if IAddress.providedBy(subscriber):
            request.address, request.user = subscriber, subscriber.user
        elif IUser.providedBy(subscriber):
            request.address, request.user, request.by_user = subscriber.preferred_address, subscriber, True
        return request

    @property
    def subscriber(self) -> Any:
        """Who asked: core's `IUser` or `IAddress`."""
        return self.user if self.by_user else self.address

    @property
    def email(self) -> str:
        """The address in its form as a key."""
        return str(self.address.email).lower()

    def to_data(self) -> dict[str, JSON]:
        """The request without its list, purpose and place, as plain JSON; see `from_data`."""
        wishes = self.wishes
        return {
            "email": self.address.email,
            "user": self.user.user_id.hex if self.user is not None else None,
            "by_user": self.by_user,
            "member": self.member.member_id.hex if self.member is not None else None,
            "promises": asdict(self.promises),
            "wishes": {
                "send_welcome_message": wishes.send_welcome_message,
                "delivery_mode": wishes.delivery_mode and wishes.delivery_mode.name,
                "delivery_status": wishes.delivery_status and wishes.delivery_status.name,
            },
            "notes": self.notes,
        }

    @classmethod
    def from_data(cls, mlist: Any, purpose: Purpose, data: Mapping[str, Any]) -> Request:
        """The request that was saved; raises `StaleRequestError` when its address is gone.

        An address that is somebody else's by now (users are merged, and addresses go from one to another) is no reason to let in
        who has asked: the request goes on by the address.
        """
        users = getUtility(IUserManager)
        address = users.get_address(data["email"])
        if address is None:
            raise StaleRequestError
        asker = users.get_user_by_id(uuid.UUID(data["user"])) if data["user"] else None
        wishes = data["wishes"]
        mode, status = wishes["delivery_mode"], wishes["delivery_status"]
        return cls(
            mlist,
            purpose,
            address=address,
            user=address.user or asker,
            by_user=data["by_user"] and asker is not None and address.user == asker,
            member=_membership(mlist, data) if purpose is Purpose.LEAVE else None,
            promises=Promises(**data["promises"]),
            wishes=Wishes(
                wishes["send_welcome_message"],
                DeliveryMode[mode] if mode else None,
                DeliveryStatus[status] if status else None,
            ),
            notes=dict(data["notes"]),
        )


def _membership(mlist: Any, data: Mapping[str, Any]) -> Any:
    """The membership that a saved request to leave is about; None when it has ended."""
    if "member" not in data:  # saved by an earlier release
        return mlist.regular_members.get_member(data["email"])
    found = getUtility(ISubscriptionService).get_member(uuid.UUID(data["member"])) if data["member"] else None
    return found if found is not None and found.list_id == mlist.list_id else None
