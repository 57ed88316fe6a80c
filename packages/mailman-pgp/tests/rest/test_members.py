"""Everybody on a list is shown with what they get and what counts for them, in pages that cost the same for lists of any length."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY
from queries import counted

from mailman_pgp.model import tables
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Door, MakeCertificate, Members

ANNE, BART, CRIS, OLGA = "anne@example.com", "bart@example.com", "cris@example.com", "olga@example.com"
ANTS = "/lists/ant.example.com"
MEMBERS = f"{ANTS}/members"
pytestmark = pytest.mark.usefixtures("encrypted")


def addresses(door: Door, **query: str) -> list[str]:
    """Who is shown."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    found = door.get(f"{MEMBERS}?{asked}" if asked else MEMBERS)
    shown = [one["address"] for one in found.get("entries", ())]
    assert found["total_size"] == len(shown) or "count" in query
    return shown


def choose(door: Door, address: str, *, state: str = "approved", **columns: Any) -> None:
    """Something that stands for a certificate of theirs: usable, unless the columns say otherwise."""
    at = now()
    values: dict[str, Any] = {
        "data": address.encode(),
        "version": 4,
        "algorithm": "test",
        "created": at,
        "revoked": False,
    }
    values |= {"usable": True, "seipd": 1, "recipients": "", "updated": at, "judged": at}
    made = tables.StoredCertificate(fingerprint=f"{hash(address) % 16**40:040X}", **(values | columns))
    chosen = {"list_id": "ant.example.com", "address": address, "fingerprint": made.fingerprint, "since": at}
    door.store.add_all([made, tables.Choice(**chosen, state=state, origin="test")])
    door.store.commit()


def test_everybody(door: Door, members: Members, make: MakeCertificate) -> None:
    """Members, owners and moderators, each once and by address, and no nonmembers."""
    members.add(door.mlist(), CRIS, name="Cris Cat")
    members.add(door.mlist(), ANNE, name="Anne", as_user=True)
    for role in ("owner", "member", "moderator"):
        members.add(door.mlist(), OLGA, role=role)
    members.add(door.mlist(), BART, role="nonmember")
    fingerprint, armored = make(lifetime=200 * DAY)
    door.good("POST", f"{ANTS}/certificates", {"address": ANNE, "certificate": armored})
    door.good("POST", f"{ANTS}/certificates/{ANNE}", {"action": "compare", "fingerprint": fingerprint})
    assert door.get(ANTS)["links"]["members"].endswith(MEMBERS)
    anne, cris, olga = door.get(MEMBERS)["entries"]
    assert (anne["address"], anne["display_name"], anne["roles"]) == (ANNE, "Anne", ["member"])
    assert (anne["delivery"], anne["gets_posts"], anne["reason"], anne["words"]) == ("regular", True, None, None)
    key = anne["certificate"]
    assert (key["fingerprint"], key["origin"], key["state"]) == (fingerprint, "rest", "approved")
    assert (key["usable"], key["problem"], key["suspended"], key["proven"]) == (True, None, False, None)
    assert key["compared"] is not None
    shown = door.get(f"{ANTS}/certificates/{ANNE}")
    assert [key[name] for name in ("created", "expires", "algorithm")] == [
        shown["certificate"][name] for name in ("created", "expires", "algorithm")
    ]
    assert key["self_link"] == shown["self_link"]
    assert (cris["display_name"], cris["certificate"], cris["gets_posts"]) == ("Cris Cat", None, False)
    assert (cris["reason"], cris["words"]) == ("no-certificate", "no certificate")
    assert (olga["address"], olga["roles"], olga["reason"]) == (
        OLGA,
        ["member", "owner", "moderator"],
        "no-certificate",
    )


def test_an_owner(door: Door, members: Members) -> None:
    """Who is no member gets no posts, and mail to the owners if there is a key."""
    members.add(door.mlist(), OLGA, role="owner")
    (olga,) = door.get(MEMBERS)["entries"]
    assert (olga["delivery"], olga["gets_posts"], olga["reason"]) == (None, False, "no-certificate")
    choose(door, OLGA)
    (olga,) = door.get(MEMBERS)["entries"]
    assert (olga["gets_posts"], olga["reason"]) == (False, None)


def test_proven(door: Door, members: Members, make: MakeCertificate) -> None:
    """That a person has proved their key is another thing than that an owner has approved it, and stays when both are so."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys import journal  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

    members.add(door.mlist(), ANNE)
    fingerprint, armored = make()
    certificate = openpgp.read_certificate(armored.encode())
    changing.let_count(door.mlist(), ANNE, certificate, ChoiceState.PROVEN, journal.Actor(journal.Door.MAIL, ANNE))
    door.store.commit()
    (anne,) = door.get(MEMBERS)["entries"]
    assert (anne["certificate"]["state"], anne["certificate"]["proven"] is None) == ("proven", False)
    door.good("POST", f"{ANTS}/certificates/{ANNE}", {"action": "approve", "fingerprint": fingerprint})
    (anne,) = door.get(MEMBERS)["entries"]
    assert (anne["certificate"]["state"], anne["certificate"]["proven"] is None) == ("approved", False)


def test_of_another_list(door: Door, members: Members, make_list: Callable[[str], Any]) -> None:
    """Nobody of another list is shown, and nothing of what counts there."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    members.add(door.mlist(), ANNE)
    members.add(door.mlist("bee.example.com"), ANNE)
    members.add(door.mlist("bee.example.com"), BART)
    choose(door, ANNE)
    (anne, bart) = door.get("/lists/bee.example.com/members")["entries"]
    assert [one["certificate"] for one in (anne, bart)] == [None, None]
    assert addresses(door) == [ANNE]


def test_find(door: Door, members: Members) -> None:
    """A part of the address or of the name, whichever case; what has a meaning for the database means itself."""
    members.add(door.mlist(), ANNE, name="Anne Müller")
    members.add(door.mlist(), "b_rt@example.com", name="100% Bart")
    members.add(door.mlist(), CRIS, as_user=True, name="Cris")
    assert addresses(door, find="NNE@ex") == [ANNE]
    assert addresses(door, find="M%C3%BCller") == [ANNE]
    assert addresses(door, find="cRIS") == [CRIS]
    assert addresses(door, find="0%25") == addresses(door, find="b_r") == ["b_rt@example.com"]
    assert addresses(door, find="%25e") == []
    assert addresses(door, find="'") == []
    choose(door, CRIS)
    assert addresses(door, find="r", state="served") == [CRIS]
    assert "takes one of: served, unserved," in door.refused(400, "GET", f"{MEMBERS}?state=happy")


@dataclass(frozen=True)
class Kind:
    """A certificate, by what is stored of it."""

    state: str = "approved"
    usable: bool = True
    problem: str | None = None
    until: int | None = None  # days from now


KINDS = {
    "none": None,
    "good": Kind(),
    "ends": Kind(until=9),
    "long": Kind(until=90),
    "over": Kind(until=-1),
    "expired": Kind(usable=False, problem="expired"),
    "revoked": Kind(usable=False, problem="revoked"),
    "policy": Kind(usable=False, problem="refused-by-policy", until=40),
    "suspended": Kind(state="suspended"),
    "proven": Kind(state="proven"),
}


@pytest.fixture
def crowd(door: Door, members: Members, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Somebody with each kind of certificate in each role and with each delivery; how they are shown, with digests and without."""
    from mailman.interfaces.member import DeliveryMode, DeliveryStatus  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.keys import upkeep  # noqa: PLC0415

    monkeypatch.setattr(upkeep, "judge_again", lambda _found: None)  # what is stored stands for no true certificates
    for number, ((name, kind), how) in enumerate(
        itertools.product(KINDS.items(), ("regular", "digest", "off", "owner", "both", "twice"))
    ):
        address = f"{name}.{how}.{number}@example.com"
        if how == "twice":  # as a user too, whose posts are on
            members.add(door.mlist(), address, as_user=True)
        member = members.add(door.mlist(), address, role="owner" if how == "owner" else "member")
        if how == "both":
            members.add(door.mlist(), address, role="moderator")
        if how == "digest":
            member.preferences.delivery_mode = DeliveryMode.plaintext_digests
        if how in {"off", "both", "twice"}:
            member.preferences.delivery_status = DeliveryStatus.by_user
        if kind is not None:
            until = None if kind.until is None else now() + dt.timedelta(days=kind.until)
            choose(door, address, state=kind.state, usable=kind.usable, problem=kind.problem, usable_until=until)

    def shown() -> Iterator[list[dict[str, Any]]]:
        for enabled in (True, False):
            door.mlist().digests_enabled = enabled
            door.store.commit()
            found: list[dict[str, Any]] = door.get(MEMBERS)["entries"]
            assert len(found) == len(KINDS) * 6
            yield found

    return shown()


def as_unserved(door: Door, crowd: list[dict[str, Any]]) -> None:
    """Who gets nothing, and why, is the same as at `unserved`."""
    unserved = {(one["address"], one["reason"], one["next_step"]) for one in door.get(f"{ANTS}/unserved")["entries"]}
    assert {(one["address"], one["reason"], one["next_step"]) for one in crowd if one["reason"]} == unserved
    assert 20 < len(unserved) < 60
    receiving = door.get(ANTS)["members"]
    assert sum(one["gets_posts"] for one in crowd) == receiving["receiving"] - receiving["getting_nothing"]


STATES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "served": lambda one: one["gets_posts"],
    "unserved": lambda one: one["reason"] is not None,
    "no-certificate": lambda one: one["certificate"] is None,
    "suspended": lambda one: bool(one["certificate"]) and one["certificate"]["suspended"],
    "expired": lambda one: bool(one["certificate"]) and one["certificate"]["problem"] == "expired",
    "revoked": lambda one: bool(one["certificate"]) and one["certificate"]["problem"] == "revoked",
    "unusable": lambda one: bool(one["certificate"]) and one["certificate"]["problem"] not in {None, "suspended"},
    "expiring": lambda one: one["address"].startswith("ends"),
    "digest-mode": lambda one: one["delivery"] == "digest",
    "delivery-off": lambda one: one["delivery"] == "off",
}


def as_filtered(door: Door, crowd: list[dict[str, Any]]) -> None:
    """By each state those are found of whom it is shown, page by page."""
    for state, is_so in STATES.items():
        wanted = [one["address"] for one in crowd if is_so(one)]
        assert addresses(door, state=state) == wanted, state
        assert wanted, state
        pages = [addresses(door, state=state, count="4", page=str(page)) for page in (1, 2)]
        assert [*pages[0], *pages[1]] == wanted[:8], state


def test_crowd(door: Door, crowd: Iterator[list[dict[str, Any]]]) -> None:
    """Who gets nothing, and why, is the same as at `unserved`, where it is as delivery finds it; by each state those are found of
    whom it is shown.
    """
    from mailman_pgp.overview.states import State  # noqa: PLC0415 - core must be initialised

    assert set(STATES) == set(State)
    for shown in crowd:
        as_unserved(door, shown)
        as_filtered(door, shown)


def test_judged_as_a_post_is(door: Door, members: Members, make: MakeCertificate) -> None:
    """What is stored may be out of date: the page shows what is so now, and so do the filters."""
    members.add(door.mlist(), ANNE)
    members.add(door.mlist(), BART)
    for address in (ANNE, BART):
        door.good("POST", f"{ANTS}/certificates", {"address": address, "certificate": make(address)[1]})
    # What an earlier release has found out: Anne's is of no use.
    of_anne = sa.select(tables.Choice.fingerprint).where(tables.Choice.address == ANNE).scalar_subquery()
    stored = tables.StoredCertificate
    changed = sa.update(stored).where(stored.fingerprint == of_anne)

    def found_out_long_ago() -> None:
        values = {"usable": False, "problem": "refused-by-policy", "judged": now() - dt.timedelta(days=99)}
        door.store.execute(changed.values(**values).execution_options(synchronize_session=False))
        door.store.commit()

    found_out_long_ago()
    assert [one["reason"] for one in door.get(MEMBERS)["entries"]] == [None, None]
    found_out_long_ago()
    assert addresses(door, state="served") == [ANNE, BART]
    found_out_long_ago()
    assert addresses(door, state="unusable") == []


@pytest.mark.parametrize("query", ["", "&find=example", "&state=served", "&state=unserved&find=p", "&state=expiring"])
def test_cost_of_a_page(door: Door, members: Members, query: str) -> None:
    """The number of queries does not depend on how many people there are, nor on how many a page has."""

    def cost(count: int) -> int:
        with counted() as queries:
            door.get(f"{MEMBERS}?count={count}{query}")
        return len(queries)

    def add(numbers: range) -> None:
        for number in numbers:
            members.add(door.mlist(), f"p{number}@example.com")
            if number % 3:
                choose(door, f"p{number}@example.com", usable_until=now() + dt.timedelta(days=9))

    add(range(4))
    few = cost(2)
    add(range(4, 24))
    assert cost(2) == cost(20) == few
    assert few < 12
