"""`mailman pgp log`: who did what about a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import WORDS, Deed

if TYPE_CHECKING:
    from conftest import CommandLine, Files
    from sqlalchemy.orm import Session


def done(run: CommandLine) -> list[tuple[str, str | None]]:
    """What the log has, the latest first."""
    return [(one["deed"], one["what"]) for one in run.json("log", "ant.example.com")["log"]]


def test_about_a_list(encrypted: Any, run: CommandLine, files: Files) -> None:
    """What is done on the command line stands there, with the values, the latest first; what changes nothing does not."""
    list_id = encrypted.list_id
    key = run.json("list-key", "show", list_id)["list_key"]["fingerprint"]
    reader = files.certificate("reader@example.com")
    run.ok("set", list_id, "footer_note=no")
    run.ok("set", list_id, "footer_note=no")
    run.ok("list-key", "extend", list_id)
    run.ok("archive", "add", list_id, reader)
    run.ok("archive", "add", list_id, reader)
    read_by = run.json("archive", "show", list_id)["encrypted_to"][0]["fingerprint"]
    run.ok("archive", "remove", list_id, read_by)
    run.refused("list-key", "uncertify", list_id, "AA")
    run.ok("disable", list_id, "--yes")
    assert done(run) == [
        ("plain", key),
        ("reader-removed", read_by),
        ("reader-added", read_by),
        ("key-extended", key),
        ("set", "footer_note=no"),
        ("encrypted", key),
    ]


def test_text(encrypted: Any, run: CommandLine, store: Session) -> None:
    """A line each: when, what, about whom, and who by which door; nothing of it steers a terminal."""
    deeds.record(
        encrypted, Deed.REQUEST_ACCEPTED, Actor(Door.MAIL, "olga@example.com"), address="anne@example.com", what="join"
    )
    deeds.record(encrypted, Deed.TAKEN_BACK, Actor(Door.REST), address="x\x1b[2j@example.com")
    store.commit()
    text = run.ok("log", encrypted.list_id)
    assert text.startswith("ant@example.com: 3 entries.\n")
    latest, accepted, _first = text.splitlines()[-3:]
    assert "a request was accepted" in accepted
    assert "anne@example.com join" in accepted
    assert accepted.endswith("mail, olga@example.com")
    assert "\x1b" not in latest
    assert "ant@example.com: 1 entry, the latest." in run.ok("log", encrypted.list_id, "--last", "1")
    assert "There is no mailing list" in run.refused("log", "cat@example.com", status=2)


def test_each_deed_has_words() -> None:
    """Whatever is recorded can be said."""
    assert set(WORDS) == set(Deed)
