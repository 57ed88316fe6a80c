"""An owner brings the certificates of many people at once: each counts for whom it names, or is refused, and nothing is replaced."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from keys import CERTIFY, DAY, PUBLIC_KEY, SIGN, Key, forge, forge_usable, now, packet
from sqlalchemy import event
from told import told as on_their_way

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, Members

ANNE, BART, CRIS, OLGA = (f"{name}@example.com" for name in ("anne", "bart", "cris", "olga"))


def armored(*certificates: bytes) -> str:
    """Certificates in armored blocks, with text between them."""
    blocks = (openpgp.armor(one, "PGP PUBLIC KEY BLOCK").decode("ascii") for one in certificates)
    return "These are ours:\n\n" + "\nand\n\n".join(blocks)


def fingerprint(certificate: bytes) -> str:
    """Of a good one."""
    return openpgp.inspect(certificate).fingerprint


@pytest.fixture
def people(members: Members, door: Door, encrypted: str) -> str:
    """The path of the list's keyrings; Anne, Bart and Cris are members there, Olga owns it."""
    for address, role in [(ANNE, "member"), (BART, "member"), (CRIS, "member"), (OLGA, "owner")]:
        members.add(door.mlist(), address, role=role)
    on_their_way()
    return f"{encrypted}/keyring"


def other_list(make_list: Any, members: Members, door: Door) -> None:
    """Another encrypted list, bee@example.com, of which Anne is a member, too."""
    from mailman.interfaces.listmanager import IListManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    members.add(getUtility(IListManager).get("bee.example.com"), ANNE)
    on_their_way()


def counting(door: Door) -> dict[str, str]:
    """Which certificate is chosen for whom."""
    entries = door.get("/lists/ant.example.com/certificates").get("entries", ())
    return {one["address"]: one["fingerprint"] for one in entries}


def outcomes(answer: Any) -> dict[str, tuple[str, str | None]]:
    """Outcome and code of each certificate, by its fingerprint."""
    return {one["fingerprint"]: (one["outcome"], one["code"]) for one in answer["certificates"]}


def test_all_or_nothing(door: Door, people: str) -> None:
    """Where all is asked for, one that is refused keeps the others from counting, and the answer says which it is."""
    anne, nora = (forge_usable(f"<{name}@example.com>").public for name in ("anne", "nora"))
    asked = {"keyring": armored(anne, nora), "all_or_nothing": "yes"}
    answer = door.good("POST", people, asked).json
    assert answer["dry_run"] is True
    assert outcomes(answer) == {fingerprint(anne): ("taken", None), fingerprint(nora): ("refused", "no-member")}
    assert counting(door) == {}
    answer = door.good("POST", people, {**asked, "keyring": armored(anne)}).json
    assert answer["dry_run"] is False
    assert counting(door) == {ANNE: fingerprint(anne)}


def test_taken(door: Door, people: str) -> None:
    """Each counts, as if an owner had added it: approved, recorded with who did it, and told; who is still without is named."""
    anne, olga = (forge_usable(f"Somebody <{address}>").public for address in (ANNE, OLGA))
    answer = door.good("POST", people, {"keyring": armored(anne, olga), "by": OLGA}).json
    assert outcomes(answer) == {fingerprint(anne): ("taken", None), fingerprint(olga): ("taken", None)}
    assert answer["numbers"] == {"taken": 2, "updated": 0, "same": 0, "recorded": 0, "refused": 0}
    assert answer["certificates"][0]["addresses"] == [ANNE]
    assert answer["certificates"][0]["user_ids"] == [f"Somebody <{ANNE}>"]
    assert answer["without"] == [BART, CRIS]
    shown = door.get(f"/lists/ant.example.com/certificates/{ANNE}")
    assert (shown["certificate"]["fingerprint"], shown["state"], shown["origin"]) == (
        fingerprint(anne),
        "approved",
        "rest",
    )
    (done,) = shown["events"]
    assert (done["act"], done["door"], done["by"]) == ("added", "rest", OLGA)
    assert {one.recipient for one in on_their_way()} >= {ANNE, OLGA}
    assert door.get("/lists/ant.example.com")["members"]["getting_nothing"] == 2


def test_binary(door: Door, people: str) -> None:
    """A binary keyring comes in base64, with or without lines."""
    anne, bart = (forge_usable(f"<{address}>").public for address in (ANNE, BART))
    for encode in (base64.encodebytes, base64.b64encode):
        door.good("POST", people, {"keyring": encode(anne + bart).decode()})
        assert counting(door) == {ANNE: fingerprint(anne), BART: fingerprint(bart)}


def test_rehearsed(door: Door, people: str, rows: Callable[[], dict[str, int]]) -> None:
    """It is said what would become of each, and nothing is done."""
    anne = forge_usable(f"<{ANNE}>")
    door.good("POST", people, {"keyring": armored(anne.public)})
    anne.user_id(f"<{ANNE}>", at=now() - DAY, lifetime=900 * DAY, usage=CERTIFY | SIGN)
    bart = forge_usable(f"<{BART}>").public
    before = rows()
    answer = door.good("POST", people, json={"keyring": armored(anne.public, bart), "dry_run": True}).json
    assert answer["dry_run"] is True
    assert outcomes(answer) == {anne.fingerprint: ("updated", None), fingerprint(bart): ("taken", None)}
    assert answer["without"] == [CRIS]
    assert rows() == before
    assert door.get(f"/lists/ant.example.com/certificates/{ANNE}")["certificate"]["expires"] is None
    assert counting(door) == {ANNE: fingerprint(anne.public)}
    assert "takes yes or no" in door.refused(400, "POST", people, {"keyring": armored(bart), "dry_run": "perhaps"})


def refusals() -> dict[str, tuple[list[bytes], str, str]]:
    """What is refused: the certificates, the code of the first, and a part of its sentence."""
    revoked = forge_usable(f"<{ANNE}>")
    revoked.revoke(at=now() - DAY)
    forged = forge_usable("<nora@example.com>")
    forged.forged_user_id(f"<{ANNE}>")
    both = forge_usable(f"<{ANNE}>")
    both.user_id(f"<{BART}>")
    return {
        "expired": ([forge_usable(f"<{ANNE}>", lifetime=DAY).public], "expired", "has expired"),
        "revoked": ([revoked.public], "revoked", "has been revoked"),
        "no encryption": ([forge(f"<{ANNE}>").public], "no-encryption-subkey", "no encryption subkey"),
        "sha1": ([forge_usable(f"<{ANNE}>", digest="sha1").public], "refused-by-policy", "SHA-1"),
        "stranger": ([forge_usable("<nora@example.com>").public], "no-member", "nora@example.com"),
        "forged": ([forged.public], "no-member", "nora@example.com"),
        "nameless": ([forge_usable("Anne").public], "no-member", "no mail address"),
        "rivals": (
            [forge_usable(f"<{ANNE}>").public, forge_usable(f"<{ANNE}>").public],
            "several-keys-for-one",
            f"several keys for {ANNE}",
        ),
        "both": ([both.public], "several-members", f"{ANNE}, {BART}"),
    }


@pytest.mark.parametrize("kind", list(refusals()))
def test_refused(door: Door, people: str, rows: Callable[[], dict[str, int]], kind: str) -> None:
    """With its reason, and nothing of it is kept; the good one beside it is taken."""
    before = rows()
    bad, code, words = refusals()[kind]
    answer = door.good("POST", people, {"keyring": armored(*bad)}).json
    first = answer["certificates"][0]
    assert (first["outcome"], first["code"]) == ("refused", code)
    assert words in first["words"]
    assert answer["without"] == [ANNE, BART, CRIS]
    assert rows() == before
    cris = forge_usable(f"<{CRIS}>").public
    answer = door.good("POST", people, {"keyring": armored(*bad, cris)}).json
    assert outcomes(answer)[fingerprint(cris)] == ("taken", None)
    assert counting(door) == {CRIS: fingerprint(cris)}


def test_never_replaced(door: Door, people: str) -> None:
    """Another key that is chosen stays, also a suspended one; and one that is itself suspended does not count again."""
    first, second = forge_usable(f"<{ANNE}>").public, forge_usable(f"<{ANNE}>").public
    door.good("POST", people, {"keyring": armored(first)})
    answer = door.good("POST", people, {"keyring": armored(second)}).json
    assert outcomes(answer) == {fingerprint(second): ("refused", "another-certificate")}
    door.good("POST", f"/lists/ant.example.com/certificates/{ANNE}", {"action": "suspend"})
    answer = door.good("POST", people, {"keyring": armored(first, second)}).json
    assert outcomes(answer) == {
        fingerprint(first): ("refused", "suspended"),
        fingerprint(second): ("refused", "another-certificate"),
    }
    assert door.get(f"/lists/ant.example.com/certificates/{ANNE}")["state"] == "suspended"
    assert answer["without"] == [ANNE, BART, CRIS]


def test_suspended_before(door: Door, people: str) -> None:
    """What was suspended comes back by no keyring, also when it is chosen no more; by itself an owner may add it."""
    anne = forge_usable(f"<{ANNE}>").public
    place = f"/lists/ant.example.com/certificates/{ANNE}"
    door.good("POST", people, {"keyring": armored(anne)})
    door.good("POST", place, {"action": "suspend"})
    door.good("DELETE", place)
    answer = door.good("POST", people, {"keyring": armored(anne)}).json
    assert outcomes(answer) == {fingerprint(anne): ("refused", "suspended")}
    assert counting(door) == {}
    added = {"address": ANNE, "certificate": openpgp.armor(anne, "PGP PUBLIC KEY BLOCK").decode()}
    door.good("POST", "/lists/ant.example.com/certificates", added)
    assert counting(door) == {ANNE: fingerprint(anne)}


def test_known(door: Door, people: str) -> None:
    """The same is the same; a newer copy is taken, and told; an older copy takes nothing back."""
    anne = forge_usable(f"<{ANNE}>", lifetime=200 * DAY)
    old = anne.public
    door.good("POST", people, {"keyring": armored(old)})
    on_their_way()
    assert outcomes(door.good("POST", people, {"keyring": armored(old)}).json) == {anne.fingerprint: ("same", None)}
    assert on_their_way() == []
    anne.user_id(f"<{ANNE}>", at=now() - DAY, lifetime=900 * DAY, usage=CERTIFY | SIGN)
    newer = anne.public
    answer = door.good("POST", people, {"keyring": armored(newer), "by": OLGA}).json
    assert outcomes(answer) == {anne.fingerprint: ("updated", None)}
    assert {one.recipient for one in on_their_way()} >= {ANNE}
    shown = door.get(f"/lists/ant.example.com/certificates/{ANNE}")
    assert [(one["act"], one["by"]) for one in shown["events"]] == [("updated", OLGA), ("added", None)]
    assert outcomes(door.good("POST", people, {"keyring": armored(old)}).json) == {anne.fingerprint: ("same", None)}
    # Both copies in one keyring are one certificate.
    (line,) = door.good("POST", people, {"keyring": armored(old, newer)}).json["certificates"]
    assert line["outcome"] == "same"
    expires = door.get(f"/lists/ant.example.com/certificates/{ANNE}")["certificate"]["expires"]
    assert expires == shown["certificate"]["expires"]


def test_revoked_meanwhile(make_list: Any, members: Members, door: Door, people: str) -> None:
    """What counts and is revoked by its own key counts no more, on each list; on the other one nobody learns by whom."""
    other_list(make_list, members, door)
    anne = forge_usable(f"<{ANNE}>")
    good = anne.public
    for name in ("ant", "bee"):
        door.good("POST", f"/lists/{name}.example.com/keyring", {"keyring": armored(good)})
    anne.revoke(at=now() - DAY)
    answer = door.good("POST", people, {"keyring": armored(anne.public), "by": OLGA}).json
    assert outcomes(answer) == {anne.fingerprint: ("recorded", "revoked")}
    assert "can't be used: the certificate is revoked" in answer["certificates"][0]["words"]
    assert answer["without"] == [ANNE, BART, CRIS]
    here, there = (door.get(f"/lists/{name}.example.com/certificates/{ANNE}")["events"][0] for name in ("ant", "bee"))
    assert (here["act"], here["door"], here["by"]) == ("revoked", "rest", OLGA)
    assert (there["act"], there["door"], there["by"]) == ("revoked", "site", None)
    # An older copy does not bring it back, for nobody.
    answer = door.good("POST", people, {"keyring": armored(good)}).json
    assert outcomes(answer) == {anne.fingerprint: ("same", "revoked")}


def test_news_of_what_is_revoked_elsewhere(make_list: Any, members: Members, door: Door, people: str) -> None:
    """A copy from before a revocation that another list knows of counts for nobody."""
    other_list(make_list, members, door)
    anne = forge_usable(f"<{ANNE}>")
    good = anne.public
    door.good("POST", "/lists/bee.example.com/keyring", {"keyring": armored(good)})
    anne.revoke(at=now() - DAY)
    door.good("POST", "/lists/bee.example.com/keyring", {"keyring": armored(anne.public)})
    answer = door.good("POST", people, {"keyring": armored(good)}).json
    assert outcomes(answer) == {anne.fingerprint: ("refused", "revoked")}
    assert counting(door) == {}


def test_proven(door: Door, people: str) -> None:
    """What its person has proved is approved, as when an owner adds it."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    anne = forge_usable(f"<{ANNE}>").public
    certificate, state = openpgp.inspect(anne), registry.ChoiceState.PROVEN
    registry.add("ant.example.com", ANNE, certificate, origin="mail", state=state)
    door.store.commit()
    assert outcomes(door.good("POST", people, {"keyring": armored(anne)}).json) == {fingerprint(anne): ("same", None)}
    shown = door.get(f"/lists/ant.example.com/certificates/{ANNE}")
    assert (shown["state"], [one["state"] for one in shown["history"]]) == ("approved", ["proven"])
    assert shown["events"][0]["act"] == "approved"


def test_address_that_is_not_verified(door: Door, people: str) -> None:
    """Whoever is entered with an address that nobody has shown to read gets no key this way."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    getUtility(IUserManager).get_address(ANNE).verified_on = None
    door.store.commit()
    anne = forge_usable(f"<{ANNE}>").public
    answer = door.good("POST", people, {"keyring": armored(anne)}).json
    assert outcomes(answer) == {fingerprint(anne): ("refused", "address-not-verified")}


@pytest.mark.parametrize("form", ["armored", "binary", "mislabelled"])
def test_secret_key(door: Door, people: str, rows: Callable[[], dict[str, int]], form: str) -> None:
    """One secret key among many certificates, and nothing at all is kept."""
    anne, bart = forge_usable(f"<{ANNE}>").public, forge_usable(f"<{BART}>")
    keyring = {
        "armored": armored(anne) + openpgp.armor(bart.secret, "PGP PRIVATE KEY BLOCK").decode(),
        "binary": base64.b64encode(anne + bart.secret).decode(),
        "mislabelled": armored(anne, bart.secret),
    }[form]
    before = rows()
    for dry_run in ("no", "yes"):
        result = door("POST", people, {"keyring": keyring, "dry_run": dry_run})
        assert (result.status_code, result.json["code"]) == (400, "secret-key")
        assert "Nothing of it was kept" in result.json["description"]
    assert rows() == before


def test_refused_as_a_whole(door: Door, people: str, rows: Callable[[], dict[str, int]]) -> None:
    """What is no keyring, or is damaged, or holds too many."""
    anne = forge_usable(f"<{ANNE}>").public
    before = rows()
    many = [Key.signing(now() - DAY).body for _ in range(501)]
    for keyring, code in (
        ("Dear list, here are our keys", "no-key"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(1000)).decode(), "no-key"),
        (armored(anne).replace("=\n-----END", "\n-----END")[:-200], "no-key"),
        (base64.b64encode(b"".join(packet(PUBLIC_KEY, body) for body in many)).decode(), "several-keys"),
    ):
        result = door("POST", people, {"keyring": keyring})
        assert result.status_code == 400, keyring[:40]
        assert result.json["code"] in {code, "broken"}, keyring[:40]
    assert "more than 500 public keys" in result.json["description"]
    assert rows() == before


def test_damaged_one(door: Door, people: str) -> None:
    """A block that is cut off takes nothing from the others."""
    anne, bart = forge_usable(f"<{ANNE}>").public, forge_usable(f"<{BART}>").public
    answer = door.good("POST", people, {"keyring": armored(anne[:-40], bart)}).json
    assert [(one["outcome"], one["code"]) for one in answer["certificates"]] == [("taken", None), ("refused", "broken")]
    assert counting(door) == {BART: fingerprint(bart)}


def test_at_the_same_moment(door: Door, people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else adds a key for one of them while it is looked at: nothing of the keyring is taken, and it is said."""
    from mailman_pgp.exchange import keyring  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415

    anne, bart = forge_usable(f"<{ANNE}>").public, forge_usable(f"<{BART}>").public
    other = openpgp.inspect(forge_usable(f"<{ANNE}>").public)
    write = keyring._write

    def slow(*arguments: Any) -> None:
        registry.add("ant.example.com", ANNE, other, origin="test")
        door.store.commit()
        write(*arguments)

    monkeypatch.setattr(keyring, "_write", slow)
    assert "Try again" in door.refused(409, "POST", people, {"keyring": armored(anne, bart)})
    assert counting(door) == {ANNE: other.fingerprint}
    monkeypatch.undo()
    answer = door.good("POST", people, {"keyring": armored(anne, bart)}).json
    assert outcomes(answer) == {
        fingerprint(anne): ("refused", "another-certificate"),
        fingerprint(bart): ("taken", None),
    }


def test_cost(members: Members, door: Door, people: str) -> None:
    """It takes as many statements for thirty certificates as for two."""
    crowd = [f"person{number}@example.com" for number in range(32)]
    for address in crowd:
        members.add(door.mlist(), address)
    certificates = [forge_usable(f"<{address}>").public for address in crowd]
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    engine = door.store.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        door.good("POST", people, {"keyring": armored(*certificates[:2])})
        few = len(statements)
        door.good("POST", people, {"keyring": armored(*certificates[2:])})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(counting(door)) == len(crowd)
    assert len(statements) <= 2 * few


def test_joins_with_it(door: Door, people: str) -> None:
    """Whoever looks after the list and waits for a key to join it goes on."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    someone = getUtility(IUserManager).get_address(OLGA)
    ISubscriptionManager(door.mlist()).register(someone, pre_verified=True)
    door.store.commit()
    (before,) = door.get("/lists/ant.example.com/requests")["entries"]
    assert before["reason"] == "waits for a key"
    door.good("POST", people, {"keyring": armored(forge_usable(f"<{OLGA}>").public)})
    (after,) = door.get("/lists/ant.example.com/requests")["entries"]
    assert after["reason"] == "waits for proof"
