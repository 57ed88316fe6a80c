"""Posts that wait for a moderator are shown without their content, and sent, encrypted, to who may read them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from rivals import rival
from sqlalchemy import event
from told import key
from told import told as on_their_way
from waiting_posts import ANNE, hold

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import Door, MakeCertificate, Members
    from keys import Forged

MONA, OLGA = "mona@example.com", "olga@example.com"
FINGERPRINT = "AB" * 20


@pytest.fixture
def mona(members: Members, door: Door, encrypted: str) -> Forged:
    """The key of a moderator that counts."""
    made = key(MONA)
    members.add(door.mlist(), MONA, role="moderator")
    armored = openpgp.armor(made.public, "PGP PUBLIC KEY BLOCK").decode()
    door.good("POST", f"{encrypted}/certificates", {"address": MONA, "certificate": armored})
    on_their_way()
    return made


def test_seen(door: Door, encrypted: str) -> None:
    """Who wrote it, why it waits since when, what became of the signature, and where core decides; nothing of its content."""
    assert door.get(f"{encrypted}/held")["total_size"] == 0
    number = hold(door, fingerprint=FINGERPRINT, verdicts=({"status": "good"},))
    page = door.good("GET", f"{encrypted}/held")
    (found,) = page.json["entries"]
    assert (found["number"], found["kind"], found["author"], found["size"]) == (number, "post", ANNE, 4321)
    assert found["reasons"] == ["The message comes from a moderated member", "Message has more than 9 recipients"]
    assert found["since"].endswith("Z")
    signature = found["signature"]
    assert (signature["authenticated"], signature["status"], signature["fingerprint"]) == (True, "good", FINGERPRINT)
    assert signature["words"].startswith(f"signature good, by the key {openpgp.grouped(FINGERPRINT)}")
    assert found["core_link"].endswith(f"/3.1/lists/ant.example.com/held/{number}")
    one = door.good("GET", f"{encrypted}/held/{number}")
    assert {name: value for name, value in one.json.items() if name != "http_etag"} == {
        name: value for name, value in found.items() if name != "http_etag"
    }
    for word in (b"kestrel", b"noon"):
        assert word not in page.content + one.content
    assert door.get(encrypted)["links"]["held"].endswith(f"{encrypted}/held")


@pytest.mark.parametrize(
    ("record", "status", "words"),
    [
        ({}, "none", "not signed: anybody may have written this"),
        ({"verdicts": ({"status": "bad"},)}, "bad", "not authenticated (bad): anybody may have written this"),
        ({"verdicts": ({"status": "good"},)}, "good", "not authenticated (good): anybody may have written this"),
    ],
)
def test_mail_to_the_owners(door: Door, encrypted: str, record: dict[str, Any], status: str, words: str) -> None:
    """It may be held too, and be anybody's: what its signature is good for is said, and a good one of a stranger's is nothing."""
    number = hold(door, kind="owner", author="eve@evil.example", **record)
    found = door.get(f"{encrypted}/held/{number}")
    assert found["kind"] == "owner"
    signature = found["signature"]
    assert (signature["authenticated"], signature["status"], signature["words"]) == (False, status, words)


def test_pages(door: Door, encrypted: str) -> None:
    """The oldest first, page by page; how many queries a page takes is no matter of how many are on it."""
    numbers = [hold(door) for _ in range(7)]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    engine = door.store.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        second = door.get(f"{encrypted}/held?page=2&count=3")
        few = len(asked)
        everything = door.get(f"{encrypted}/held")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert (second["start"], second["total_size"]) == (3, 7)
    assert [one["number"] for one in second["entries"]] == numbers[3:6]
    assert [one["number"] for one in everything["entries"]] == numbers
    assert len(asked) == 2 * few


def test_at_another_list(make_list: Any, door: Door, encrypted: str, mona: Forged) -> None:
    """A number of one list opens nothing at another, and neither does what is no number."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    number = hold(door, list_id="bee.example.com")
    assert "entries" not in door.get(f"{encrypted}/held")
    for name in (str(number), "0", "x", "²", "9" * 30, str(2**31)):
        assert "No post waits" in door.refused(404, "GET", f"{encrypted}/held/{name}")
        assert "No post waits" in door.refused(404, "POST", f"{encrypted}/held/{name}/copy", {"address": MONA})
    assert on_their_way() == []
    assert mona


def test_copy(door: Door, encrypted: str, mona: Forged, caplog: pytest.LogCaptureFixture) -> None:
    """The moderator reads the post, which left encrypted to them alone and signed by the list; it goes on waiting."""
    number = hold(door, fingerprint=FINGERPRINT, verdicts=({"status": "good"},))
    caplog.set_level(logging.DEBUG)
    answer = door.good("POST", f"{encrypted}/held/{number}/copy", {"address": "Mona@example.com", "by": OLGA}).json
    assert (answer["number"], answer["address"], answer["sent"]) == (number, MONA, True)
    (sent,) = on_their_way()
    assert (sent.recipient, sent.template) == (MONA, "encrypted")
    assert b"kestrel" not in sent.content
    assert "noon" not in "".join(sent.headers)
    opened = sent.opened(mona)
    assert opened is not None
    text = " ".join(sent.says(mona).split())
    assert f"A post by {ANNE} to the encrypted mailing list" in text
    assert "signature good, by the key" in text
    assert "more than 9 recipients" in text
    assert "code" not in text
    (post,) = [part for part in opened.walk() if part.get_content_type() == "message/rfc822"]
    assert "The kestrel flies." in post.as_string()
    assert "kestrel" not in caplog.text
    assert f"was sent to {MONA}, asked by {OLGA}" in caplog.text
    assert door.get(f"{encrypted}/held")["total_size"] == 1


@pytest.mark.parametrize(("action", "queue"), [("accept", "pipeline"), ("reject", "virgin"), ("discard", "")])
def test_decided(door: Door, encrypted: str, action: str, queue: str) -> None:
    """Core does what was decided, once: who decides next is told that somebody has decided already."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    number = hold(door)
    path = f"{encrypted}/held/{number}"
    on_their_way()
    form = {"action": action, "by": OLGA, **({"comment": "Not\nnow."} if action == "reject" else {})}
    assert door.good("POST", path, form).json["action"] == action
    for again in ("accept", "discard"):
        assert "somebody has decided about it" in door.refused(404, "POST", path, {"action": again})
    found = {name: len(get_queue_messages(name)) for name in ("pipeline", "virgin")}
    assert found == {name: int(name == queue) for name in found}
    assert door.get(f"{encrypted}/held")["total_size"] == 0


def test_two_decide_at_the_same_moment(core: Any, door: Door, encrypted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second waits before they look, so that one decides; also where the one decides by mail."""
    import sqlalchemy as sa  # noqa: PLC0415

    from mailman_pgp.conversation import held_posts  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415

    number, waited = hold(door), []
    look = held_posts.held.find
    with rival(core, sa.update(EncryptedList).values(enabled_at=EncryptedList.enabled_at)) as kept_out:

        def looked(*arguments: Any) -> Any:
            waited.append(kept_out())
            return look(*arguments)

        monkeypatch.setattr(held_posts.held, "find", looked)
        door.good("POST", f"{encrypted}/held/{number}", {"action": "discard"})
        assert waited == [True]
        assert not kept_out()


def test_decisions_that_there_are_not(door: Door, encrypted: str) -> None:
    """Core knows more of them; a post stays where it is."""
    number = hold(door)
    for action in ("defer", "hold", "ACCEPT", ""):
        door.refused(400, "POST", f"{encrypted}/held/{number}", {"action": action})
    assert door.get(f"{encrypted}/held")["total_size"] == 1


def test_one_copy_in_five_minutes(
    members: Members, door: Door, encrypted: str, mona: Forged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each post to each who looks after the list, however often it is asked for; what failed does not count."""
    import datetime as dt  # noqa: PLC0415

    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415

    first, second = hold(door), hold(door)
    members.add(door.mlist(), OLGA, role="owner")
    copy = f"{encrypted}/held/{first}/copy"
    door.refused(409, "POST", copy, {"address": OLGA})
    armored = openpgp.armor(key(OLGA).public, "PGP PUBLIC KEY BLOCK").decode()
    door.good("POST", f"{encrypted}/certificates", {"address": OLGA, "certificate": armored})
    on_their_way()
    door.good("POST", copy, {"address": MONA})
    assert len(on_their_way()) == 1
    for _ in range(2):
        refused = door("POST", copy, {"address": "MONA@example.com"})
        assert (refused.status_code, refused.json["code"]) == (429, "sent-already")
        assert "within the last five minutes, so nothing was sent" in refused.json["description"]
        assert 290 <= int(refused.headers["retry-after"]) <= 300
    assert on_their_way() == []
    door.good("POST", f"{encrypted}/held/{second}/copy", {"address": MONA})
    door.good("POST", copy, {"address": OLGA})
    assert len(on_their_way()) == 2
    for minutes in (6, -6):  # also by a clock that is set back
        then = now() + dt.timedelta(minutes=minutes)
        monkeypatch.setattr(ledger, "now", lambda then=then: then)
        door.good("POST", copy, {"address": MONA})
    assert len(on_their_way()) == 2
    assert mona


def test_no_copy(members: Members, door: Door, encrypted: str, mona: Forged, make: MakeCertificate) -> None:
    """Not for members, not for strangers, not for who looks after another list, not without a key, or one that is suspended."""
    number = hold(door)
    copy = f"{encrypted}/held/{number}/copy"
    members.add(door.mlist(), ANNE)
    members.add(door.mlist(), OLGA, role="owner")
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    door.good(
        "POST", f"{encrypted}/certificates", {"address": "nora@example.com", "certificate": make("nora@example.com")[1]}
    )
    on_their_way()
    for address in (ANNE, "nora@example.com", "ant-owner@example.com"):
        result = door("POST", copy, {"address": address})
        assert (result.status_code, result.json["code"]) == (409, "not-an-administrator")
    assert "no certificate. Ask them for their certificate" in door.refused(409, "POST", copy, {"address": OLGA})
    assert "takes a mail address" in door.refused(400, "POST", copy, {"address": f"{MONA}, eve@evil.example"})
    door.good("POST", f"{encrypted}/certificates/{MONA}", {"action": "suspend"})
    on_their_way()
    assert "is suspended" in door.refused(409, "POST", copy, {"address": MONA})
    assert on_their_way() == []
    assert mona


def test_nothing_to_copy(core: Any, door: Door, encrypted: str, mona: Forged) -> None:
    """What core has lost, or was sealed for another encryption of the list, is not sent, and is said."""
    from mailman.interfaces.messages import IMessageStore  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.model.database import now  # noqa: PLC0415
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415
    from mailman_pgp.overview.held import find  # noqa: PLC0415

    first, second = hold(door), hold(door)
    lost = find(door.mlist(), str(first))
    assert lost is not None
    getUtility(IMessageStore).delete_message(lost.placeholder)
    core.db.commit()
    assert "is not there any more" in door.refused(409, "POST", f"{encrypted}/held/{first}/copy", {"address": MONA})
    door.store.get(EncryptedList, "ant.example.com").enabled_at = now()
    core.db.commit()
    assert "does not open" in door.refused(409, "POST", f"{encrypted}/held/{second}/copy", {"address": MONA})
    assert on_their_way() == []
    assert mona
