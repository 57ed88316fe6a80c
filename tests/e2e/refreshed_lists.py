"""What changes on encrypted lists by the command line, and by what a person sees it on the website."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from refreshed import Change

from mailman_pgp.openpgp import armor, grouped
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.sandbox.client import Sandbox

NAMES = (
    "a list is encrypted",
    "the archive of a list that is encrypted closes",
    "a list is not encrypted any more",
    "the key of a list lives longer",
    "an encrypted list is deleted, and made anew",
    "settings of an encrypted list change",
    "another key counts for a member",
)
#: What our pages ask Mailman for each time, and so show at once, also where nothing is told.
ASKED_EACH_TIME = NAMES[-2:]
_ENCRYPTED = "This list is encrypted"
_REMEMBERED = "the website remembers it for 20 s"
_LONG_YEARS = 9


class EncryptedLists:
    """A Mailman with our plugin in which it can be done, each thing to a list of its own.

    :param number: Names made for one number are not made for another.
    """

    def __init__(self, sandbox: Sandbox, number: int = 1) -> None:
        self._sandbox = sandbox
        self._number = number

    @property
    def people(self) -> list[str]:
        """The address of who looks at it all, and has an account on the website; to be a member, moderator and stranger."""
        return [self._person]

    @property
    def _person(self) -> str:
        return f"anne-looks{self._number}@example.net"

    def changes(self) -> Sequence[Change]:
        """Make what has to be there before; the changes, in the order of `NAMES`."""
        made = (
            self._encrypted(),
            self._closed(),
            self._plain(),
            self._extended(),
            self._made_anew(),
            self._set(),
            self._another_key(),
        )
        assert tuple(change.name for change in made) == NAMES
        return made

    def _list(self, name: str, style: str = "pgp-discussion") -> tuple[str, str, str]:
        """Address, ID and page of a list."""
        address = f"{name}{self._number}@lists.example.com"
        list_id = self._sandbox.rest.create_list(address, style)
        return address, list_id, f"mailman3/lists/{list_id}/"

    def _pgp(self, *arguments: str, stdin: str = "") -> None:
        self._sandbox.command("pgp", *arguments, stdin=stdin)

    def _encrypted(self) -> Change:
        _, list_id, page = self._list("on", "legacy-default")
        return Change(
            NAMES[0],
            lambda: self._pgp("enable", list_id),
            lambda web: web.says(self._person, page, _ENCRYPTED),
            _REMEMBERED,
        )

    def _closed(self) -> Change:
        address, list_id, _ = self._list("closed", "legacy-default")
        return Change(
            NAMES[1],
            lambda: self._pgp("enable", list_id),
            lambda web: not web.archive_opens(self._person, address),
            "a post, or HyperKitty's daily job",
        )

    def _plain(self) -> Change:
        _, list_id, page = self._list("off")
        return Change(
            NAMES[2],
            lambda: self._pgp("disable", list_id, "--yes"),
            lambda web: web.keeps_silent(self._person, page, _ENCRYPTED),
            _REMEMBERED,
        )

    def _extended(self) -> Change:
        _, list_id, page = self._list("extended")
        end = str(dt.datetime.now(dt.UTC).year + _LONG_YEARS)
        return Change(
            NAMES[3],
            lambda: self._pgp("list-key", "extend", list_id, "--years", str(_LONG_YEARS)),
            lambda web: web.says(self._person, page, _ENCRYPTED, end),
            _REMEMBERED,
        )

    def _made_anew(self) -> Change:
        address, _, page = self._list("anew")

        def do() -> None:
            self._sandbox.command("remove", address)
            self._sandbox.command("create", "--style-name", "legacy-default", address)

        return Change(NAMES[4], do, lambda web: web.keeps_silent(self._person, page, _ENCRYPTED), _REMEMBERED)

    def _set(self) -> Change:
        _, list_id, _ = self._list("set")
        self._sandbox.rest.subscribe(list_id, self._person, role="moderator")
        page = f"pgp/lists/{list_id}/settings"
        return Change(
            NAMES[5],
            lambda: self._pgp("set", list_id, "footer_note=no"),
            lambda web: web.says(self._person, page, "A line on who wrote a post: no"),
            "it is asked each time",
        )

    def _another_key(self) -> Change:
        _, list_id, _ = self._list("key")
        keys = [MemberKey.generate(f"Anne <{self._person}>") for _ in range(2)]
        blocks = [armor(key.certificate, "PGP PUBLIC KEY BLOCK").decode() for key in keys]
        self._pgp("certificate", "add", list_id, self._person, "-", stdin=blocks[0])
        self._sandbox.rest.subscribe(list_id, self._person)
        return Change(
            NAMES[6],
            lambda: self._pgp("certificate", "add", list_id, self._person, "-", stdin=blocks[1]),
            lambda web: web.says(self._person, "pgp/keys", grouped(keys[1].fingerprint)),
            "it is asked each time",
        )
