"""The encrypted lists of a Mailman."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp_client.encrypted_list import EncryptedList
from mailman_pgp_client.place import Answer, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailmanclient import Client


class EncryptedLists:
    """The encrypted lists of a Mailman."""

    def __init__(self, client: Client) -> None:
        self._place = Place(client)

    def lists(self) -> Iterator[Answer]:
        """All of them, in short."""
        return self._place.below("lists").pages()

    def page(self, page: int, count: int) -> Answer:
        """A page of them: `entries`, of `total_size`; the first page is 1."""
        return self._place.below("lists").ask(page=page, count=count)

    def of(self, spec: str) -> EncryptedList:
        """One of them, by its list-id or its address; nobody is asked whether it is there."""
        return EncryptedList(self._place.below("lists", spec))

    def enable(
        self, spec: str, by: str | None = None, *, profile: str | None = None, allow_experimental: bool = False
    ) -> EncryptedList:
        """Turn a list into an encrypted one.

        :param profile: The kind of its key, "usual" when it is left out; this and `allow_experimental` as for `EncryptedList.rotate_key`.
        """
        asked = {"profile": profile, "allow_experimental": "yes" if allow_experimental else None, "by": by}
        return self.of(self._place.below("lists").ask("POST", list_id=spec, **asked)["list_id"])

    def person(self, *addresses: str) -> list[Answer]:
        """How the person with these addresses stands at each list on which they are, or ask to be."""
        found: list[Answer] = self._place.below("people").ask(address=addresses)["lists"]
        return found

    def directory(self, domain: str, name: str) -> bytes:
        """The certificate (binary) that a Web Key Directory has at a domain by this name; RefusedError for none."""
        return self._place.below("directory", domain, name).file()

    def settings(self) -> list[Answer]:
        """A description of every setting of a list."""
        found: list[Answer] = self._place.below("settings").ask()["settings"]
        return found

    def index(self) -> Answer:
        """The version, whether the plugin is healthy, and where everything is."""
        return self._place.ask()
