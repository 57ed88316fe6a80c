"""What there is to see on the website of a sandbox: an encrypted list and its people, made as people make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_pgpmailman.sandbox.people import ListAddress, Person
from mailman_pgp.openpgp import dearmor
from mailman_pgp.sandbox.polling import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_pgpmailman.sandbox.mailman import Mailman
    from mailman_pgp.sandbox.place import Place
    from mailman_pgp_client import EncryptedList

LIST = "newsroom@example.com"
LIST_ID = LIST.replace("@", ".")
_PAGES = f"pgp/lists/{LIST_ID}"
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in.

    :ivar who: What they are, for the person who tries it out.
    """

    address: str
    name: str
    who: str
    superuser: bool = False


ADMIN = Account("admin@example.net", "Ada", "Ada, who looks after the site", superuser=True)
OWNER = Account("olga@example.net", "Olga", "Olga, who owns the list")
MODERATOR = Account("mona@example.net", "Mona", "Mona, who moderates it")
MEMBER = Account("anne@example.net", "Anne", "Anne, a member whose key is proven")
KEYLESS = Account("bart@example.net", "Bart", "Bart, a member without a key, who gets no posts")
HELD = Account("dora@example.net", "Dora", "Dora, a member whose posts wait for the moderator")
ASKING = Account("cris@example.net", "Cris", "Cris, who asks to join, and has proven a key")
STRANGER = Account("nils@example.net", "Nils", "Nils, who is on no list yet")
ACCOUNTS = (ADMIN, OWNER, MODERATOR, MEMBER, KEYLESS, HELD, ASKING, STRANGER)


@dataclass(frozen=True, slots=True)
class Sight:
    """A page that is worth a look.

    :ivar path: Below the root of the website.
    :ivar shown: What is on it.
    """

    account: Account
    path: str
    shown: str


SIGHTS = (
    Sight(
        STRANGER, f"mailman3/lists/{LIST_ID}/", "the page of the list: that it is encrypted, its key, and how to join"
    ),
    Sight(MEMBER, "pgp/keys", "her own key at the list"),
    Sight(MODERATOR, f"{_PAGES}/requests", "the request of Cris to join, with the key"),
    Sight(MODERATOR, f"{_PAGES}/held", "a post of Dora that waits; what it says is sent encrypted, and not shown"),
    Sight(OWNER, f"{_PAGES}/members", "everybody's keys, and why Bart gets nothing"),
    Sight(OWNER, f"{_PAGES}/posts", "a post that was delivered, and how many it has not reached"),
    Sight(OWNER, f"{_PAGES}/settings", "the key and the settings of the list"),
    Sight(ADMIN, "pgp/", "all encrypted lists, and how they are"),
)


class Scene:
    """The list with what happens on it.  What is there already is not made again, so it can go on where it was interrupted."""

    def __init__(self, place: Place, mailman: Mailman) -> None:
        self._place = place
        self._mailman = mailman
        self._rest = mailman.rest
        self._done = place.root / "people" / "ready"

    def make(self) -> None:
        """Make it, unless that was done.  Raises RestError, RefusedError, OSError, and TimeoutError where Mailman does not follow."""
        people = {account: Person.at(self._place, account.address, account.name) for account in ACCOUNTS}
        if self._done.exists():
            return
        self._plain_list()
        mlist = self._mailman.encrypted_lists.of(LIST_ID)
        if LIST not in {known.address for known in self._mailman.addresses()}:
            mlist = self._mailman.encrypted_lists.enable(LIST_ID)
        address = ListAddress(LIST, dearmor(mlist.certificate()["armored"].encode()))
        self._keys(mlist, [people[account] for account in (OWNER, MODERATOR, HELD)])
        self._prove(mlist, address, people[MEMBER])
        until(lambda: _counts(mlist, people[MEMBER]), "Anne's key to count", interval=_POLL_SECONDS)
        self._post(address, people[MEMBER], "Lunch", "The kitchen closes at two today.", lambda: any(mlist.posts()))
        self._post(address, people[HELD], "A tip", "Somebody called about the harbour.", lambda: any(mlist.held()))
        self._ask_to_join(mlist, address, people[ASKING])
        self._done.touch()

    def _plain_list(self) -> None:
        """A list as many are before they are encrypted: with members of whom no key is known."""
        if not self._is_there(f"lists/{LIST_ID}"):
            self._rest.create_list(LIST)
        shown = {"display_name": "Newsroom", "description": "What we work on", "archive_policy": "private"}
        shown["subscription_policy"] = "confirm_then_moderate"
        self._rest(f"lists/{LIST_ID}/config", shown, "PATCH")
        for role, accounts in (
            ("owner", [OWNER]),
            ("moderator", [MODERATOR]),
            ("member", [MEMBER, KEYLESS, HELD]),
        ):
            for account in accounts:
                if not self._is_there(f"lists/{LIST_ID}/{role}/{account.address}"):
                    self._rest.subscribe(LIST_ID, account.address, account.name, role=role)
        member = self._rest(f"lists/{LIST_ID}/member/{HELD.address}")["member_id"]
        self._rest(f"members/{member}", {"moderation_action": "hold"}, "PATCH")

    def _is_there(self, path: str) -> bool:
        try:
            self._rest(path)
        except RestError as error:
            if error.status != 404:  # noqa: PLR2004 - HTTP's number
                raise
            return False
        return True

    def _keys(self, mlist: EncryptedList, people: list[Person]) -> None:
        """The owner has got some keys from their people, and has compared them."""
        for person in people:
            if not _counts(mlist, person):
                mlist.add(person.address, person.certificate, by=OWNER.address)
            mlist.decide(person.address, "compare", person.key.fingerprint, by=OWNER.address)

    def _prove(self, mlist: EncryptedList, address: ListAddress, person: Person) -> None:
        """Somebody brings their key, and answers the mail that comes."""
        if _counts(mlist, person):
            return
        if mlist.offer(person.address, person.certificate, by=person.address)["outcome"] != "asked":
            return
        # Whoever was asked before about this key is not asked again.
        asked = until(lambda: person.questions([address]), f"a question to {person.name}", interval=_POLL_SECONDS)
        person.answer(asked[-1], "yes", self._mailman.lmtp)

    def _post(self, address: ListAddress, person: Person, subject: str, text: str, there: Callable[[], bool]) -> None:
        if not there():
            person.post(address, subject, text, self._mailman.lmtp)
            until(there, f"the post of {person.name}", interval=_POLL_SECONDS)

    def _ask_to_join(self, mlist: EncryptedList, address: ListAddress, person: Person) -> None:
        """As Postorius asks for somebody who has an account, and as our page brings their key."""

        def reason() -> Any:
            # Core's own list of requests is an error while one of them goes on.
            return next((row["reason"] for row in mlist.requests() if row["address"] == person.address), None)

        if reason() is None:
            wish = {"list_id": LIST_ID, "subscriber": person.address, "display_name": person.name}
            self._rest("members", {**wish, "pre_verified": "yes", "pre_confirmed": "yes"})
        if reason() != "waits for a moderator":
            self._prove(mlist, address, person)
            until(lambda: reason() == "waits for a moderator", "Cris to wait for a moderator", interval=_POLL_SECONDS)


def _counts(mlist: EncryptedList, person: Person) -> bool:
    return any(entry["address"] == person.address for entry in mlist.certificates())
