"""The Mailman whose REST a website asks: as much of one as it asks for, behind the methods of `mailmanclient`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote


@dataclass(slots=True)
class Address:
    """An address in Mailman."""

    email: str
    user: Any = None
    verified: bool = True

    def verify(self) -> None:
        """It is theirs."""
        self.verified = True


class Addresses(list[Address]):
    """The addresses of a user."""

    def find_by_email(self, email: str) -> Address | None:
        """The one that is written so."""
        return next((address for address in self if address.email == email), None)


@dataclass(slots=True)
class Member:
    """A membership."""

    email: str
    list_id: str
    role: str = "member"

    @property
    def address(self) -> Address:
        """Of the member."""
        return Address(self.email)


@dataclass(slots=True)
class List:
    """A list."""

    fqdn_listname: str
    core: Core
    settings: dict[str, Any] = field(default_factory=lambda: {"archive_rendering_mode": "text"})
    description: str = ""
    subject_prefix: str = ""
    archive_policy: str = "private"
    created_at: str = "2027-01-01T00:00:00"

    @property
    def list_id(self) -> str:
        """From its address."""
        return self.fqdn_listname.replace("@", ".", 1)

    @property
    def display_name(self) -> str:
        """From its address."""
        return self.fqdn_listname.partition("@")[0].title()

    def get_roster(self, role: str) -> list[Member]:
        """Who has a role."""
        return [member for member in self.core.members if (member.list_id, member.role) == (self.list_id, role)]

    @property
    def owners(self) -> list[Member]:
        """As the roster."""
        return self.get_roster("owner")

    @property
    def moderators(self) -> list[Member]:
        """As the roster."""
        return self.get_roster("moderator")


@dataclass(slots=True)
class User:
    """A user of Mailman."""

    user_id: int
    core: Core
    display_name: str = ""
    addresses: Addresses = field(default_factory=Addresses)

    @property
    def subscriptions(self) -> list[Member]:
        """By any address."""
        mine = {address.email for address in self.addresses}
        return [member for member in self.core.members if member.email in mine]

    def add_address(self, email: str, *, absorb_existing: bool) -> Address:
        """Take an address, from whoever has it."""
        assert absorb_existing
        address = self.core.addresses.setdefault(email, Address(email, verified=False))
        address.user = self
        self.addresses.append(address)
        return address


@dataclass(slots=True)
class Core:
    """What Mailman's REST knows, and tells by the methods of `mailmanclient` that the website calls."""

    lists: list[List] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    addresses: dict[str, Address] = field(default_factory=dict)
    domains: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def mlist(self, fqdn_listname: str) -> List:
        """A new list."""
        self.lists.append(List(fqdn_listname, self))
        return self.lists[-1]

    def user(self, *emails: str) -> User:
        """A new user with addresses that are verified."""
        self.users.append(User(len(self.users) + 1, self))
        for email in emails:
            self.users[-1].add_address(email, absorb_existing=True).verified = True
        return self.users[-1]

    def get_list(self, name: str) -> List:
        """By ID or name."""
        return self._one(self.lists, lambda mlist: unquote(name) in {mlist.list_id, mlist.fqdn_listname})

    def get_domain(self, name: str) -> str:
        """By its name."""
        return self._one(self.domains, lambda domain: domain == unquote(name))  # type: ignore[no-any-return]  # one of them

    def get_user(self, name: Any) -> User:
        """By number or any address."""
        return self._one(
            self.users,
            lambda user: (
                user.user_id == name or str(name).lower() in {address.email.lower() for address in user.addresses}
            ),
        )

    def get_address(self, name: str) -> Address:
        """By its text."""
        return self._one(self.addresses.values(), lambda address: address.email == unquote(name))

    def create_user(self, email: str, _display_name: str) -> User:
        """As the website does for an account."""
        return self.user(email)

    def _one(self, things: Any, wanted: Any) -> Any:
        if self.failure is not None:
            raise self.failure
        for thing in things:
            if wanted(thing):
                return thing
        raise HTTPError("http://127.0.0.1/", 404, "Not found", {}, None)  # type: ignore[arg-type]
