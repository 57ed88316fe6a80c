"""What is answered to somebody who proves nothing: the same to everybody, and nothing of what others have written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable, now
from talkers import Talker, entity, templates
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from told import Told

COMMANDS = ("help", "key get", "join", "key set", "key change", "key refresh", "key revoke", "key show", "key sign")
COMMANDS += ("leave", "stay", "who", "echo", "confirm abcdefghijklmnopqrstuvwxyz", "Good morning")
_CHANGING = re.compile(
    rb"^(?:Message-ID|Date|In-Reply-To|References): .*$|boundary=\"[^\"]*\"|--===.*$|[a-z]+@example\.net", re.MULTILINE
)


def bare(found: list[Told], address: str) -> list[tuple[str, bytes]]:
    """What is answered to an address, without what differs each time."""
    return [(one.template, _CHANGING.sub(b"", one.content)) for one in found if one.recipient == address]


@pytest.fixture
def nora(encrypted: Any) -> Talker:
    """A stranger."""
    return Talker.make("nora@example.net", encrypted)


def the_same(anne: Talker, nora: Talker, write: Callable[[Talker], bytes]) -> None:
    """A member and a stranger are answered alike."""
    answers = [bare(one.tell(write(one)), one.address) for one in (anne, nora)]
    # Whether a member is to leave they are told by another message.
    answers[0] = [answer for answer in answers[0] if answer[0] not in {"leaving", "encrypted"}]
    assert answers[0] == answers[1]
    assert answers[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_unsigned(anne: Talker, nora: Talker, command: str) -> None:
    """Members and strangers get the same, whether the command was encrypted or not, and whatever signed it."""
    mallory = MemberKey.generate("Mallory <mallory@example.org>")
    the_same(anne, nora, lambda one: one.clear(entity(command)))
    the_same(anne, nora, lambda one: one.clear(entity("", fields=[f"Subject: {command}"])))
    the_same(anne, nora, lambda one: one.command(command, sign=False))
    the_same(anne, nora, lambda one: one.encrypted(entity(command), sign=False))
    the_same(anne, nora, lambda one: one.command(command, by=mallory))
    the_same(anne, nora, lambda one: one.signed(one.protected(command), by=mallory))


@pytest.mark.parametrize("command", ["join", "key set", "key change"])
def test_with_another_key(anne: Talker, nora: Talker, command: str) -> None:
    """Whoever brings a key with the address on it is asked, member or not; in the clear nothing comes."""
    for one in (anne, nora):
        key = MemberKey.generate(f"Somebody <{one.address}>")
        found = one.tell(one.clear(entity(command, attached=key.certificate)))
        assert [(each.recipient, each.template) for each in found] == [(one.address, "encrypted")]


@pytest.mark.parametrize("command", ["key revoke", "key refresh", ""])
def test_revocation_of_a_key(anne: Talker, nora: Talker, command: str, encrypted: Any) -> None:
    """A revocation, which anybody may have from a key server, does not tell whose key the list knows."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415

    known, unknown = (forge_usable(f"Somebody <somebody{number}@example.org>") for number in range(2))
    registry.add(encrypted.list_id, "bart@example.net", openpgp.inspect(known.public), origin="test")
    answers = []
    for forged in (known, unknown):
        forged.revoke(at=now() - 10)
        (revocation,) = forged.direct
        answers.append(bare(nora.tell(nora.clear(entity(command, attached=revocation))), nora.address))
    assert answers[0] == answers[1]
    stored = registry.chosen(encrypted.list_id, "bart@example.net")
    assert stored is not None
    assert stored.revoked is bool(command)
    assert anne


def commands_of(talker: Talker) -> list[bytes]:
    """Contents that somebody may have encrypted to the list, by a program that protects no headers."""
    contents = [entity(text) for text in (*COMMANDS, "yes", "Dear all,\nleave\nnow")]
    contents += [entity(text, attached=talker.key.certificate) for text in ("join", "key change", "")]
    contents.append(entity("key set", attached=talker.key.secret))
    return contents


def test_no_oracle(anne: Talker, encrypted: Any, members: Any) -> None:
    """Who sends what another has encrypted as their own, with their own key around it, learns nothing of what is in it.

    Not even when they are a member, whose lost key is provided for: they are not asked whether they want to leave.
    """
    mallory = Talker.make("mallory@example.net", encrypted)
    mallory.counts()
    members.add(encrypted, mallory.address)
    told()
    answers = []
    import base64  # noqa: PLC0415

    around = f"Autocrypt: addr={mallory.address}; keydata={base64.b64encode(mallory.key.certificate).decode()}\n"
    encrypted_ones = [anne.encrypted(content, sign=sign) for sign in (True, False) for content in commands_of(anne)]
    for number, mail in enumerate(encrypted_ones):
        if number % 9 == 0:
            forget_answers()
        stolen = mail.replace(anne.address.encode(), mallory.address.encode())
        answers.append([(one.recipient, *bare([one], one.recipient)) for one in mallory.tell(around.encode() + stolen)])
    assert all(len(answer) == 1 for answer in answers)
    assert len({answer[0][1][0] for answer in answers}) == 1
    assert len({re.sub(rb"No more answers.*?day\.", b"", answer[0][1][1], flags=re.DOTALL) for answer in answers}) <= 2


def forget_answers() -> None:
    """A day goes by."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import Answer  # noqa: PLC0415

    store().query(Answer).delete()
    store().commit()


def to_nobody(mail: bytes) -> bytes:
    """The same mail, its content encrypted to nobody: without the packets that hold its session key."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp.packets import walk  # noqa: PLC0415

    found = re.search(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\r?\n?", mail, re.DOTALL)
    assert found is not None
    binary = openpgp.dearmor(found[0])
    kept = [packet for packet in walk(binary) if packet.tag != 1]
    assert len(kept) < len(list(walk(binary)))
    rest = b"".join(binary[packet.start : packet.end] for packet in kept)
    return mail.replace(found[0], openpgp.armor(rest, "PGP MESSAGE"))


@pytest.mark.parametrize("what", ["a command", "an answer"])
def test_encrypted_to_nobody(anne: Talker, what: str) -> None:
    """A command, and the answer to a question, that nobody can open does nothing, and is answered by one sentence."""
    question = anne.asked(anne.command("leave"))
    mail = anne.command("who") if what == "a command" else anne.reply(question)
    (refused,) = anne.tell(to_nobody(mail))
    assert (refused.recipient, refused.template) == (anne.address, "refusal")
    assert "could not open your message" in " ".join(refused.text.split())
    assert anne.mlist.members.get_member(anne.address) is not None
    assert "You are a member no more" in anne.answers(anne.reply(question))  # the code counts still


def test_cannot_be_opened(anne: Talker, nora: Talker) -> None:
    """One sentence for whatever can't be opened, to everybody."""
    good = anne.command("who")
    at = good.index(b"-----BEGIN PGP MESSAGE-----") + 400
    changed = good[:at] + (b"A" if good[at : at + 1] != b"A" else b"B") + good[at + 1 :]
    cut = good.replace(good[at : at + 130], b"")
    other = nora.encrypted(b"", by=nora.key)
    elsewhere = other.replace(
        other[other.index(b"-----BEGIN") : other.index(b"-----END")],
        nora.key.write(b"who", nora.key.certificate)[:-30].split(b"-----END")[0],
    )
    found = [
        bare(anne.tell(mail), anne.address)
        for mail in (changed, cut, elsewhere.replace(b"nora@", b"anne@"), to_nobody(good))
    ]
    assert found[0] == found[1] == found[2] == found[3]
    assert templates(anne.tell(changed)) == ["refusal"]


def test_limit_for_each_address_at_each_list(anne: Talker, nora: Talker, other: Any) -> None:
    """Whose answers of a day are used up at one list is answered at another, and others are answered at the same one."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    most = int(config.mta.max_autoresponses_per_day)
    assert most > 1
    for role in ("request", "join", "leave", "confirm"):
        for command in ("help", "key get", "who"):
            anne.tell(anne.clear(entity(command)), to=role)
    assert anne.tell(anne.clear(entity("help"))) == []
    assert templates(nora.tell(nora.clear(entity("help")))) == ["help"]
    assert templates(anne.at(other).tell(anne.at(other).clear(entity("help")))) == ["help"]
    for _ in range(most + 3):
        found = nora.tell(nora.clear(entity("help")))
    assert found == []


def test_somebody_elses_key_uses_up_nothing(anne: Talker) -> None:
    """Whoever forges may use up the answers to unproved mail of a day; the person with the key is answered still."""
    mallory = MemberKey.generate(f"Somebody <{anne.address}>")
    assert templates(anne.tell(anne.clear(entity("key change", attached=mallory.certificate)))) == ["encrypted"]
    answered = [anne.tell(anne.command("who", by=mallory)) for _ in range(25)]
    answered += [anne.tell(anne.clear(entity("key change", attached=mallory.certificate))) for _ in range(5)]
    assert 0 < sum(map(bool, answered)) < 10
    assert anne.asked(anne.command("who"))
