"""Many members with a certificate each, added straight through core's own API.

    python tests/e2e/crowd.py MAILMAN_CFG LIST COUNT

Run in a process of its own, since it initialises core; `Crowd.join` does that.
"""

from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from pathlib import Path

    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Sandbox

HOME = "crowd.example.net"
ENOUGH_SECONDS = 120.0
# So many are added in one transaction: on SQLite nobody else can write meanwhile.
AT_ONCE = 10


@dataclass(slots=True)
class Crowd:
    """The members of one list who are all to get a copy: the crowd itself, and the author of the posts."""

    list: EncryptedList
    author: Person
    addresses: tuple[str, ...]
    _before: dict[str, int] = field(default_factory=dict)

    @classmethod
    def join(cls, encrypted: EncryptedList, count: int) -> Crowd:
        """Make a crowd of `count`, the author among them."""
        author = encrypted.member("Anne")
        arguments = [str(encrypted.sandbox.place.config), encrypted.address, str(count - 1)]
        subprocess.run([sys.executable, __file__, *arguments], check=True)
        others = (address_of(encrypted.address, number) for number in range(count - 1))
        return cls(encrypted, author, (author.address, *others))

    def post(self) -> None:
        """Post; what came before does not count any more."""
        self.expect()
        self.author.post()

    def expect(self) -> None:
        """Count from here on."""
        self._before = self._counts()

    def _counts(self) -> dict[str, int]:
        mailbox = self.list.sandbox.mailbox
        return {address: mailbox.count(address) for address in self.addresses}

    def copies(self) -> dict[str, int]:
        """How many messages each has got since the last post."""
        return {address: count - self._before.get(address, 0) for address, count in self._counts().items()}

    def arrived(self) -> int:
        """How many have got something since the last post."""
        return sum(count > 0 for count in self.copies().values())

    def wait_for(self, number: int) -> None:
        """Wait until so many have got something.  Raises TimeoutError."""
        until(lambda: self.arrived() >= number, f"copies for {number} members", ENOUGH_SECONDS)

    def settle(self) -> int:
        """Wait until nothing is left to do; everybody has a copy then.  Return how many came twice."""
        sandbox = self.list.sandbox
        sandbox.wait_until_idle(ENOUGH_SECONDS)
        copies = self.copies()
        assert [address for address, count in copies.items() if count == 0] == []
        set_aside = [name for name in ("bad", "shunt") if sandbox.queue(name)]
        assert set_aside == [], sandbox.logs()[-4000:]
        # Core removes the entry first, and then we the file.
        until(lambda: not progress_files(sandbox), "no progress file left")
        (latest, *_) = self.list.happened()["posts"]
        assert (latest["delivered"], latest["skipped"], latest["failed"]) == (len(copies), 0, 0)
        return sum(copies.values()) - len(copies)


@dataclass(frozen=True, slots=True)
class Left:
    """A queue file as its runner leaves it behind when it is killed after its work and before it removes the file."""

    path: Path
    content: bytes

    @classmethod
    def behind(cls, sandbox: Sandbox, queue: str) -> Left:
        """Keep the one file that waits in the queue of a runner that is paused."""
        until(lambda: sandbox.queue(queue), f"a file in {queue}")
        (path,) = sandbox.queue(queue)
        return cls(path.with_suffix(".pck"), path.read_bytes())

    def put_back(self) -> None:
        """Let the runner find it again, under its old name."""
        fresh = self.path.with_suffix(".tmp")
        fresh.write_bytes(self.content)
        fresh.rename(self.path)

    def put_back_as_deadly(self) -> None:
        """Let the next process find it as one over which two have died, and the third just now."""
        stream = io.BytesIO(self.content)
        message, metadata = pickle.load(stream), pickle.load(stream)
        metadata["_bak_count"] = 2
        self.path.with_suffix(".bak").write_bytes(pickle.dumps(message) + pickle.dumps(metadata))


def progress_files(sandbox: Sandbox) -> list[Path]:
    """What is noted about chunks under way, of any list."""
    return sorted((sandbox.place.var / "data" / "mailman-pgp" / "progress").glob("*"))


def address_of(list_address: str, number: int) -> str:
    """The address of one of a list's crowd; no two lists share any."""
    return f"m{number}.{re.sub(r'[^a-z0-9]', '-', list_address)}@{HOME}"


def main() -> None:
    """Add the members."""
    config_file, list_address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mailman.config import config  # noqa: PLC0415 - core warns
        from mailman.core.initialize import initialize  # noqa: PLC0415
        from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415
        from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
        from mailman.utilities.datetime import now  # noqa: PLC0415
        from zope.component import getUtility  # noqa: PLC0415

        initialize(config_file)
    from mailman_pgp import openpgp  # noqa: PLC0415 - after core
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.openpgp.memberkeys import MemberKey  # noqa: PLC0415

    mlist = getUtility(IListManager).get(list_address)
    addresses = [address_of(list_address, number) for number in range(count)]
    # Made before the first write: other processes wait for it.
    certificates = [openpgp.inspect(MemberKey.generate(f"M <{address}>").certificate) for address in addresses]
    for number, (address, certificate) in enumerate(zip(addresses, certificates, strict=True), 1):
        person = getUtility(IUserManager).create_address(address)
        person.verified_on = now()
        mlist.subscribe(person, send_welcome_message=False)
        registry.add(mlist.list_id, address, certificate, origin="tests")
        if number % AT_ONCE == 0:
            config.db.commit()
    config.db.commit()


if __name__ == "__main__":
    main()
