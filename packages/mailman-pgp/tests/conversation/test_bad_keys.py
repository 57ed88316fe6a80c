"""Keys that can't count: each has a sentence, and none keeps anything or makes a mail lie about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge, forge_usable, now
from talkers import Talker, armored, entity

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.fixture
def nora(encrypted: Any) -> Talker:
    """Somebody whose key the list does not know."""
    return Talker.make("nora@example.net", encrypted)


def words(talker: Talker, mail: bytes) -> str:
    """The one answer to them, in one line."""
    (answer,) = talker.tell(mail)
    assert (answer.recipient, answer.template) == (talker.address, "certificate-refused")
    return " ".join(answer.text.split())


def test_two(nora: Talker) -> None:
    """Of two certificates nobody knows which one is meant."""
    both = (armored(nora.key.certificate) + armored(MemberKey.generate(f"N <{nora.address}>").certificate)).encode()
    for command in ("join", "key set", "key change", "key refresh"):
        assert "more than one public key" in words(nora, nora.clear(entity(command, attached=both)))


def test_secret_key(anne: Talker, nora: Talker) -> None:
    """A secret key is refused with whatever command it comes, and in whatever form."""
    secret = nora.key.secret
    blocks = [armored(secret, "PRIVATE KEY BLOCK").encode(), armored(secret).encode()]
    for command in ("join", "who", "", "key refresh"):
        for block in blocks[: 2 if command == "join" else 1]:
            assert "contains a secret key" in words(nora, nora.clear(entity(command, attached=block)))
    assert "contains a secret key" in words(anne, anne.command("who", attached=blocks[0]))


def test_of_another_address(nora: Talker) -> None:
    """Somebody else's certificate."""
    other = MemberKey.generate("Bart <bart@example.net>").certificate
    for command in ("join", "key set", "key change"):
        assert "does not carry the address" in words(nora, nora.clear(entity(command, attached=other)))


@pytest.mark.parametrize(
    ("words_", "make"),
    [
        ("expired", lambda text: forge_usable(text, lifetime=DAY)),
        ("no encryption subkey", forge),
        ("no longer safe", lambda text: forge_usable(text, digest="sha1")),
        ("valid in the future", lambda text: forge_usable(text, age=-10 * DAY)),
    ],
)
def test_of_no_use(nora: Talker, words_: str, make: Any) -> None:
    """Nothing can be encrypted to it: the answer says why, in the clear, and no more."""
    assert words_ in words(nora, nora.clear(entity("join", attached=make(f"Nora <{nora.address}>").public)))


def test_older_copy_of_a_revoked_one(nora: Talker, encrypted: Any, store: Session) -> None:
    """Who sends a copy from before the revocation is told; the key does not come back to life."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415

    forged = forge_usable(f"Nora <{nora.address}>")
    before = forged.public
    key = MemberKey(forged.secret)
    question = nora.asked(nora.clear(entity("key set", attached=before)), by=key)
    forged.revoke(at=now() - 10)
    registry.add("bee.example.com", "nora@example.net", openpgp.inspect(forged.public), origin="test")
    store.commit()
    found = nora.tell(nora.reply(question, by=key))
    assert [one.recipient for one in found] == [nora.address]
    assert registry.chosen(encrypted.list_id, nora.address) is None


def test_of_another_member(anne: Talker, nora: Talker, encrypted: Any) -> None:
    """A key that counts for another address here is refused, to its holder alone."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415

    forged = forge_usable("Bart <bart@example.net>")
    forged.user_id(f"Nora <{nora.address}>")
    key = MemberKey(forged.secret)
    registry.add(encrypted.list_id, "bart@example.net", openpgp.inspect(forged.public), origin="test")
    question = nora.asked(nora.clear(entity("join", attached=forged.public)), by=key)
    assert "counts for another address" in nora.answers(nora.reply(question, by=key), by=key)
    assert registry.chosen(encrypted.list_id, nora.address) is None
    assert anne
