"""Each runner is killed in the midst of whatever a list does: posts, reports, held posts, mail to owners, digests, archives, notices."""

from __future__ import annotations

import mailbox
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from people import ARCHIVERS, EncryptedList

from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from people import Person

pytestmark = pytest.mark.deep

FLOW = ("in", "pipeline", "virgin", "out")
ROUNDS = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman with archivers."""
    options = Options(database_url=new_database(), settings=ARCHIVERS)
    with Sandbox(tmp_path_factory.mktemp("killed"), options) as running:
        yield running


def wait_until_at_work(sandbox: Sandbox, queue: str, number: int) -> None:
    """Wait until a runner is at its message with this number, counted from now on, or has none left."""
    taken: set[str] = set()

    def is_at_work() -> bool:
        taken.update(path.stem for path in sandbox.queue(queue) if path.suffix == ".bak")
        return len(taken) >= number or not any(sandbox.queue(name) for name in FLOW for _ in range(2))

    until(is_at_work, "the moment", interval=0.0)


def read_by(person: Person) -> Counter[str]:
    """The subjects of all that came encrypted to somebody."""
    opened: list[EmailMessage] = [person.open(kept) for kept in person.mail(0) if b"BEGIN PGP MESSAGE" in kept.content]
    return Counter(str(message["subject"]) for message in opened)


def of(number: int, read: Counter[str]) -> Counter[str]:
    """What of a round is among the subjects: how often each kind came."""
    mark = f"in round {number:02}"
    return Counter({subject.split(mark)[0].split()[-1]: count for subject, count in read.items() if mark in subject})


@pytest.mark.parametrize(
    "runner", ["pipeline", *(pytest.param(name, marks=pytest.mark.deep) for name in FLOW if name != "pipeline")]
)
def test_killed(place: Sandbox, runner: str) -> None:
    """Whatever is under way: all of it comes, one of a kill's messages twice at most; what is kept is kept once; nothing is set aside."""
    ants = EncryptedList.make(place)
    anne, bart, olga, mia = (ants.member(name) for name in ("Anne", "Bart", "Olga", "Mia"))
    stan, cris = ants.person("Stan"), ants.member("Cris")
    place.rest.subscribe(ants.list_id, olga.address, role="owner")
    place.rest(f"lists/{ants.list_id}/archivers", {"pgp-maildir": "yes", "pgp-mbox": "yes"}, "PATCH")
    mode, hold = ({"delivery_mode": "mime_digests"}, {"moderation_action": "hold"})
    mia_id, cris_id = (place.rest(f"lists/{ants.list_id}/member/{one.address}")["member_id"] for one in (mia, cris))
    place.rest(f"members/{mia_id}/preferences", mode, "PATCH")
    place.rest(f"members/{cris_id}", hold, "PATCH")
    ants.pgp("set", ants.list_id, "on_stranger=accept")
    ants.wait_until_told()
    owners = ants.sub_address("owner")
    for number in range(ROUNDS):
        about = f"in round {number:02}"
        anne.post("Post", subject=f"Post {about}")
        stan.post("Report", subject=f"Report {about}")
        cris.post("Held", subject=f"Held {about}")
        anne.send(anne.write("Letter", subject=f"Letter {about}", address=owners), owners)
        bart.send(bart.write("Unsigned", subject=f"Unsigned {about}", sign=False))
        wait_until_at_work(place, runner, 1 + 2 * number)
        place.kill(runner)
        place.wait_until_idle()
        for person, expected in ((bart, {"Post", "Report"}), (olga, {"Post", "Report", "Letter"})):
            came = of(number, read_by(person))
            assert expected <= set(came), person.name
            assert sum(came[kind] for kind in expected) <= len(expected) + 1, person.name
    assert ROUNDS <= read_by(bart)[f"Your message to {ants.address} was not accepted"] <= 2 * ROUNDS
    held = place.rest(f"lists/{ants.list_id}/held")["entries"]
    assert len(held) == ROUNDS
    assert place.queue("shunt") == place.queue("bad") == []
    archives = place.place.var / "archives"
    with closing(mailbox.Maildir(archives / "pgp-maildir" / ants.address, create=False)) as box:
        assert len(box) == 2 * ROUNDS
    with closing(mailbox.mbox(archives / "pgp-mbox" / ants.address / "archive.mbox", create=False)) as box:
        assert len(box) == 2 * ROUNDS
    ants.pgp("digest", ants.address)
    place.wait_until_idle()
    (digest,) = (one for one in (mia.open(kept) for kept in mia.mail(0)) if "Digest, Vol" in str(one["subject"]))
    (part,) = (part for part in digest.walk() if part.get_content_type() == "multipart/digest")
    assert len(list(part.iter_parts())) == 2 * ROUNDS
