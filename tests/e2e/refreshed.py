"""What changes in Mailman, and by what a person sees it on the website: one change for each row of the table in docs/receiving.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from websites import ServedWebsite

    from mailman_pgp.sandbox.rest import Rest

NAMES = (
    "somebody joins",
    "somebody leaves",
    "an owner is made",
    "an owner is removed",
    "a moderator is made",
    "a moderator is removed",
    "a removed owner can't read the archive",
    "a list is made",
    "a list is deleted",
    "a domain is made",
    "a domain is deleted",
    "an address is verified",
)
_PEOPLE = (
    "joins",
    "leaves",
    "owner-made",
    "owner-removed",
    "moderator-made",
    "moderator-removed",
    "reads",
    "looks",
    "verifies",
)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that can be done in Mailman.

    :ivar do: Does it; returns when it is committed.
    :ivar shown: Whether a website shows what is true afterwards.
    :ivar stock: What makes a website show it that is told nothing.
    """

    name: str
    do: Callable[[], object]
    shown: Callable[[ServedWebsite], bool]
    stock: str


class Mailman:
    """A Mailman in which it can be done, each thing to a list or domain of its own.

    :param number: Names made for one number are not made for another.
    """

    def __init__(self, rest: Rest, number: int = 1) -> None:
        self._rest = rest
        self._number = number

    @property
    def people(self) -> list[str]:
        """The addresses of those who are to have accounts on the website."""
        return [self._address(name) for name in _PEOPLE]

    def changes(self) -> Sequence[Change]:
        """Make what has to be there before; the changes, in the order of `NAMES`."""
        made = (
            self._joins(),
            self._leaves(),
            *(self._officer(role, do) for role in ("owner", "moderator") for do in ("made", "removed")),
            self._reads(),
            self._list_made(),
            self._list_deleted(),
            *self._domains(),
            self._verified(),
        )
        assert tuple(change.name for change in made) == NAMES
        return made

    def _list(self, name: str) -> tuple[str, str]:
        """Address and ID of a list with a private archive from its first moment on: core tells nobody of a change of that."""
        address = f"{name}{self._number}@example.com"
        return address, self._rest.create_list(address, "private-default")

    def _address(self, name: str) -> str:
        assert name in _PEOPLE
        return f"{name}{self._number}@example.net"

    def _person(self, name: str) -> str:
        """Somebody whom Mailman knows, too."""
        email = self._address(name)
        self._rest("users", {"email": email})
        self._rest(f"addresses/{email}/verify", {})
        return email

    def _member(self, list_id: str, email: str, role: str) -> Callable[[], object]:
        """Make somebody a member; how to make them none."""
        self._rest.subscribe(list_id, email, role=role)
        found = self._rest("members/find", {"list_id": list_id, "subscriber": email, "role": role})
        return lambda: self._rest(f"members/{found['entries'][0]['member_id']}", method="DELETE")

    def _joins(self) -> Change:
        (address, list_id), email = self._list("joined"), self._person("joins")
        return Change(
            "somebody joins",
            lambda: self._rest.subscribe(list_id, email),
            lambda web: web.archive_opens(email, address),
            "the cache of memberships ends after 60 s",
        )

    def _leaves(self) -> Change:
        (address, list_id), email = self._list("left"), self._person("leaves")
        return Change(
            "somebody leaves",
            self._member(list_id, email, "member"),
            lambda web: not web.archive_opens(email, address),
            "the cache of memberships ends after 60 s",
        )

    def _officer(self, role: str, what: str) -> Change:
        (address, list_id), email = self._list(f"{role}-{what}"), self._person(f"{role}-{what}")
        made = what == "made"
        remove = None if made else self._member(list_id, email, role)
        return Change(
            f"{'an' if role == 'owner' else 'a'} {role} is {what}",
            remove or (lambda: self._rest.subscribe(list_id, email, role=role)),
            lambda web: (email in web.officers(address, f"{role}s")) is made,
            "HyperKitty's daily job" if made else "nothing",
        )

    def _reads(self) -> Change:
        (address, list_id), email = self._list("reads"), self._person("reads")
        return Change(
            "a removed owner can't read the archive",
            self._member(list_id, email, "owner"),
            lambda web: not web.archive_opens(email, address),
            "the cache of memberships ends after 60 s",
        )

    def _list_made(self) -> Change:
        email, address = self._person("looks"), f"new{self._number}@example.com"
        return Change(
            "a list is made",
            lambda: self._rest.create_list(address),
            lambda web: web.archive_opens(email, address),
            "HyperKitty's hourly job",
        )

    def _list_deleted(self) -> Change:
        _, list_id = self._list("old")
        return Change(
            "a list is deleted",
            lambda: self._rest(f"lists/{list_id}", method="DELETE"),
            lambda web: web.is_told_of_deletion(list_id),
            "nothing",
        )

    def _domains(self) -> tuple[Change, Change]:
        made, gone = f"made{self._number}.example", f"gone{self._number}.example"
        self._rest("domains", {"mail_host": gone})
        return (
            Change(
                "a domain is made",
                lambda: self._rest("domains", {"mail_host": made}),
                lambda web: web.has_domain(made),
                "somebody opens Postorius' page of domains",
            ),
            Change(
                "a domain is deleted",
                lambda: self._rest(f"domains/{gone}", method="DELETE"),
                lambda web: not web.has_domain(gone),
                "nothing",
            ),
        )

    def _verified(self) -> Change:
        email = self._person("verifies")
        other = f"other-{email}"
        self._rest(f"users/{email}/addresses", {"email": other})
        return Change(
            "an address is verified",
            lambda: self._rest(f"addresses/{other}/verify", {}),
            lambda web: web.knows_address(email, other),
            "the next login",
        )
