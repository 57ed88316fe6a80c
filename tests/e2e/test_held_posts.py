"""Posts that wait for a moderator leave with their own content, to their own list, whatever Message-ID others write."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest
from conversations import moderator

from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person

ID = "<chosen@evil.example>"


def with_id(message: bytes, message_id: str = ID) -> bytes:
    """A message under another Message-ID, which anybody on its way can write."""
    return re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: " + message_id.encode(), message, count=1)


def hold(*people: Person) -> None:
    """Have the posts of these people wait for a moderator."""
    for person in people:
        rest = person.list.sandbox.rest
        member = rest(f"lists/{person.list.list_id}/member/{person.address}")["member_id"]
        rest(f"members/{member}", {"moderation_action": "hold"}, "PATCH")


def held(encrypted_list: EncryptedList, count: int) -> dict[str, Any]:
    """The held posts in REST, by their authors, as soon as there are so many; each with its path."""
    rest = encrypted_list.sandbox.rest
    path = f"lists/{encrypted_list.list_id}/held"
    until(lambda: rest(f"{path}/count")["count"] == count, "the posts are held")
    encrypted_list.sandbox.wait_until_idle()
    return {entry["sender"]: f"{path}/{entry['request_id']}" for entry in rest(path)["entries"]}


def posts(reader: Person) -> list[str]:
    """What a person has received, opened, apart from notices."""
    reader.list.sandbox.wait_until_idle()
    return [text for text in (message.as_string() for message in reader.read(0)) if "Written by" in text]


def test_held_posts_of_one_id(encrypted_list: EncryptedList) -> None:
    """Two held posts with the same Message-ID are two: each is accepted or discarded by itself."""
    anne, bart, mallory = (encrypted_list.member(name) for name in ("Anne", "Bart", "Mallory"))
    hold(anne, mallory)
    mallory.send(with_id(mallory.write("Send your passwords")))
    held(encrypted_list, 1)
    anne.send(with_id(anne.write("All is well")))
    paths = held(encrypted_list, 2)
    encrypted_list.sandbox.rest(paths[mallory.address], {"action": "discard"})
    encrypted_list.sandbox.rest(paths[anne.address], {"action": "accept"})
    (text,) = posts(bart)
    assert "All is well" in text
    assert "passwords" not in text
    assert encrypted_list.sandbox.queue("shunt") == []


def test_held_post_stays_on_its_list(encrypted_list: EncryptedList, new_list: Callable[[], EncryptedList]) -> None:
    """A held post of another list with the same Message-ID changes nothing for either list."""
    other = new_list()
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    mallory, cris = other.member("Mallory"), other.member("Cris")
    hold(anne, mallory)
    anne.send(with_id(anne.write("The secret of the ants")))
    path = held(encrypted_list, 1)[anne.address]
    mallory.send(with_id(mallory.write("Something harmless")))
    other.sandbox.rest(held(other, 1)[mallory.address], {"action": "accept"})
    (text,) = posts(cris)
    assert "Something harmless" in text
    assert "secret" not in text
    encrypted_list.sandbox.rest(path, {"action": "accept"})
    (text,) = posts(bart)
    assert "The secret of the ants" in text


def test_held_post_and_a_plain_list(encrypted_list: EncryptedList) -> None:
    """A mail that a plain list of the site holds under the same Message-ID keeps no post from being stored."""
    sandbox = encrypted_list.sandbox
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    hold(anne)
    plain = encrypted_list.address.replace("ants", "bees")
    list_id = sandbox.rest.create_list(plain)
    mail = f"From: eve@evil.example\nTo: {plain}\nSubject: x\nMessage-ID: {ID}\n\nx\n"
    sandbox.lmtp_send("eve@evil.example", plain, mail.encode())
    until(lambda: sandbox.rest(f"lists/{list_id}/held/count")["count"], "the mail is held")
    anne.send(with_id(anne.write("An important post")))
    sandbox.rest(held(encrypted_list, 1)[anne.address], {"action": "accept"})
    (text,) = posts(bart)
    assert "An important post" in text
    assert sandbox.queue("shunt") == []


def test_held_post_has_an_id_of_the_list(encrypted_list: EncryptedList) -> None:
    """What core stores a post under is not what its author, or anybody on the way, has written."""
    anne = encrypted_list.member("Anne")
    hold(anne)
    anne.send(with_id(anne.write()))
    found = encrypted_list.sandbox.rest(held(encrypted_list, 1)[anne.address])
    assert re.fullmatch(rf"<[0-9a-f]{{40}}@{re.escape(encrypted_list.list_id)}>", found["message_id"])
    assert ID not in found["msg"]
    # So that an operator can follow a message through the logs.
    assert f"{ID} came to {encrypted_list.address}, and is {found['message_id']}" in encrypted_list.sandbox.logs()


def test_copy_for_a_moderator(encrypted_list: EncryptedList) -> None:
    """Who is asked for in the web reads the held post in their mail program; nobody else does, and it goes on waiting."""
    anne, mona = encrypted_list.member("Anne"), moderator(encrypted_list)
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", {"admin_immed_notify": False}, "PATCH")
    hold(anne)
    anne.post("The kestrel flies", subject="At noon")
    held(encrypted_list, 1)
    encrypted_list.wait_until_told()
    before = len(mona.mail(0))
    (found,) = encrypted_list.rest("held")["entries"]
    assert (found["author"], found["signature"]["status"]) == (anne.address, "good")
    assert found["signature"]["authenticated"]
    assert encrypted_list.rest(f"held/{found['number']}/copy", {"address": mona.address})["sent"]
    copy = mona.open(mona.mail(before + 1)[before])
    (post,) = [part for part in copy.walk() if part.get_content_type() == "message/rfc822"]
    assert "At noon" in post.as_string()
    assert "The kestrel flies" in post.as_string()
    with pytest.raises(RestError, match="neither an owner nor a moderator"):
        encrypted_list.rest(f"held/{found['number']}/copy", {"address": anne.address})
    assert encrypted_list.rest("held")["total_size"] == 1


def test_id_that_no_database_takes(encrypted_list: EncryptedList) -> None:
    """A NUL in the Message-ID, which PostgreSQL refuses, keeps nothing from anybody; the copies have an id of the list's."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    anne.send(re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: <nu\0l@x>", anne.write("Hello there"), count=1))
    (kept,) = bart.mail()
    encrypted_list.sandbox.wait_until_idle()
    assert encrypted_list.sandbox.queue("shunt") == []
    assert kept.message["message-id"].endswith(f"@{encrypted_list.list_id}>")
    (post,) = encrypted_list.happened()["posts"]
    assert (post["message_id"], post["delivered"]) == (kept.message["message-id"], 2)


def test_what_was_sealed_before_opens_no_more(new_list: Callable[[], EncryptedList]) -> None:
    """A post that waited while its list was made a plain one and encrypted again is not sent: it is another list now."""
    made = new_list()
    sandbox = made.sandbox
    anne, bart = made.member("Anne"), made.member("Bart")
    with sandbox.paused("pipeline"):
        anne.post("A word from before")
        until(lambda: sandbox.queue("pipeline"), "the post waits")
        made.pgp("disable", made.address, "--yes")
        made.pgp("enable", made.address)
        made.refresh()
        made.certify(bart)
    until(lambda: sandbox.queue("shunt"), "the post is shunted")
    (file,) = sandbox.queue("shunt")
    with file.open("rb") as stream:
        assert pickle.load(stream)["subject"] == "..."
    file.unlink()
    assert f"does not open for {made.list_id}" in sandbox.logs()
    assert posts(bart) == []
