"""The Mailman of a sandbox, as programs find it that did not start it."""

from __future__ import annotations

from configparser import RawConfigParser
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailmanclient import Client

from django_pgpmailman.sandbox.people import ListAddress
from mailman_pgp.openpgp import dearmor
from mailman_pgp.sandbox.rest import Rest
from mailman_pgp_client import EncryptedLists

if TYPE_CHECKING:
    from mailman_pgp.sandbox.place import Place


@dataclass(frozen=True, slots=True)
class Mailman:
    """Where a Mailman takes mail, and its REST."""

    lmtp: tuple[str, int]
    rest: Rest

    @classmethod
    def at(cls, place: Place) -> Mailman:
        """The one that runs, or ran last, in a sandbox.  Raises OSError and KeyError where none did."""
        config = RawConfigParser(delimiters=(":",))
        with place.config.open() as file:
            config.read_file(file)
        mta, web = config["mta"], config["webservice"]
        rest = Rest(f"http://{web['hostname']}:{web['port']}/3.1", web["admin_user"], web["admin_pass"])
        return cls((mta["lmtp_host"], int(mta["lmtp_port"])), rest)

    @property
    def encrypted_lists(self) -> EncryptedLists:
        """The client that the website uses, too."""
        return EncryptedLists(Client(self.rest.url, self.rest.user, self.rest.password))

    def addresses(self) -> list[ListAddress]:
        """All encrypted lists, with their certificates.  Raises OSError when nobody answers."""
        lists = self.encrypted_lists
        found = []
        for entry in lists.lists():
            armored = lists.of(entry["list_id"]).certificate()["armored"]
            found.append(ListAddress(entry["address"], dearmor(armored.encode())))
        return found
