"""`mailman pgp explain` says what the list finds in a mail, and what it would do; it shows no content, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from workshops import scripted
from writers import ANNE, CASES, LIST, NORA, OWNER

from mailman_pgp import openpgp
from mailman_pgp.openpgp import workshop
from mailman_pgp.openpgp.armor import MESSAGE, armor
from mailman_pgp.openpgp.packets import Tag, packet

if TYPE_CHECKING:
    from conftest import CommandLine
    from sqlalchemy.orm import Session
    from writers import Writer


def everything(store: Session) -> dict[str, list[Any]]:
    """All rows of all tables."""
    connection = store.connection()
    found = {}
    for name in sorted(sa.inspect(connection).get_table_names()):
        rows = connection.execute(sa.text(f'SELECT * FROM "{name}"')).all()
        found[name] = sorted(repr([bytes(one) if isinstance(one, memoryview) else one for one in row]) for row in rows)
    store.rollback()
    return found


def test_authenticated(anne: Writer, run: CommandLine) -> None:
    """Of a good post it says whose signature that is, that it is encrypted to the list, and that it is posted."""
    text = run.ok("explain", typed=anne.mail())
    for line in ("PGP/MIME, encrypted", "a key of the list", f"good, by {openpgp.grouped(anne.key.fingerprint)}"):
        assert line in text
    assert "It is authenticated" in text
    assert "It is posted." in text
    assert "kestrel" not in text.lower()

    answer = run.json("explain", typed=anne.mail())
    assert answer["list"]["list_id"] == "ant.example.com"
    assert (answer["as"], answer["author"], answer["opened"], answer["problem"]) == ("post", ANNE, True, None)
    (signature,) = answer["signatures"]
    assert (signature["status"], signature["certificate"]) == ("good", anne.key.fingerprint)
    assert [reader["of_list"] for reader in answer["encrypted_to"]] == [True]
    assert answer["structure"]["parts"] == [
        "multipart/encrypted",
        "application/pgp-encrypted",
        "application/octet-stream",
    ]
    assert (answer["action"], answer["chain"], answer["came_before"]) == ("accept", "accept", False)
    assert "kestrel" not in str(answer).lower()


def test_what_stands_before_the_list_s_key(anne: Writer, run: CommandLine) -> None:
    """What is passed over when a mail is opened hides none of the keys behind it here either."""
    mail = anne.mail()
    begin, end = mail.index(b"-----BEGIN PGP MESSAGE"), mail.index(b"\n--b--")
    message = openpgp.dearmor(mail[begin:end])
    before = packet(Tag.MARKER, b"PGP") + packet(Tag.PKESK, b"\x09" + bytes(20)) + packet(Tag.SKESK, b"\x09")
    answer = run.json("explain", typed=mail[:begin] + armor(before + message, MESSAGE) + mail[end:])
    assert (answer["opened"], answer["action"]) == (True, "accept")
    assert [reader["of_list"] for reader in answer["encrypted_to"]] == [True]


def test_what_this_machine_lacks(anne: Writer, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a mail needs ML-KEM and there is none, it is not refused for that: it would be kept, and it is said what to install."""
    monkeypatch.setattr(workshop, "_default", scripted('request(); write({"failed": "no-lattice"})'))
    said = run.refused("explain", typed=anne.mail())
    assert "has no ML-KEM" in said
    assert "pip install" in said


@pytest.mark.parametrize("case", CASES)
def test_each_reason_and_nothing_changes(
    anne: Writer, nora: Writer, run: CommandLine, store: Session, case: str
) -> None:
    """Each has its reason, and the setting that decides; no row is another one afterwards, no queue has anything, no word is shown."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    make, problem, action, setting = CASES[case]
    mail = make(anne, nora)
    before = everything(store)
    queues = {name: board.files for name, board in config.switchboards.items()}
    answer = run.json("explain", "--list", LIST, typed=mail)
    assert (answer["problem"], answer["action"], answer["setting"]) == (problem, action, setting)
    assert answer["words"]
    text = run.ok("explain", "--list", LIST, typed=mail)
    assert f"The setting `{setting}` of the list says so." in text
    assert f"mailman pgp set ant.example.com {setting}=" in text
    assert "kestrel" not in (text + str(answer)).lower()
    assert everything(store) == before
    assert {name: board.files for name, board in config.switchboards.items()} == queues


def test_a_stranger_of_whom_the_list_leaves_it_to_its_rules(nora: Writer, run: CommandLine, store: Session) -> None:
    """Core's rules are asked, too: they would write down who it is, and do not."""
    run.ok("set", LIST, "on_stranger=defer")
    before = everything(store)
    answer = run.json("explain", typed=nora.mail())
    assert (answer["problem"], answer["action"]) == ("no-certificate-for-author", "hold")
    assert answer["rules"] == ["nonmember-moderation"]
    assert answer["reasons"] == ["The message is not from a list member"]
    assert "leaves it to the list's other rules" in run.ok("explain", typed=nora.mail())
    assert everything(store) == before


def test_a_member_whose_posts_are_held(anne: Writer, encrypted: Any, run: CommandLine, store: Session) -> None:
    """A rule of Mailman's that holds an authenticated post is named."""
    from mailman.interfaces.action import Action  # noqa: PLC0415 - core must be initialised

    encrypted.members.get_member(ANNE).moderation_action = Action.hold
    store.commit()
    answer = run.json("explain", typed=anne.mail())
    assert (answer["problem"], answer["action"], answer["rules"]) == (None, "hold", ["member-moderation"])
    assert answer["reasons"] == ["The message comes from a moderated member"]
    assert "member-moderation" in run.ok("explain", typed=anne.mail())


def test_what_came_before(anne: Writer, encrypted: Any, run: CommandLine, store: Session) -> None:
    """Of a post that was taken it says so, and still how it was judged; asked before, it takes nothing from the post."""
    import email  # noqa: PLC0415

    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.mime import lines  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.posts.reception import receive  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind  # noqa: PLC0415

    mail = anne.mail()
    assert not run.json("explain", typed=mail)["came_before"]
    message = email.message_from_bytes(lines.canonical(mail), Message)
    message.original_size = len(mail)
    assert receive(encrypted, message, Kind.POST, "claim").record.problem == ""
    store.commit()
    answer = run.json("explain", typed=mail)
    assert (answer["came_before"], answer["problem"], answer["action"]) == (True, None, "accept")
    assert "It came before" in run.ok("explain", typed=mail)
    assert receive(encrypted, message, Kind.POST, "another").record.problem == "replayed"


def test_an_old_signature(anne: Writer, run: CommandLine, store: Session) -> None:
    """A signature that is older than what is remembered is one that came too late."""
    from mailman_pgp.model.tables import Site  # noqa: PLC0415 - core must be initialised

    store.add(Site(name="signatures forgotten until", value="2999-01-01T00:00:00.000000"))
    store.commit()
    answer = run.json("explain", typed=anne.mail())
    assert (answer["problem"], answer["setting"]) == ("signature-too-old", "on_stale")


def test_mail_to_the_owners(anne: Writer, nora: Writer, run: CommandLine) -> None:
    """Mail to the owners goes to them, encrypted or not, whoever wrote it."""
    clear = f"From: {NORA}\nTo: {OWNER}\nSubject: Kestrel\n\nThe kestrel flies.\n".encode()
    for mail in (clear, anne.mail(to=OWNER), nora.mail(to=OWNER)):
        answer = run.json("explain", typed=mail)
        assert (answer["as"], answer["action"], answer["setting"]) == ("owner", "accept", None)
    assert "It goes to the owners and moderators." in run.ok("explain", typed=clear)
    assert run.json("explain", "--as", "post", typed=clear)["problem"] == "not-encrypted"


@pytest.mark.parametrize("disposition", ["inline", "attachment"])
def test_mail_to_the_owners_that_was_taken_apart(anne: Writer, run: CommandLine, disposition: str) -> None:
    """What a mail server has left of encrypted mail is no mail in the clear: it would reach them, and nobody could read it."""
    mail = anne.mail(to=OWNER).replace(b"multipart/encrypted;", b"multipart/mixed;")
    mail = mail.replace(
        b"--b\nContent-Type: application/",
        f"--b\nContent-Disposition: {disposition}\nContent-Type: application/".encode(),
    )
    assert run.json("explain", typed=mail)["action"] == "accept"
    mail = mail.replace(b"--b\n", b"--b\n\nThis mail was checked.\n--b\n", 1)
    answer = run.json("explain", typed=mail)
    assert (answer["as"], answer["structure"]["kind"], answer["problem"]) == ("owner", "broken", "broken-pgp-mime")
    assert answer["action"] == "reject"


def test_odd_names_steer_no_terminal(anne: Writer, run: CommandLine) -> None:
    """What somebody wrote outside the encryption is shown without what a terminal would obey."""
    mail = anne.mail().replace(b"Message-ID: <1@home>", b"Message-ID: <\x1b[31m1@home>", 1)
    mail = mail.replace(b"Content-Type: application/octet-stream", b"Content-Type: application/\x1b[31m", 1)
    assert "\x1b" not in run.ok("explain", "--list", LIST, typed=mail)


def test_a_rule_that_fails(anne: Writer, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that raises is told of, as the queue shunt is where the mail would lie."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    def fail(*_: object) -> bool:
        raise RuntimeError("kestrel")

    monkeypatch.setattr(config.rules["member-moderation"], "check", fail)
    text = run.ok("explain", typed=anne.mail())
    assert "A rule or chain of the list fails over it" in text
    assert "kestrel" not in text
