"""Posts that mail servers have changed on their way: repaired on input, and judged like any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gateways import FOOTER, REFUSED, REPAIRED
from people import EncryptedList, Person
from refusals import words_of

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from mailman_pgp.sandbox import Sandbox

POSTS = Path(__file__).parents[2] / "docs" / "posts.md"


class Correspondence:
    """A list with an author and a reader, whose mail is counted."""

    def __init__(self, encrypted_list: EncryptedList) -> None:
        self.list = encrypted_list
        self.author, self.reader = encrypted_list.member("Anne"), encrypted_list.member("Bart")

    def arrives(self, message: bytes, text: str) -> None:
        """The post reaches the reader, as Anne's, with this text and nothing that somebody has added."""
        before = self.list.sandbox.mailbox.count(self.reader.address)
        self.author.send(message)
        kept = self.reader.mail(before + 1)[-1]
        read = self.reader.open(kept)
        line, body, *_ = (str(part.get_content()).strip() for part in read.iter_parts())
        assert line.startswith(f'Written by "Anne" <{self.author.address}>; signature good')
        assert (read["subject"], body) == (f"[Ants{self.list.number}] Noon", text)
        assert FOOTER.strip() not in read.as_bytes() + kept.content

    def refused_for(self, author: Person, message: bytes) -> str:
        """Why a message is refused, as the owners see it; and nobody but its author gets mail."""
        before, copies = self._refused(), self.list.sandbox.mailbox.count(self.reader.address)
        author.send(message)
        after = until(lambda: (now := self._refused()) != before and now, "the message is refused")
        self.list.sandbox.wait_until_idle()
        assert self.list.sandbox.queue("shunt") == []
        assert self.list.sandbox.mailbox.count(self.reader.address) == copies
        (reason,) = [name for name, number in after.items() if number != before.get(name, 0)]
        return reason

    def _refused(self) -> dict[str, int]:
        return {found["reason"]: found["number"] for found in self.list.happened()["refused"]}


@pytest.fixture(scope="module")
def between(sandbox: Sandbox) -> Correspondence:
    """One list for all of them."""
    return Correspondence(EncryptedList.make(sandbox))


@pytest.mark.deep
@pytest.mark.parametrize("name", REPAIRED)
def test_repaired(between: Correspondence, name: str) -> None:
    """What was signed is posted, what was not is refused as unsigned; and what was added on the way reaches nobody."""
    message = between.author.write(f"Falcons: {name}", subject="Noon")
    between.arrives(REPAIRED[name](message), f"Falcons: {name}")
    unsigned = between.author.write(name, sign=False)
    assert between.refused_for(between.author, REPAIRED[name](unsigned)) == "unsigned"


def test_repaired_and_signed_by_somebody_else(between: Correspondence) -> None:
    """A mangled message in another member's name is refused as one that is as it should be."""
    anne = between.author
    outsider = between.list.member("Cris")
    forged = anne.envelope(outsider.key.write(anne.payload("Send money"), between.list.certificate))
    for change in ("Exchange: `multipart/mixed`, with an empty text in front", "the data as `text/plain`"):
        assert between.refused_for(anne, REPAIRED[change](forged)) == "signed-by-somebody-else"
    captured = anne.envelope(anne.key.write(anne.payload(), anne.key.certificate))
    assert (
        between.refused_for(anne, REPAIRED["both parts as `application/octet-stream`"](captured)) == "not-for-this-list"
    )


def test_repaired_and_sent_again(between: Correspondence) -> None:
    """A post that passed does not pass once more in another form: what was signed is what counts once."""
    message = between.author.write("Once only", subject="Noon")
    between.arrives(message, "Once only")
    for change in list(REPAIRED.values())[:3]:
        assert between.refused_for(between.author, change(message)) == "replayed"


@pytest.mark.parametrize("name", REFUSED)
def test_not_repaired(between: Correspondence, name: str) -> None:
    """Where words stand beside the parts, somebody could have read them on the way: it is refused, and its author told what to do."""
    change, reason = REFUSED[name]
    author = between.list.member(f"Dora{list(REFUSED).index(name)}")  # nobody gets more than so many answers a day
    before = between.list.sandbox.mailbox.count(author.address)
    assert between.refused_for(author, change(author.write("Falcons"))) == reason
    *_, answer = author.read(before + 1)
    assert between.list.sandbox.mailbox.count(author.address) == before + 1
    assert "leave encrypted mail (multipart/encrypted) as it is" in words_of(answer)
    assert FOOTER.decode().strip() not in words_of(answer)


def test_documented() -> None:
    """The manual lists each change, and no other."""
    _, _, rest = POSTS.read_text(encoding="utf-8").partition("\n## Posts that were changed on their way\n")
    table, _, _ = rest.partition("\n## ")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)[2:]
    assert [row[0] for row in rows if row[1].startswith("repaired")] == list(REPAIRED)
    assert [row[0] for row in rows if not row[1].startswith("repaired")] == list(REFUSED)
