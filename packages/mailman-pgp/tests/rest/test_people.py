"""A person sees how they stand at each of their lists, and nothing of other lists or people; in a few queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from queries import counted
from talkers import Talker, armored
from told import told
from webpeople import ANTS, Web

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

ANNE, OTHER, BART, OLGA = "anne@example.net", "anne.other@example.net", "bart@example.net", "olga@example.net"


@pytest.fixture(autouse=True)
def asking(door: Door, encrypted: str) -> None:  # noqa: ARG001 - it must be encrypted
    """Questions can be asked."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - core must be initialised

    questions.install()


@pytest.fixture
def bee(door: Door, make_list: Callable[[str], Any]) -> str:
    """Another encrypted list; its list-id."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    return "bee.example.com"


def of(door: Door, *addresses: str) -> list[dict[str, Any]]:
    """What a person sees."""
    found: list[dict[str, Any]] = door.get(f"/people?{'&'.join(f'address={one}' for one in addresses)}")["lists"]
    return found


def code(door: Door, address: str = ANNE) -> str:
    """How a person stands at their only list."""
    (place,) = of(door, address)
    return str(place["state"]["code"])


def test_each_list(door: Door, members: Members, bee: str, make_list: Callable[[str], Any]) -> None:
    """Each address at each encrypted list, in whichever role; not at others, and nobody else."""
    make_list("plain")
    members.add(door.mlist("plain.example.com"), ANNE)
    members.add(door.mlist(), ANNE, as_user=True)
    members.add(door.mlist(), ANNE, role="owner")
    members.add(door.mlist(bee), OTHER, role="moderator")
    members.add(door.mlist(bee), BART)
    members.add(door.mlist(bee), ANNE, role="nonmember")
    ants, bees = of(door, ANNE.upper(), OTHER, ANNE, "nobody@example.net")
    assert (ants["list_id"], ants["address"], ants["roles"]) == ("ant.example.com", ANNE, ["member", "owner"])
    assert (ants["list_address"], ants["list_name"], ants["delivery"]) == ("ant@example.com", "Ant", "regular")
    assert ants["list_fingerprint"] == door.get(f"{ANTS}/certificate")["fingerprint"]
    assert (bees["list_id"], bees["address"], bees["roles"]) == (bee, OTHER, ["moderator"])
    assert bees["delivery"] is None
    assert [place["state"]["code"] for place in (ants, bees)] == ["no-certificate"] * 2
    assert ants["state"]["next_step"] == "Send your key."
    assert [ants[name] for name in ("certificate", "question", "change", "request")] == [None] * 4


def test_nowhere(door: Door, make: MakeCertificate, bee: str) -> None:
    """Of somebody who is on no list nothing is said, be it that a key counts for them somewhere, or was offered."""
    door.good("POST", f"/lists/{bee}/certificates", {"address": ANNE, "certificate": make(ANNE)[1]})
    Web.person(door, ANNE).offer()
    assert of(door, ANNE) == []


def test_what_counts(door: Door, members: Members, bee: str) -> None:
    """What counts on one list says nothing of another one."""
    anne = Web.person(door, ANNE)
    members.add(door.mlist(), ANNE)
    members.add(door.mlist(bee), ANNE)
    anne.talker.counts()
    ants, bees = of(door, ANNE)
    assert ants["certificate"]["fingerprint"] == anne.key.fingerprint
    assert (ants["state"]["code"], ants["state"]["next_step"]) == ("counts", None)
    assert (bees["state"]["code"], bees["certificate"]) == ("no-certificate", None)


def test_next_steps(door: Door, members: Members) -> None:
    """Each state has its own next step, for the person."""
    from mailman.interfaces.member import DeliveryMode, DeliveryStatus  # noqa: PLC0415 - core must be initialised

    members.add(door.mlist(), ANNE)
    made = forge_usable(f"Anne <{ANNE}>", lifetime=50 * DAY)
    Talker(ANNE, door.mlist(), MemberKey(made.secret)).counts()
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["state"]["next_step"][:8]) == ("expired", "Renew it")
    member = door.mlist().members.get_member(ANNE)
    Web.person(door, ANNE).talker.counts()
    assert code(door) == "counts"
    member = door.mlist().members.get_member(ANNE)
    member.preferences.delivery_mode = DeliveryMode.plaintext_digests
    door.store.commit()
    assert code(door) == "counts"
    door.mlist().digests_enabled = False
    door.store.commit()
    assert code(door) == "digest-mode"
    member = door.mlist().members.get_member(ANNE)
    member.preferences.delivery_status = DeliveryStatus.by_user
    door.store.commit()
    assert code(door) == "delivery-off"
    door.good("POST", f"{ANTS}/certificates/{ANNE}", {"action": "suspend"})
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["certificate"]["suspended"]) == ("suspended", True)
    assert place["state"]["next_step"] == "Write to the owners of the list."


def test_each_reason_has_a_step() -> None:
    """Of all that delivery finds there is something that a person reads and does."""
    from mailman_pgp.overview import own, reasons  # noqa: PLC0415 - core must be initialised

    assert set(reasons._UNSERVED) == set(own._REASONS)
    for reason in (*reasons._UNSERVED, "something-new"):
        assert own.standing(reason).words
        assert own.standing(reason).next_step


def test_what_waits(door: Door, members: Members) -> None:
    """A key that was asked about is a question; answered in place of another one it waits for a moderator."""
    members.add(door.mlist(), ANNE)
    anne, new = Web.person(door, ANNE), Web.person(door, ANNE)
    anne.offer()
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["question"]["fingerprint"]) == ("asked", anne.key.fingerprint)
    assert place["question"]["replaces"] is False
    assert place["question"]["since"] < place["question"]["expires"]
    (question,) = anne.questions()
    anne.answer(question)
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["question"]) == ("counts", None)
    assert place["certificate"]["proven"] is not None

    new.offer()
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["question"]["fingerprint"]) == ("counts", new.key.fingerprint)
    assert (place["question"]["replaces"], place["change"]) == (True, None)
    (question,) = new.questions()
    new.answer(question)
    (place,) = of(door, ANNE)
    assert (place["question"], place["change"]["fingerprint"]) == (None, new.key.fingerprint)
    assert place["state"]["code"] == "counts"
    # What a moderator was asked about another one that counted then is over.
    third = armored(Web.person(door, ANNE).key.certificate)
    door.good("PUT", f"{ANTS}/certificates/{ANNE}", {"certificate": third})
    assert of(door, ANNE)[0]["change"] is None


def test_waits_for_a_moderator(door: Door, members: Members) -> None:
    """Whose present key can't be used reads that the other one waits."""
    members.add(door.mlist(), ANNE)
    expired = forge_usable(f"Anne <{ANNE}>", lifetime=50 * DAY)
    Talker(ANNE, door.mlist(), MemberKey(expired.secret)).counts()
    new = Web.person(door, ANNE)
    new.offer()
    assert code(door) == "asked"
    (question,) = new.questions()
    new.answer(question)
    assert code(door) == "waits-for-moderator"


def test_who_asks_to_join(door: Door, bee: str) -> None:
    """They see what their request waits for, at this list alone, and not the token by which it could be answered for them."""
    ask_to_join(door, ANNE)
    (place,) = of(door, ANNE, OTHER)
    assert (place["list_id"], place["roles"], place["delivery"]) == ("ant.example.com", [], None)
    assert (place["request"]["purpose"], place["request"]["reason"]) == ("join", "waits for a key")
    assert place["state"]["code"] == "no-certificate"
    assert of(door, BART) == []
    (request,) = door.get(f"{ANTS}/requests")["entries"]
    assert request["token"] not in str(place)
    anne = Web.person(door, ANNE)
    door.good("POST", f"{ANTS}/certificates", {"address": ANNE, "certificate": armored(anne.key.certificate)})
    (place,) = of(door, ANNE)
    assert (place["state"]["code"], place["request"]["reason"]) == ("asked", "waits for proof")
    assert place["question"]["fingerprint"] == anne.key.fingerprint
    assert bee not in str(place)


def ask_to_join(door: Door, address: str) -> None:
    """Somebody presses Subscribe in the web."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    someone = getUtility(IUserManager).create_address(address)
    ISubscriptionManager(door.mlist()).register(someone, pre_verified=True)
    door.store.commit()
    told()


def test_who_is_to_leave(door: Door, members: Members) -> None:
    """A member sees that somebody has asked that they leave."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

    members.add(door.mlist(), ANNE)
    ISubscriptionManager(door.mlist()).unregister(door.mlist().members.get_member(ANNE).address)
    door.store.commit()
    (place,) = of(door, ANNE)
    assert (place["request"]["purpose"], place["roles"]) == ("leave", ["member"])


def test_of_others(door: Door, members: Members) -> None:
    """What others have offered, were asked, or wait for is none of theirs."""
    for address in (ANNE, BART):
        members.add(door.mlist(), address)
    bart = Web.person(door, BART)
    bart.talker.counts()
    new = Web.person(door, BART)
    new.offer()
    (question,) = new.questions()
    new.answer(question)
    Web.person(door, BART).offer()
    (place,) = of(door, ANNE)
    assert (place["question"], place["change"], place["certificate"]) == (None, None, None)
    (place,) = of(door, BART)
    assert (place["question"] is None, place["change"] is None) == (False, False)


def test_encrypted_anew(door: Door, members: Members) -> None:
    """What was asked before the list was a plain one for a while is over."""
    members.add(door.mlist(), ANNE)
    Web.person(door, ANNE).offer()
    told()
    fingerprint = door.get(f"{ANTS}/certificate")["fingerprint"]
    door.good("DELETE", f"{ANTS}?confirm={fingerprint}")
    assert of(door, ANNE) == []
    door.good("POST", "/lists", {"list_id": "ant.example.com"})
    assert of(door, ANNE)[0]["question"] is None


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Missing: address."),
        ("?address=nobody", "takes mail addresses"),
        ("?address=", "takes mail addresses"),
        (f"?address={ANNE}&address=x", "takes mail addresses"),
        ("?" + "&".join(f"address=p{number}@example.net" for number in range(21)), "takes 20 mail addresses at most"),
    ],
)
def test_asked_wrongly(door: Door, query: str, sentence: str) -> None:
    """It takes mail addresses, one at least, and not all of the world's."""
    assert sentence in door.refused(400, "GET", f"/people{query}")


def test_cost(door: Door, members: Members, make_list: Callable[[str], Any]) -> None:
    """The number of queries does not depend on the number of lists and addresses."""

    def cost(*addresses: str) -> int:
        with counted() as queries:
            of(door, *addresses)
        return len(queries)

    def join(list_id: str) -> None:
        for address in (ANNE, OTHER):
            members.add(door.mlist(list_id), address)
        talker = Talker(ANNE, door.mlist(list_id), anne.key)
        talker.counts()

    anne = Web.person(door, ANNE)
    join("ant.example.com")
    few = cost(ANNE)
    for name in ("bee", "cat", "dog"):
        make_list(name)
        door.good("POST", "/lists", {"list_id": f"{name}.example.com"})
        join(f"{name}.example.com")
    assert len(of(door, ANNE, OTHER)) == 8
    assert cost(ANNE, OTHER) == cost(ANNE) == few
    assert few < 12
