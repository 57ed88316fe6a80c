"""The settings of one list act on its posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from correspondents import Correspondent
from mistakes import doctor
from people import HOME, Person
from programs import Gpg, binary, stop_agents

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from people import EncryptedList


def test_footer_note(encrypted_list: EncryptedList) -> None:
    """The line that says who wrote a post and how it was signed is there, until the list's owner switches it off."""
    anne = encrypted_list.member("Anne")
    anne.post("One")
    assert "signature good" in anne.read()[0].as_string()
    encrypted_list.pgp("set", encrypted_list.address, "footer_note=no")
    anne.post("Two")
    text = anne.read(2)[1].as_string()
    assert "Two" in text
    assert "signature" not in text
    assert "Written by" not in text
    encrypted_list.pgp("set", encrypted_list.address, "footer_note=default")
    anne.post("Three")
    assert "signature good" in anne.read(3)[2].as_string()


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9/{name}.txt", "file:///nowhere/{name}.txt", "ftp://127.0.0.1/{name}"]
)
def test_template_that_can_not_be_read(encrypted_list: EncryptedList, uri: str) -> None:
    """Posts go on with our own footer while the list's header and footer can't be fetched, and the doctor names both."""
    sandbox, anne = encrypted_list.sandbox, encrypted_list.member("Anne")
    names = ("list:member:regular:header", "list:member:regular:footer")
    uris = {name: uri.format(name=name.rpartition(":")[2]) for name in names}
    sandbox.rest(f"lists/{encrypted_list.list_id}/uris", uris, "PATCH")
    anne.post("One")
    text = anne.read()[0].as_string()
    assert "One" in text
    assert f"To leave, or to change your key: write `help` to {encrypted_list.sub_address('request')}." in text
    found = doctor(sandbox.place.config).stdout
    for name in names:
        assert f"The template {name} of {encrypted_list.list_id} can't be read" in found
        assert uris[name] in found


def test_template_that_can_be_read(encrypted_list: EncryptedList, tmp_path: Path) -> None:
    """The list's own header and footer stand in each post, and the doctor says nothing."""
    sandbox, anne = encrypted_list.sandbox, encrypted_list.member("Anne")
    uris = {}
    for part in ("header", "footer"):
        (tmp_path / f"{part}-{encrypted_list.list_id}").write_text(f"The {part} of $listname.\n")
        uris[f"list:member:regular:{part}"] = f"file://{tmp_path}/{part}-$list_id"
    sandbox.rest(f"lists/{encrypted_list.list_id}/uris", uris, "PATCH")
    anne.post("One")
    text = anne.read()[0].as_string()
    assert f"The header of {encrypted_list.address}." in text
    assert f"The footer of {encrypted_list.address}." in text
    assert f"of {encrypted_list.list_id} can't be read" not in doctor(sandbox.place.config).stdout


@pytest.fixture
def veteran(encrypted_list: EncryptedList, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Correspondent]:
    """A member whose key is sixty days old, and whose clock can be set back."""
    gpg = Gpg(tmp_path_factory.mktemp("v") / "h")
    gpg.days_ago = 60
    person = Person(encrypted_list, "Vera", f"vera{encrypted_list.number}@{HOME}", MemberKey(b""))
    certificate = binary(gpg.generate(f"Vera <{person.address}>"))
    encrypted_list.join(person, certificate)
    yield Correspondent(person, gpg, certificate)
    stop_agents(iter([gpg.home]))


@pytest.mark.peer
def test_replay_window(encrypted_list: EncryptedList, veteran: Correspondent) -> None:
    """A signature older than thirty days is refused, or older than what the list sets; a younger one is not."""
    gpg = veteran.program
    assert isinstance(gpg, Gpg)
    encrypted_list.take_unbound()
    reader = encrypted_list.member("Rita")

    def post(days_ago: int) -> list[str]:
        """Post what was signed so long ago; the reasons of the list's refusals since it was made."""
        gpg.days_ago = days_ago
        signed = veteran.signed_inside(
            f"{days_ago} days ago, {reader.list.sandbox.mailbox.count(reader.address)}\r\n".encode()
        )
        gpg.days_ago = 0
        veteran.post(gpg.write(signed, encrypted_list.certificate, sign=False))
        encrypted_list.sandbox.wait_until_idle()
        return [found["reason"] for found in encrypted_list.happened()["refused"] for _ in range(found["number"])]

    assert post(20) == []
    assert post(40) == ["signature-too-old"]
    encrypted_list.pgp("set", encrypted_list.address, "replay_window_days=10")
    assert post(20) == ["signature-too-old"] * 2
    assert post(5) == ["signature-too-old"] * 2
    encrypted_list.pgp("set", encrypted_list.address, "replay_window_days=default")
    assert post(20) == ["signature-too-old"] * 2
    assert len(reader.read(3)) == 3
