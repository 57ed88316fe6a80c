"""A workflow is its steps: one after the other, several deep, each with the right to wait."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


@pytest.fixture
def diary() -> list[str]:
    """What the steps of a test have done."""
    return []


def workflow(diary: list[str], outcomes: dict[str, Any], *, asides: tuple[str, ...] = (), resumed: Any = None) -> Any:
    """A workflow for joining, whose steps are named with what they answer; the last one subscribes."""
    from mailman_workflows import PROCEED, Purpose, Step, Workflow  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.steps.membership import Join  # noqa: PLC0415

    class Told(Step):
        def __init__(self, name: str) -> None:
            self.name = name

        def run(self, request: Any) -> Any:
            diary.append(self.name)
            request.notes[self.name] = len(diary)
            return outcomes[self.name]

        def announce(self, request: Any) -> None:
            diary.append(f"{self.name} waits by {'a token' if request.token else 'nothing'}")

        def resumed(self, request: Any) -> Any:
            diary.append(f"{self.name} resumed after {sorted(request.notes)}")
            return resumed(request) if resumed else PROCEED

    class Made(Workflow):
        name = "made"
        description = "For a test."
        purpose = Purpose.JOIN

        def steps(self) -> Any:
            return (*(Told(name) for name in outcomes), Join())

    Made.asides = frozenset(asides)
    return Made


def test_steps_follow_one_another(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str]
) -> None:
    """Until nothing is left; then the person is a member."""
    from mailman_workflows import PROCEED, choice  # noqa: PLC0415 - core must be initialised

    install(workflow(diary, {"a": PROCEED, "b": PROCEED}))
    choice.choose(mlist.list_id, "made")
    token, owner, member = manager(mlist).register(person())
    assert diary == ["a", "b"]
    assert (token, owner.name) == (None, "no_one")
    assert member.address.email == "anne@example.org"


def test_a_step_may_put_others_first(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """Several deep, also over a wait and in another process; what each has noted is there later."""
    from mailman_workflows import PROCEED, First, Party, Wait, choice  # noqa: PLC0415 - core must be initialised

    outcomes = {
        "a": First(("c", "d")),
        "b": PROCEED,
        "c": First(("e",)),
        "d": PROCEED,
        "e": Wait(Party.OUTSIDE, "waits for the weather", dt.timedelta(days=1)),
    }
    install(workflow(diary, outcomes, asides=("c", "d", "e")))
    choice.choose(mlist.list_id, "made")
    token, owner, _ = manager(mlist).register(person())
    assert owner.name == "subscriber"  # the nearest that core knows
    assert diary == ["a", "c", "e", "e waits by a token"]
    store.commit()
    store.expire_all()
    del diary[:]
    assert manager(mlist).confirm(token)[2] is not None
    assert diary == ["e resumed after ['a', 'c', 'e']", "d", "b"]


def test_let_pass_once_more(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """Whoever lets a request pass that goes back to them learns why, by a 409, and what was done stays."""
    import falcon  # noqa: PLC0415

    from mailman_workflows import PROCEED, AskedAgainError, First, Party, Wait, choice, saved  # noqa: PLC0415

    outcomes = {"a": Wait(Party.MODERATOR, "waits"), "b": First(("a", "b"), because="It is another person by now.")}
    install(workflow(diary, outcomes))
    choice.choose(mlist.list_id, "made")
    token = manager(mlist).register(person())[0]
    store.commit()
    with pytest.raises(AskedAgainError, match="another person") as said:
        manager(mlist).confirm(token)
    assert said.value.status == falcon.HTTP_409
    store.commit()
    (row,) = saved.all_at(mlist)
    assert row.token != token
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    outcomes["b"] = PROCEED
    assert manager(mlist).confirm(row.token)[2] is not None


def test_each_wait_has_its_lifetime(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], core: Any
) -> None:
    """Its own, or core's for the party."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_plugin_kit.database import now  # noqa: PLC0415
    from mailman_workflows import Party, Wait, choice, saved  # noqa: PLC0415

    lifetimes = {
        Wait(Party.SUBSCRIBER, "x"): dt.timedelta(days=3),
        Wait(Party.MODERATOR, "x"): dt.timedelta(days=180),
        Wait(Party.OUTSIDE, "x", dt.timedelta(hours=1)): dt.timedelta(hours=1),
    }
    for number, (wait, lifetime) in enumerate(lifetimes.items()):
        install(workflow(diary, {"a": wait}))
        choice.choose(mlist.list_id, "made")
        token, _, _ = manager(mlist).register(person(f"p{number}@example.org"))
        row = saved.all_at(mlist)[-1]
        assert abs(row.expires - now() - lifetime) < dt.timedelta(minutes=1)
        shown = getUtility(IPendings).confirm(token, expunge=False)
        assert (shown["waits_for"], shown["reason"], shown["workflow"]) == (wait.party.value, "x", "made")
    assert core.mailman.pending_request_life == "3d"


def test_not_yet(mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str]) -> None:
    """A request that can't go on yet goes on waiting under its token, and the door says why."""
    from mailman_workflows import PROCEED, NotYetError, Party, Wait, choice  # noqa: PLC0415 - core must be initialised

    there = False

    def resumed(request: Any) -> Any:
        if not there:
            raise NotYetError(request.mlist, request.email, "There is no key yet; send one.")
        return PROCEED

    install(workflow(diary, {"a": Wait(Party.OUTSIDE, "waits for a key")}, resumed=resumed))
    choice.choose(mlist.list_id, "made")
    token, _, _ = manager(mlist).register(person())
    for _ in range(2):
        with pytest.raises(NotYetError, match="There is no key yet"):
            manager(mlist).confirm(token)
    there = True
    assert manager(mlist).confirm(token)[2] is not None


def test_refused_later(mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str]) -> None:
    """A request that is refused when it is resumed is over, and its token is used up."""
    from mailman_workflows import Party, RefusedError, Wait, choice  # noqa: PLC0415 - core must be initialised

    def resumed(request: Any) -> Any:
        raise RefusedError(request.mlist, request.email, "Not you.")

    install(workflow(diary, {"a": Wait(Party.SUBSCRIBER, "x")}, resumed=resumed))
    choice.choose(mlist.list_id, "made")
    token, _, _ = manager(mlist).register(person())
    with pytest.raises(RefusedError, match="Not you"):
        manager(mlist).confirm(token)
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)


def test_the_end_before_the_end(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str]
) -> None:
    """A step may end a request without its effect."""
    from mailman_workflows import END, choice  # noqa: PLC0415 - core must be initialised

    install(workflow(diary, {"a": END}))
    choice.choose(mlist.list_id, "made")
    token, owner, member = manager(mlist).register(person())
    assert (token, owner.name, member) == (None, "no_one", None)
    assert mlist.members.get_member("anne@example.org") is None


def test_a_workflow_that_is_gone(
    mlist: Any,
    manager: Any,
    person: Any,
    install: Callable[[Any], Any],
    diary: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody gets in by another one, and who waits goes on waiting until it is back."""
    from mailman_workflows import Party, Wait, choice, components  # noqa: PLC0415 - core must be initialised

    install(workflow(diary, {"a": Wait(Party.SUBSCRIBER, "x")}))
    choice.choose(mlist.list_id, "made")
    token, _, _ = manager(mlist).register(person())
    found = dict(components._found)
    monkeypatch.delitem(components._found, "made")
    with pytest.raises(choice.MissingWorkflowError, match="not installed here"):
        manager(mlist).register(person("bart@example.org"))
    with pytest.raises(choice.MissingWorkflowError):
        manager(mlist).confirm(token)
    components._found.update(found)
    assert manager(mlist).confirm(token)[2] is not None


def test_a_person_who_is_gone(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """Their request is over when it is resumed."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import Party, Wait, choice, saved  # noqa: PLC0415

    install(workflow(diary, {"a": Wait(Party.SUBSCRIBER, "x")}))
    choice.choose(mlist.list_id, "made")
    anne = person()
    token, _, _ = manager(mlist).register(anne)
    store.commit()
    getUtility(IUserManager).delete_address(anne)
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)
    assert saved.all_at(mlist) == []


def test_a_request_is_plain_data(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """What is saved is JSON that a later release can read; wishes and promises come back as they were."""
    from mailman.interfaces.member import DeliveryMode, DeliveryStatus  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import Party, Wait, choice, saved  # noqa: PLC0415

    install(workflow(diary, {"a": Wait(Party.SUBSCRIBER, "x")}))
    choice.choose(mlist.list_id, "made")
    token, _, _ = manager(mlist).register(
        person(),
        pre_verified=True,
        send_welcome_message=False,
        delivery_mode=DeliveryMode.mime_digests,
        delivery_status=DeliveryStatus.by_user,
    )
    (row,) = saved.all_at(mlist)
    data = json.loads(row.data)
    assert data["promises"] == {
        "pre_verified": True,
        "pre_confirmed": False,
        "pre_approved": False,
        "invitation": False,
    }
    assert data["wishes"] == {
        "send_welcome_message": False,
        "delivery_mode": "mime_digests",
        "delivery_status": "by_user",
    }
    store.commit()
    member = manager(mlist).confirm(token)[2]
    assert member.delivery_mode is DeliveryMode.mime_digests
    assert member.delivery_status is DeliveryStatus.by_user


def test_a_door_that_says_nothing(mlist: Any, manager: Any, person: Any) -> None:
    """None, which some callers of core's give for a promise, is no promise, and not kept as anything else."""
    from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised

    nothing = dict.fromkeys(("pre_verified", "pre_confirmed", "pre_approved", "invitation"))
    manager(mlist).register(person(), **nothing)
    (row,) = saved.all_at(mlist)
    assert json.loads(row.data)["promises"] == dict.fromkeys(nothing, False)


def test_what_is_shown_beside_a_request(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """Whoever looks at the request at core's doors sees it; of a long text as much as core's index takes."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import Party, Wait, choice  # noqa: PLC0415

    # No two letters are alike, for the database compresses.
    far = "".join(chr(0x10000 + number * 7919 % 0x8000) for number in range(5000))
    near = "".join(chr(0x4E00 + number * 7919 % 0x5000) for number in range(5000))
    shown = {"colour": "blue", "story": far, "tale": near, "list_id": "another.example.com"}
    install(workflow(diary, {"one": Wait(Party.OUTSIDE, "waits", shown=shown)}))
    choice.choose(mlist.list_id, "made")
    anne = person()
    anne.display_name = far
    token, _, _ = manager(mlist).register(anne)
    store.commit()
    pended = getUtility(IPendings).confirm(token, expunge=False)
    assert (pended["colour"], pended["list_id"]) == ("blue", mlist.list_id)
    assert pended["tale"] == near[:400]
    assert pended["story"] == pended["display_name"] == far[:200]


def test_looking_again(
    mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], diary: list[str], store: Session
) -> None:
    """Requests that wait for something outside look again: one person's, each by itself; what waits for others stays."""
    from mailman_workflows import NotYetError, Party, Wait, choice  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.again import look_again  # noqa: PLC0415
    from mailman_workflows.outcomes import PROCEED  # noqa: PLC0415

    there: set[str] = set()

    def resumed(request: Any) -> Any:
        if request.email not in there:
            raise NotYetError(request.mlist, request.email, "It is not there yet.")
        return PROCEED

    install(workflow(diary, {"one": Wait(Party.OUTSIDE, "waits")}, resumed=resumed))
    choice.choose(mlist.list_id, "made")
    for name in ("anne", "bart"):
        manager(mlist).register(person(f"{name}@example.org"))
    store.commit()
    there.add("anne@example.org")
    assert [looked.sentence for looked in look_again(mlist, email="bart@example.org")] == ["It is not there yet."]
    assert sorted(looked.goes_on for looked in look_again(mlist)) == [False, True]
    assert {address.email for address in mlist.members.addresses} == {"anne@example.org"}
    assert [looked.sentence for looked in look_again(mlist, ["0" * 40])] == ["no request waits here by this token."]
