"""The key of a list is extended, and followed by another one."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from others import made_of_version_6_and_ml_kem
from sqlalchemy import update

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door

OLGA = "olga@example.com"


def shorten(door: Door, days: int) -> None:
    """Let the list's key end in some days, by its own word."""
    from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415

    before = vault.certificate("ant.example.com")
    until = (now() + timedelta(days=days)).replace(microsecond=0)
    vault.renew(before, *openpgp.extend(vault.current_secret("ant.example.com"), until))
    door.store.commit()


def test_extended(door: Door, encrypted: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is the same key, which says itself that it lives longer, wherever the list gives it away: also on each copy of a post."""
    from mailman_pgp.lists.outward import outward_for  # noqa: PLC0415 - core must be initialised

    shorten(door, 10)
    before = door.get(f"{encrypted}/certificate")
    caplog.set_level("INFO")
    answer = door.good("POST", f"{encrypted}/key", {"action": "extend", "years": "2", "by": OLGA}).json
    assert (answer["fingerprint"], answer["before"]) == (before["fingerprint"], before["expires"])
    after = door.get(f"{encrypted}/certificate")
    assert (after["fingerprint"], after["user_ids"], after["expires"]) == (
        before["fingerprint"],
        before["user_ids"],
        answer["expires"],
    )
    assert door.get(encrypted)["list_key"]["days_left"] == 729
    assert f"the list's key lives longer ({answer['fingerprint']}), by {OLGA} (rest)" in caplog.text
    carried = openpgp.inspect(base64.b64decode(outward_for(door.mlist(), {}).autocrypt or ""))
    file = openpgp.read_certificate(door.good("GET", f"{encrypted}/certificate.asc").content)
    for given in (carried, file):
        assert given.expires is not None
        assert f"{given.expires.isoformat()}Z" == answer["expires"]


def test_it_opens_and_signs(door: Door, encrypted: str) -> None:
    """What was encrypted to it before is opened, and what it signs is good."""
    from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp.memberkeys import MemberKey  # noqa: PLC0415

    shorten(door, 10)
    old = vault.certificate("ant.example.com").certificate
    block = MemberKey.generate("<anne@example.com>").write(b"text", old, sign=False)
    door.good("POST", f"{encrypted}/key", {"action": "extend"})
    opened = openpgp.open_message(openpgp.dearmor(block), vault.all_secrets("ant.example.com"), [])
    assert bytes(opened.content) == b"text"
    assert openpgp.ListSecretKey(vault.current_secret("ant.example.com")).sign_detached(b"text")


def test_refused(door: Door, encrypted: str, rows: Callable[[], dict[str, int]]) -> None:
    """It is never made to end earlier, and what is wrong in the request is said."""
    before = door.get(f"{encrypted}/certificate")
    sentence = door.refused(409, "POST", f"{encrypted}/key", {"action": "extend", "years": 1})
    assert "already, so nothing was changed" in sentence
    assert "takes one of: extend, rotate" in door.refused(400, "POST", f"{encrypted}/key", {"action": "revoke"})
    for days in ("0", "366", "-1", "x"):
        refused = door.refused(400, "POST", f"{encrypted}/key", {"action": "rotate", "overlap": days})
        assert "takes a whole number from 1 to 365" in refused
    for years in ("0", "11", "-1", "x"):
        refused = door.refused(400, "POST", f"{encrypted}/key", {"action": "extend", "years": years})
        assert "takes a whole number from 1 to 10" in refused
    assert "takes a" in door.refused(400, "POST", f"{encrypted}/key", json={"action": "extend", "years": True})
    assert door.get(f"{encrypted}/certificate") == before
    door.good("POST", f"{encrypted}/key", json={"action": "extend", "years": 10})
    assert rows()


def test_followed(door: Door, encrypted: str, caplog: pytest.LogCaptureFixture) -> None:
    """The list has another key, and shows the one of before, with the time until which it opens mail."""
    before = door.get(f"{encrypted}/key")
    assert before["former"] == []
    caplog.set_level("INFO")
    answer = door.good("POST", f"{encrypted}/key", {"action": "rotate", "overlap": "5", "by": OLGA}).json
    assert f"the list got a new key ({answer['fingerprint']}), by {OLGA} (rest)" in caplog.text
    assert answer["former"]["fingerprint"] == before["fingerprint"] != answer["fingerprint"]
    after = door.get(f"{encrypted}/key")
    assert after["fingerprint"] == door.get(f"{encrypted}/certificate")["fingerprint"] == answer["fingerprint"]
    (former,) = after["former"]
    assert former["opens"] is True
    assert former["opens_until"] == former["expires"] == answer["former"]["opens_until"]
    (certified,) = openpgp.read_certificates(door.good("GET", f"{encrypted}/certificate.asc").content)
    assert certified.fingerprint == answer["fingerprint"]


def test_kinds(door: Door, encrypted: str) -> None:
    """A key of a kind that is asked for, which stays that kind until another one is asked for; each answer says which it is."""
    assert door.get(f"{encrypted}/key")["profile"] == "usual"
    for asked, got in (("post-quantum", "post-quantum"), ("", "post-quantum"), ("v6", "v6"), ("usual", "usual")):
        fields = {"action": "rotate", **({"profile": asked, "allow_experimental": "yes"} if asked else {})}
        assert door.good("POST", f"{encrypted}/key", fields).json["profile"] == got
        assert door.get(f"{encrypted}/key")["profile"] == got
        assert door.get(encrypted)["list_key"]["profile"] == door.get(f"{encrypted}/certificate")["profile"] == got
    assert "takes one of" in door.refused(400, "POST", f"{encrypted}/key", {"action": "rotate", "profile": "rsa"})


@pytest.mark.parametrize("profile", ["v6", "post-quantum"])
def test_an_experimental_kind_is_meant(door: Door, encrypted: str, profile: str) -> None:
    """Whoever does not say so is told what comes of it, and the list keeps its key; to say no is to say nothing."""
    before = door.get(f"{encrypted}/key")
    for word in ({}, {"allow_experimental": "no"}):
        result = door("POST", f"{encrypted}/key", {"action": "rotate", "profile": profile, **word})
        assert (result.status_code, result.json["code"]) == (409, "confirmation")
        for said in ("experimental: ", "RNP (Thunderbird)", "allow_experimental=yes"):
            assert said in result.json["description"]
    assert door.get(f"{encrypted}/key") == before
    door.good("POST", f"{encrypted}/key", {"action": "rotate", "profile": profile, "allow_experimental": "yes"})
    # What it is by now it stays, and back to the usual kind goes everybody: neither is asked about.
    assert door.good("POST", f"{encrypted}/key", {"action": "rotate"}).json["profile"] == profile
    assert door.good("POST", f"{encrypted}/key", {"action": "rotate", "profile": "usual"}).json["profile"] == "usual"


def test_a_list_that_begins_with_an_experimental_kind(door: Door, mlist: Any) -> None:
    """It is made only for who says that it is meant; else the list stays as it is."""
    asked = {"list_id": mlist.list_id, "profile": "v6"}
    assert "allow_experimental=yes" in door.refused(409, "POST", "/lists", asked)
    assert door.get("/lists")["total_size"] == 0
    answer = door.good("POST", "/lists", {**asked, "allow_experimental": "yes"}).json
    assert answer["list_key"]["profile"] == "v6"


def test_whether_ml_kem_is_needed_to_write(door: Door, encrypted: str) -> None:
    """It is said of the certificate, which may be of version 6 and need it, too."""
    from mailman_pgp.exchange import list_keys  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists import encryption  # noqa: PLC0415

    assert door.get(f"{encrypted}/certificate")["post_quantum"] is False
    for profile, needed in (("post-quantum", True), ("v6", False)):
        asked = {"action": "rotate", "profile": profile, "allow_experimental": "yes"}
        door.good("POST", f"{encrypted}/key", asked)
        assert door.get(f"{encrypted}/certificate")["post_quantum"] is needed
    mlist = door.mlist()
    made = made_of_version_6_and_ml_kem("Ant", encryption.addresses_of(mlist))
    list_keys.succeed(mlist, list_keys.brought(mlist, made, allow_rsa=False).key, 7)
    door.store.commit()
    shown = door.get(f"{encrypted}/certificate")
    assert (shown["profile"], shown["post_quantum"]) == ("v6", True)


def test_followed_once(door: Door, encrypted: str) -> None:
    """A request that comes twice, as of a button that was pressed once more, gives the list one new key."""
    first = door.get(f"{encrypted}/key")["fingerprint"]
    asked = {"action": "rotate", "follows": openpgp.grouped(first)}
    second = door.good("POST", f"{encrypted}/key", asked).json["fingerprint"]
    result = door("POST", f"{encrypted}/key", asked)
    assert (result.status_code, result.json["code"]) == (409, "another-certificate")
    assert "another key by now" in result.json["description"]
    assert door.get(f"{encrypted}/key")["fingerprint"] == second


def test_revoked(door: Door, encrypted: str) -> None:
    """A list whose key was revoked says so, and that somebody gets nothing; it takes another key, and does not extend the one of now."""
    from mailman_pgp.keys import revoking  # noqa: PLC0415 - core must be initialised

    revoking.revoke(revoking.key_of("ant.example.com", None), openpgp.Reason.COMPROMISED, "")
    door.store.commit()
    found = door.get(encrypted)
    assert (found["list_key"]["revoked"], found["attention"]) == (True, True)
    assert door.get(f"{encrypted}/key")["revoked"] is True
    assert "was revoked" in door.refused(409, "POST", f"{encrypted}/key", {"action": "extend"})
    door.good("POST", f"{encrypted}/key", {"action": "rotate"})
    assert door.get(encrypted)["list_key"]["revoked"] is False
    (former,) = door.get(f"{encrypted}/key")["former"]
    assert (former["opens"], former["revoked"]) == (False, True)


def test_at_the_same_moment(door: Door, encrypted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who extend it at once, the second is told to look again, and the first word stands."""
    from mailman_pgp.keys import extending  # noqa: PLC0415 - core must be initialised

    shorten(door, 10)
    extend = openpgp.extend

    def slow(*arguments: Any) -> Any:
        monkeypatch.undo()
        shorten(door, 20)
        return extend(*arguments)

    monkeypatch.setattr(extending.openpgp, "extend", slow)
    assert "at the same moment" in door.refused(409, "POST", f"{encrypted}/key", {"action": "extend"})
    assert door.get(encrypted)["list_key"]["days_left"] == 19


def test_row_of_another_list(make_list: Any, door: Door, encrypted: str) -> None:
    """A sealed key that was copied to another list opens nothing there, and is not extended."""
    from mailman_pgp.model.tables import ListKey  # noqa: PLC0415 - core must be initialised

    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    (blob,) = door.store.query(ListKey.secret).filter_by(list_id="bee.example.com").one()
    shorten(door, 10)
    door.store.execute(update(ListKey).where(ListKey.list_id == "ant.example.com").values(secret=blob))
    door.store.commit()
    assert "can't be opened" in door.refused(409, "POST", f"{encrypted}/key", {"action": "extend"})
