"""What a held post says is shown where its list allows that, to who looks after the list, and is kept nowhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from told import told as on_their_way
from waiting_posts import ANNE, CONTENT, hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Door, Members

MONA, OLGA = "mona@example.com", "olga@example.com"
FINGERPRINT = "AB" * 20
LIST = "/lists/ant.example.com"
WORDS = (b"kestrel", b"noon")


@pytest.fixture
def listening() -> Iterator[None]:
    """We listen to changes of settings."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import showing  # noqa: PLC0415

    showing.install()
    showing.install()  # of which there is one
    yield
    subscribers.remove(showing._tell)


@pytest.fixture
def mona(members: Members, door: Door, encrypted: str) -> str:
    """A moderator of the list, which shows held posts; she needs no key to read them."""
    members.add(door.mlist(), MONA, role="moderator")
    door.good("PATCH", encrypted, {"show_held": "yes"})
    return MONA


def content(door: Door, number: int, address: str = MONA, path: str = LIST) -> Any:
    """What a held post says, to somebody; it must be shown."""
    return door.good("POST", f"{path}/held/{number}/content", {"address": address}).json["content"]


def refused(door: Door, number: int, address: str = MONA, path: str = LIST) -> tuple[int, str]:
    """The status and the code with which it is not shown; no word of it is there."""
    result = door("POST", f"{path}/held/{number}/content", {"address": address})
    assert result.status_code >= 400
    assert result.json["description"].endswith(".")
    assert not any(word in result.content for word in WORDS)
    return result.status_code, result.json["code"]


def test_not_unless_it_is_chosen(members: Members, door: Door, encrypted: str) -> None:
    """Without the list's own choice nobody is shown a word of it; what is known of it is."""
    members.add(door.mlist(), MONA, role="owner")
    number = hold(door)
    assert door.get(encrypted)["settings"]["show_held"] is False
    for found in (door.get(f"{encrypted}/held")["entries"][0], door.get(f"{encrypted}/held/{number}")):
        assert found["content_link"] is None
        assert found["reasons"]
        assert found["signature"]["words"]
    assert refused(door, number) == (409, "not-shown")


def test_shown(door: Door, mona: str) -> None:
    """Who wrote it, when and about what, its text, and what became of its signature, in one answer that nobody keeps."""
    number = hold(door, fingerprint=FINGERPRINT, verdicts=({"status": "good"},))
    link = f"{LIST}/held/{number}/content"
    (entry,) = door.get(f"{LIST}/held")["entries"]
    assert entry["content_link"].endswith(link)
    answer = door.good("POST", link, {"address": mona.upper(), "by": mona})
    assert answer.headers["cache-control"] == "no-store"
    assert {name: answer.json[name] for name in entry if name != "http_etag"} == {
        name: value for name, value in entry.items() if name != "http_etag"
    }
    assert answer.json["signature"]["authenticated"]
    assert {name: value for name, value in answer.json["content"].items() if name != "http_etag"} == {
        "author_name": "",
        "subject": "At noon",
        "date": "",
        "unprotected": ["Subject"],
        "text": "The kestrel flies.",
        "from_html": False,
        "complete": True,
        "attachments": [],
        "more_attachments": 0,
    }
    for path in (f"{LIST}/held", f"{LIST}/held/{number}", LIST):
        assert not any(word in door.good("GET", path).content for word in WORDS)


def test_kept_nowhere(
    core: Any, door: Door, mona: str, rows: Callable[[], dict[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """Who has read it is logged, and not a word of it; no row and no file is another one afterwards."""
    from pathlib import Path  # noqa: PLC0415

    number = hold(door)

    def files() -> dict[str, bytes]:
        found = (path for path in Path(core.VAR_DIR).rglob("*") if path.is_file() and path.suffix != ".log")
        return {str(path): path.read_bytes() for path in found if "mailman.db" not in path.name}

    before = rows(), files()
    caplog.set_level(logging.DEBUG)
    assert content(door, number)["text"] == "The kestrel flies."
    door.good("POST", f"{LIST}/held/{number}/content", {"address": mona, "by": OLGA})
    assert (rows(), files()) == before
    assert not any(word.decode() in caplog.text for word in WORDS)
    assert caplog.text.count(f"was shown to {mona}") == 2
    assert f"was shown to {mona}, asked by {OLGA}" in caplog.text
    assert on_their_way() == []


def test_to_nobody_else(members: Members, make_list: Any, door: Door, mona: str) -> None:
    """Not to a member, the author, a stranger, somebody who looks after another list, nor the list itself; not without a name."""
    other = make_list("bee")
    members.add(door.mlist(), ANNE)
    members.add(other, "olga@example.com", role="owner")
    number = hold(door)
    for address in (ANNE, "nora@example.com", OLGA, "ant-owner@example.com"):
        assert refused(door, number, address) == (409, "not-an-administrator")
    path = f"{LIST}/held/{number}/content"
    assert "Missing: address" in door.refused(400, "POST", path, {})
    assert "behind a question mark" in door.refused(400, "POST", f"{path}?address={mona}")
    assert door("GET", path, base="/3.1/plugins/pgp/").status_code in {404, 405}


def test_of_another_list(members: Members, make_list: Any, door: Door, mona: str) -> None:
    """By the number of another list's post nothing is shown, whichever of the two lists allows it."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    members.add(door.mlist("bee.example.com"), MONA, role="owner")
    here, there = hold(door), hold(door, list_id="bee.example.com")
    assert refused(door, there) == (404, "no-such-post")
    assert refused(door, here, path="/lists/bee.example.com") == (404, "no-such-post")
    assert refused(door, there, path="/lists/bee.example.com") == (409, "not-shown")
    assert content(door, here, mona)["text"]


def test_taken_back(door: Door, mona: str) -> None:
    """From the moment at which the list takes it back nothing is shown any more, also to who has the link already."""
    number = hold(door)
    assert content(door, number)["text"]
    door.good("PATCH", LIST, {"show_held": "no"})
    assert refused(door, number, mona) == (409, "not-shown")


def test_who_looks_after_it_no_more(door: Door, mona: str) -> None:
    """Neither is it to who was a moderator until now."""
    number = hold(door)
    door.mlist().moderators.get_member(mona).unsubscribe()
    door.store.commit()
    assert refused(door, number, mona) == (409, "not-an-administrator")


def test_encrypted_anew(door: Door, mona: str) -> None:
    """A list that was a plain one in between shows nothing until that is chosen anew, and then nothing of before.

    That something waits keeps encryption from being turned on or off; so this is what comes in at that very moment.
    """
    from mailman_pgp.model.cleanup import forget_encryption  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415

    number = hold(door)
    forget_encryption("ant.example.com")
    door.store.commit()
    assert refused(door, number, mona) == (404, "not-encrypted")
    door.store.add(EncryptedList(list_id="ant.example.com", enabled_at=now()))
    door.store.commit()
    assert refused(door, number, mona) == (409, "not-shown")
    door.store.get(EncryptedList, "ant.example.com").show_held = True
    door.store.commit()
    assert refused(door, number, mona) == (409, "not-to-be-opened")


def test_lost(core: Any, door: Door, mona: str) -> None:
    """What core has lost is said to be so."""
    from mailman.interfaces.messages import IMessageStore  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.overview.held import find  # noqa: PLC0415

    number = hold(door)
    found = find(door.mlist(), str(number))
    assert found is not None
    getUtility(IMessageStore).delete_message(found.placeholder)
    core.db.commit()
    assert refused(door, number, mona) == (409, "not-to-be-opened")


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (b'Content-Type: multipart/mixed; boundary=""\r\n\r\nThe kestrel flies at noon', "not-to-be-read"),
        (
            b"Content-Type: " + b"message/rfc822\r\n\r\nContent-Type: " * 60 + b"text/plain\r\n\r\nkestrel",
            "not-to-be-read",
        ),
    ],
)
def test_what_nobody_should_read_here(door: Door, mona: str, made: bytes, code: str) -> None:
    """What is built so that programs differ about it is refused with a sentence that has no word of it."""
    assert refused(door, hold(door, content=made), mona) == (409, code)


def test_of_any_size(door: Door, mona: str) -> None:
    """Of ten megabytes the answer is a small part, and says so; HTML is text in it."""
    found = content(door, hold(door, content=CONTENT + b"word " * 2_000_000), mona)
    assert len(found["text"]) <= 100_000
    assert not found["complete"]
    page = b"Content-Type: text/html\r\n\r\n<script>alert(1)</script><b onclick='x()'>The</b> &lt;i&gt; kestrel"
    found = content(door, hold(door, content=page), mona)
    assert (found["text"], found["from_html"]) == ("The <i> kestrel", True)


def test_mail_to_the_owners(door: Door, mona: str) -> None:
    """It may wait, too, and is shown as posts are."""
    number = hold(door, kind="owner", author="eve@evil.example")
    assert content(door, number, mona)["text"] == "The kestrel flies."


@pytest.mark.parametrize("shown", [False, True])
def test_core_shows_nothing(members: Members, door: Door, encrypted: str, *, shown: bool) -> None:
    """Core's own REST, and with it the page of Postorius, has no word of a held post either way: neither message nor subject."""
    members.add(door.mlist(), MONA, role="moderator")
    door.good("PATCH", encrypted, {"show_held": str(shown)})
    number = hold(door)
    for path in ("held", f"held/{number}"):
        result = door("GET", f"/lists/ant.example.com/{path}", base="/3.1")
        assert result.status_code == 200
        entry = result.json if "msg" in result.json else result.json["entries"][0]
        assert entry["subject"] == "..."
        assert "The content of this message is sealed" in entry["msg"]
        assert not any(word in result.content for word in WORDS)


@pytest.mark.usefixtures("listening")
def test_told(members: Members, door: Door, encrypted: str) -> None:
    """Who looks after the list is told when it is chosen, and not when it stays or is taken back; nor of other settings."""
    members.add(door.mlist(), OLGA, role="owner")
    on_their_way()
    door.good("PATCH", encrypted, {"footer_note": "no"})
    assert on_their_way() == []
    door.good("PATCH", encrypted, {"show_held": "yes", "by": MONA})
    (found,) = on_their_way()
    assert (found.recipient, found.template) == ("ant-owner@example.com", "")
    text = " ".join(found.text.split())
    assert "can read held posts in its web interface, also those that wait already" in text
    assert "mailman pgp set ant.example.com show_held=no" in text
    for value in ("yes", "no"):
        door.good("PATCH", encrypted, {"show_held": value})
    assert on_their_way() == []


def test_what_fails(door: Door, mona: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody has thought of is answered and logged without a word of the post."""
    from mailman_pgp.conversation import showing  # noqa: PLC0415 - core must be initialised

    def fails(payload: Any) -> None:
        raise ValueError(payload.content)

    number = hold(door)
    monkeypatch.setattr(showing, "excerpt", fails)
    assert refused(door, number, mona) == (500, "failed")
    assert "ValueError" in caplog.text
    assert not any(word.decode() in caplog.text for word in WORDS)
