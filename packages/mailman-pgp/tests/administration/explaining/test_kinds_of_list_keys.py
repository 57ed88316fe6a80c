"""`mailman pgp explain` at lists whose key is of an experimental kind says of a mail what it says at any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from others import made_of_version_6_and_ml_kem
from writers import LIST, changed

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.lists import encryption
from mailman_pgp.openpgp.armor import MESSAGE, PRIVATE_KEY, armor
from mailman_pgp.openpgp.packets import Tag, packet, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, Files
    from writers import Writer

BOTH = "v6 with ML-KEM"
KINDS = ["v6", "post-quantum", BOTH]


@pytest.fixture
def give(anne: Writer, encrypted: Any, run: CommandLine, files: Files) -> Callable[[str], Writer]:
    """Gives the list a key of a kind, and returns Anne, who writes to that."""

    def given(kind: str) -> Writer:
        if kind == BOTH:
            made = made_of_version_6_and_ml_kem("Ant", encryption.addresses_of(encrypted))
            run.ok("list-key", "import", LIST, files.write("both.asc", armor(made, PRIVATE_KEY)), "--yes")
        else:
            run.ok("list-key", "rotate", LIST, "--profile", kind, "--yes")
        return replace(anne, certificate=vault.certificate("ant.example.com").certificate)

    return given


def encrypting(certificate: bytes) -> set[str]:
    """The names of what a list's certificate is encrypted to, of which a message has one."""
    subkey = [one for one in walk(certificate) if one.tag == Tag.PUBLIC_SUBKEY][-1]
    primary, whole = openpgp.inspect(certificate).fingerprint, openpgp.key_names(certificate)
    version = subkey.body[0]
    return {name for name in whole if name not in {primary, primary[:16] if version == 6 else primary[-16:]}}


def readers(answer: dict[str, Any]) -> list[tuple[str | None, bool]]:
    """What is said of the keys that a mail is encrypted to."""
    return [(reader["key"], reader["of_list"]) for reader in answer["encrypted_to"]]


@pytest.mark.parametrize("kind", KINDS)
def test_authenticated(give: Callable[[str], Writer], run: CommandLine, kind: str) -> None:
    """A good post is opened, by a key that is known as the list's, its signature is found good, and it would be posted."""
    anne = give(kind)
    answer = run.json("explain", typed=anne.mail())
    assert (answer["opened"], answer["problem"], answer["action"]) == (True, None, "accept")
    ((name, of_list),) = readers(answer)
    assert of_list
    assert name in encrypting(anne.certificate)
    assert [(one["status"], one["certificate"]) for one in answer["signatures"]] == [("good", anne.key.fingerprint)]
    text = run.ok("explain", typed=anne.mail())
    assert "a key of the list" in text
    assert "kestrel" not in (text + str(answer)).lower()


def hidden(mail: bytes) -> bytes:
    """The mail without the names of those to whom it is encrypted (RFC 9580 §5.1.1 and §5.1.2)."""
    begin, end = mail.index(b"-----BEGIN PGP MESSAGE"), mail.index(b"\n--b--")
    message = openpgp.dearmor(mail[begin:end])
    (pkesk, data) = walk(message)
    body = pkesk.body
    without = body[:1] + bytes(8) + body[9:] if body[0] == 3 else body[:1] + b"\0" + body[2 + body[1] :]
    return mail[:begin] + armor(packet(Tag.PKESK, without) + message[data.start : data.end], MESSAGE) + mail[end:]


@pytest.mark.parametrize("kind", KINDS)
def test_for_nobody_named(give: Callable[[str], Writer], run: CommandLine, kind: str) -> None:
    """A mail that hides to whom it is encrypted is opened, and said to hide it."""
    mail = hidden(give(kind).mail())
    answer = run.json("explain", typed=mail)
    assert (readers(answer), answer["opened"], answer["action"]) == ([(None, False)], True, "accept")
    assert "a key that it hides" in run.ok("explain", typed=mail)


@pytest.mark.parametrize("kind", KINDS)
def test_to_another_key(give: Callable[[str], Writer], nora: Writer, run: CommandLine, kind: str) -> None:
    """One to the list's key of before is opened as that is; one to a key of the kind that is nobody's here is not, and is said to be that."""
    anne = give(kind)
    run.ok("list-key", "rotate", LIST, "--profile", "usual")
    for mail in (anne.mail(), nora.mail()):
        answer = run.json("explain", typed=mail)
        assert [of_list for _, of_list in readers(answer)] == [True]
        assert answer["opened"]
    stranger = made_of_version_6_and_ml_kem("Bee", ["bee@example.com"])
    if kind != BOTH:
        stranger = openpgp.generate("Bee", ["bee@example.com"], profile=openpgp.Profile(kind)).secret
    answer = run.json("explain", typed=anne.mail(certificate=openpgp.inspect(_public(stranger)).data))
    assert [of_list for _, of_list in readers(answer)] == [False]
    assert (answer["opened"], answer["problem"]) == (False, "not-for-this-list")


def _public(secret: bytes) -> bytes:
    import pysequoia  # noqa: PLC0415

    return bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())


@pytest.mark.parametrize("kind", KINDS)
def test_changed_on_its_way(give: Callable[[str], Writer], run: CommandLine, kind: str) -> None:
    """What does not open is damaged, and its reader is named all the same; nothing of it is shown."""
    answer = run.json("explain", typed=changed(give(kind).mail()))
    assert (answer["opened"], answer["problem"], answer["setting"]) == (False, "damaged", "on_unusable")
    assert [of_list for _, of_list in readers(answer)] == [True]
    assert "kestrel" not in str(answer).lower()
