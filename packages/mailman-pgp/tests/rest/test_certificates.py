"""Certificates of people are added, replaced and decided about, and everything is recorded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable, now

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

ANNE, BART, OLGA = "anne@example.com", "bart@example.com", "olga@example.com"


@pytest.fixture
def anne(door: Door, encrypted: str, make: MakeCertificate) -> str:
    """The path of a certificate that counts for Anne, who is no member."""
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    return f"{encrypted}/certificates/{ANNE}"


def acts(door: Door, encrypted: str) -> list[tuple[str, str, str | None]]:
    """What was done, by which door, and by whom."""
    found = door.get(f"{encrypted}/events").get("entries", [])
    return [(event["act"], event["door"], event["by"]) for event in found]


def test_added(members: Members, door: Door, encrypted: str, make: MakeCertificate) -> None:
    """It counts, is shown with all that is known of it, and can be fetched again."""
    members.add(door.mlist(), ANNE)
    fingerprint, armored = make()
    asked = {"address": "Anne@Example.com", "certificate": armored, "by": "Olga@example.com"}
    made = door.good("POST", f"{encrypted}/certificates", asked)
    assert made.status_code == 201
    assert made.headers["location"] == made.json["self_link"]
    assert made.json.items() >= {"outcome": "added", "replaced": None, "problem": None, "requests": []}.items()
    shown = door.get(f"{encrypted}/certificates/{ANNE}")
    assert shown["certificate"]["fingerprint"] == fingerprint
    assert (shown["member"], shown["state"], shown["usable"], shown["compared"]) == (True, "approved", True, None)
    file = door.good("GET", f"{encrypted}/certificates/{ANNE}/certificate.asc")
    assert file.headers["content-type"] == "application/pgp-keys"
    assert file.text == shown["armored"]
    (entry,) = door.get(f"{encrypted}/certificates")["entries"]
    assert (entry["address"], entry["fingerprint"], entry["problem"]) == (ANNE, fingerprint, None)
    assert acts(door, encrypted) == [("added", "rest", OLGA)]
    assert shown["events"][0]["act"] == "added"


def test_an_address_with_a_slash(door: Door, encrypted: str, make: MakeCertificate) -> None:
    """It is found like others."""
    address = "a/certificate.asc/b@example.com"
    fingerprint, armored = make(address)
    door.good("POST", f"{encrypted}/certificates", {"address": address, "certificate": armored})
    assert door.get(f"{encrypted}/certificates/{address}")["certificate"]["fingerprint"] == fingerprint
    assert "BEGIN PGP" in door.good("GET", f"{encrypted}/certificates/{address}/certificate.asc").text


def test_added_again(door: Door, encrypted: str, anne: str) -> None:
    """Of the same one it is an update."""
    armored = door.get(anne)["armored"]
    again = door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    assert again.json["outcome"] == "updated"


def test_replaced(door: Door, encrypted: str, anne: str, make: MakeCertificate) -> None:
    """Another one is only put in its place by whoever says so; what was before is kept as history."""
    old = door.get(anne)["certificate"]["fingerprint"]
    fingerprint, armored = make()
    refused = door.refused(409, "POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    assert "PUT this one there" in refused
    assert door.get(anne)["certificate"]["fingerprint"] == old
    answer = door.good("PUT", anne, {"certificate": armored}).json
    assert (answer["outcome"], answer["replaced"]) == ("replaced", old)
    shown = door.get(anne)
    assert shown["certificate"]["fingerprint"] == fingerprint
    assert [before["fingerprint"] for before in shown["history"]] == [old]
    assert acts(door, encrypted)[0][0] == "changed"
    assert "No certificate is chosen" in door.refused(
        404, "PUT", f"{encrypted}/certificates/{BART}", {"certificate": armored}
    )


def test_bad_uploads(door: Door, encrypted: str, make: MakeCertificate, rows: Callable[[], dict[str, int]]) -> None:
    """Each is refused with a sentence, and nothing of it is kept."""
    secret = openpgp.armor(forge_usable(f"<{ANNE}>").secret, "PGP PRIVATE KEY BLOCK").decode("ascii")
    bad = {
        secret: "Nothing of it was kept",
        make()[1] + secret: "Nothing of it was kept",
        make()[1] + make()[1]: "more than one public key",
        make(BART)[1]: f"carries {BART}",
        make(lifetime=DAY)[1]: "has expired",
        "Dear list,": "no OpenPGP public key",
    }
    before = rows()
    for certificate, words in bad.items():
        asked = {"address": ANNE, "certificate": certificate}
        assert words in door.refused(400, "POST", f"{encrypted}/certificates", asked)
        assert rows() == before
    for address in ("anne", "anne@", "a b@example.com", "a@example.com\nb", f"{'a' * 300}@example.com"):
        asked = {"address": address, "certificate": make()[1]}
        assert "takes a mail address" in door.refused(400, "POST", f"{encrypted}/certificates", asked)
    assert rows() == before


def test_a_revocation(door: Door, encrypted: str) -> None:
    """A known key that says it is revoked is believed, and who gets nothing from now on is named."""
    key = forge_usable(f"<{ANNE}>")

    def armored() -> str:
        return openpgp.armor(key.public, "PGP PUBLIC KEY BLOCK").decode("ascii")

    good = armored()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": good})
    key.revoke(at=now() - DAY)
    answer = door.good("PUT", f"{encrypted}/certificates/{ANNE}", {"certificate": armored()}).json
    assert (answer["outcome"], answer["problem"], answer["unserved"]) == ("recorded", "revoked", [ANNE])
    assert answer["self_link"].endswith(f"/certificates/{ANNE}")
    others = door.good("POST", f"{encrypted}/certificates", {"address": BART, "certificate": armored()})
    assert (others.json["outcome"], others.json["unserved"], others.json["self_link"]) == ("recorded", [ANNE], None)
    assert "location" not in others.headers
    assert door("GET", f"{encrypted}/certificates/{BART}").status_code == 404
    shown = door.get(f"{encrypted}/certificates/{ANNE}")
    assert (shown["usable"], shown["words"]) == (False, "the certificate is revoked")
    assert shown["next_step"] == "Ask them for a new certificate, and add it."
    assert "says more than this one" in door.refused(
        400, "PUT", f"{encrypted}/certificates/{ANNE}", {"certificate": good}
    )


def test_decisions(door: Door, encrypted: str, anne: str) -> None:
    """Each has its effect, and is recorded with who decided."""
    seen = door.get(anne)["certificate"]["fingerprint"]

    def decide(action: str, **more: str) -> Any:
        return door.good("POST", anne, {"action": action, "by": OLGA, **more}).json

    assert decide("suspend")["fingerprint"] == seen
    shown = door.get(anne)
    assert (shown["state"], shown["usable"], shown["problem"]) == ("suspended", False, "suspended")
    assert "stays so" in door.refused(409, "POST", anne, {"action": "approve", "fingerprint": seen})
    assert "stays so" in door.refused(409, "PUT", anne, {"certificate": shown["armored"]})
    decide("resume", fingerprint=seen)
    assert "is not suspended" in door.refused(409, "POST", anne, {"action": "resume", "fingerprint": seen})
    decide("compare", fingerprint=openpgp.grouped(seen).lower())
    shown = door.get(anne)
    assert shown["state"] == "approved"
    assert shown["compared"] == shown["events"][0]["at"]
    assert door.get(f"{encrypted}/certificates")["entries"][0]["compared"] == shown["compared"]
    assert acts(door, encrypted) == [
        ("compared", "rest", OLGA),
        ("resumed", "rest", OLGA),
        ("suspended", "rest", OLGA),
        ("added", "rest", None),
    ]


def test_approved(door: Door, encrypted: str, make: MakeCertificate) -> None:
    """What its person has proved is approved by an owner who has seen it."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.keys import journal  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

    fingerprint, armored = make()
    proved = openpgp.read_certificate(armored.encode())
    changing.let_count(door.mlist(), ANNE, proved, ChoiceState.PROVEN, journal.Actor(journal.Door.MAIL, ANNE))
    door.store.commit()
    path = f"{encrypted}/certificates/{ANNE}"
    assert door.get(path)["state"] == "proven"
    door.good("POST", path, {"action": "approve", "fingerprint": fingerprint})
    assert door.get(path)["state"] == "approved"


def test_decided_about_another(
    door: Door, encrypted: str, anne: str, make: MakeCertificate, rows: Callable[[], Any]
) -> None:
    """Somebody has put another certificate in the place of the one that the owner looked at: nothing is decided about that."""
    seen = door.get(anne)["certificate"]["fingerprint"]
    door.good("PUT", anne, {"certificate": make()[1]})
    before, events = rows(), acts(door, encrypted)
    for action in ("approve", "resume", "compare", "suspend"):
        asked = {"action": action, "fingerprint": seen}
        assert "has another fingerprint" in door.refused(409, "POST", anne, asked)
    assert "has another fingerprint" in door.refused(409, "DELETE", f"{anne}?fingerprint={seen}")
    for action in ("approve", "resume", "compare"):
        assert "which certificate you have seen" in door.refused(400, "POST", anne, {"action": action})
    assert "takes one of: approve, suspend" in door.refused(400, "POST", anne, {"action": "remove"})
    assert (rows(), acts(door, encrypted)) == (before, events)


@pytest.mark.parametrize("asked", ["approve", "resume", "compare", "suspend", "delete", "put"])
def test_changed_at_the_same_moment(
    door: Door, encrypted: str, anne: str, make: MakeCertificate, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """Nothing is decided about a certificate that came after the request had been looked at, and before it was done."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.rest import certificates  # noqa: PLC0415

    seen, other = door.get(anne)["certificate"]["fingerprint"], make()
    find = certificates.certificate_of

    def and_meanwhile(mlist: Any, text: str) -> Any:
        found = find(mlist, text)
        registry.add(mlist.list_id, ANNE, openpgp.read_certificate(other[1].encode()), origin="test")
        if asked == "resume":
            registry.change_state(mlist.list_id, ANNE, registry.ChoiceState.SUSPENDED, origin="test")
        door.store.commit()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "certificate_of", and_meanwhile)
        match asked:
            case "delete":
                said = door.refused(409, "DELETE", f"{anne}?fingerprint={seen}")
            case "put":
                said = door.refused(409, "PUT", anne, {"certificate": make()[1], "fingerprint": seen})
            case _:
                said = door.refused(409, "POST", anne, {"action": asked, "fingerprint": seen})
    assert "has another fingerprint" in said
    shown = door.get(anne)
    assert (shown["certificate"]["fingerprint"], shown["compared"]) == (other[0], None)
    assert shown["state"] == ("suspended" if asked == "resume" else "approved")
    assert acts(door, encrypted) == [("added", "rest", None)]


def test_added_at_the_same_moment(
    door: Door, encrypted: str, make: MakeCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who adds a certificate where none was replaces none that has come meanwhile."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.rest import certificates  # noqa: PLC0415

    other, add = make(), certificates.add

    def and_meanwhile(mlist: Any, *more: Any) -> Any:
        registry.add(mlist.list_id, ANNE, openpgp.read_certificate(other[1].encode()), origin="test")
        door.store.commit()
        return add(mlist, *more)

    monkeypatch.setattr(certificates, "add", and_meanwhile)
    asked = {"address": ANNE, "certificate": make()[1]}
    assert "PUT this one there" in door.refused(409, "POST", f"{encrypted}/certificates", asked)
    assert door.get(f"{encrypted}/certificates/{ANNE}")["certificate"]["fingerprint"] == other[0]


def test_what_waited_fails(door: Door, encrypted: str, anne: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The change is made and said to be so, whatever happens to the requests that have waited for it."""
    from mailman_pgp.exchange import waiting  # noqa: PLC0415 - after the fixtures of core

    def fail(*_: Any) -> None:
        raise RuntimeError("of nobody's business")

    monkeypatch.setattr(waiting, "look_again", fail)
    answer = door.good("POST", anne, {"action": "suspend"})
    assert [went["failed"] for went in answer.json["requests"]] == [True]
    assert "nobody's business" not in answer.text
    assert door.get(anne)["state"] == "suspended"
    assert acts(door, encrypted)[0][0] == "suspended"


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_changed_at_the_last_moment(
    door: Door, encrypted: str, make: MakeCertificate, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Nor when another process is faster than everything that was looked at."""
    from mailman_pgp.exchange import adding  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.keys import registry  # noqa: PLC0415

    certificates, seen, other = f"{encrypted}/certificates", make(), make()
    if method == "PUT":
        door.good("POST", certificates, {"address": ANNE, "certificate": seen[1]})
    require_usable = openpgp.require_usable

    def and_meanwhile(*usable: Any) -> None:
        require_usable(*usable)
        registry.add("ant.example.com", ANNE, openpgp.read_certificate(other[1].encode()), origin="test")
        door.store.commit()

    with monkeypatch.context() as patched:
        patched.setattr(adding, "openpgp", SimpleNamespace(require_usable=and_meanwhile))
        new = make()[1]
        if method == "PUT":
            said = door.refused(409, "PUT", f"{certificates}/{ANNE}", {"certificate": new, "fingerprint": seen[0]})
            assert "has another fingerprint" in said
        else:
            said = door.refused(409, "POST", certificates, {"address": ANNE, "certificate": new})
            assert "PUT this one there" in said
    assert door.get(f"{certificates}/{ANNE}")["certificate"]["fingerprint"] == other[0]


def test_removed(door: Door, encrypted: str, anne: str) -> None:
    """None counts any more."""
    seen = door.get(anne)["certificate"]["fingerprint"]
    assert door.good("DELETE", f"{anne}?fingerprint={seen}&by={OLGA}").status_code == 204
    assert "No certificate is chosen" in door.refused(404, "GET", anne)
    assert "No certificate is chosen" in door.refused(404, "DELETE", anne)
    assert acts(door, encrypted)[0] == ("removed", "rest", OLGA)


def test_events_of_one(door: Door, encrypted: str, anne: str, make: MakeCertificate) -> None:
    """The journal is shown for one address, and page by page."""
    door.good("POST", f"{encrypted}/certificates", {"address": BART, "certificate": make(BART)[1]})
    door.good("POST", anne, {"action": "suspend"})
    found = door.get(f"{encrypted}/events?address={ANNE}")
    assert [event["act"] for event in found["entries"]] == ["suspended", "added"]
    last = door.get(f"{encrypted}/events?page=3&count=1")
    assert (last["start"], last["total_size"]) == (2, 3)
    assert [(event["address"], event["act"]) for event in last["entries"]] == [(ANNE, "added")]


def test_members_among_others(members: Members, door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Who is a member is told apart from who is not, however they subscribed; page by page, by address."""
    members.add(door.mlist(), ANNE)
    members.add(door.mlist(), BART, as_user=True)
    members.add(door.mlist(), OLGA, role="owner")
    for address in (OLGA, BART, ANNE):
        door.good("POST", f"{encrypted}/certificates", {"address": address, "certificate": make(address)[1]})
    found = door.get(f"{encrypted}/certificates")
    assert [(one["address"], one["member"]) for one in found["entries"]] == [(ANNE, True), (BART, True), (OLGA, False)]
    second = door.get(f"{encrypted}/certificates?page=2&count=2")
    assert (second["start"], second["total_size"], [one["address"] for one in second["entries"]]) == (2, 3, [OLGA])
    for address, is_member in [(ANNE, True), (BART, True), (OLGA, False)]:
        assert door.get(f"{encrypted}/certificates/{address}")["member"] is is_member


def test_many(door: Door, encrypted: str, make: MakeCertificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """More addresses than a query names are found as well."""
    from mailman_pgp.delivery import lookup  # noqa: PLC0415 - after the fixtures of core
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.lists import membership  # noqa: PLC0415

    for address in (ANNE, BART):
        door.good("POST", f"{encrypted}/certificates", {"address": address, "certificate": make(address)[1]})
    before = door.get(f"{encrypted}/certificates")
    for module in (lookup, registry, membership):
        monkeypatch.setattr(module, "_NAMED_AT_MOST", 1)
    assert door.get(f"{encrypted}/certificates") == before


def test_nothing_of_other_lists(make_list: Any, door: Door, encrypted: str, anne: str) -> None:
    """What counts on one list is not seen on another."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    assert door.get(anne)
    assert "entries" not in door.get("/lists/bee.example.com/certificates")
    assert "entries" not in door.get("/lists/bee.example.com/events")
    assert door("GET", f"/lists/bee.example.com/certificates/{ANNE}").status_code == 404
    assert [entry["list_id"] for entry in door.get("/lists?page=2&count=1")["entries"]] == ["bee.example.com"]
    assert encrypted
