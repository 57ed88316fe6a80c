"""An event is written down with what it is about, or not at all; and core never notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from written import endpoint
from zope.event import notify

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members
    from sqlalchemy.orm import Session
    from written import Written


class SomethingElse:
    """An event of which nobody has said what may be told."""

    secret = "canary"


def deliveries(store: Session) -> int:
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    return int(store.scalar(select(func.count()).select_from(Delivery)) or 0)


def test_committed(written: Written, mlist: Any, members: Members) -> None:
    """What was committed is in the outbox."""
    written.endpoints.append(endpoint(events="SubscriptionEvent"))
    members.add(mlist, "anne@example.com")
    assert written.names() == ["SubscriptionEvent"]


def test_rolled_back(written: Written, mlist: Any, members: Members, store: Session, core: Any) -> None:
    """What was rolled back never happened."""
    written.endpoints.append(endpoint(events="UnsubscriptionEvent"))
    member = members.add(mlist, "anne@example.com")
    member.unsubscribe()
    assert written.names() == ["UnsubscriptionEvent"]
    core.db.abort()
    assert written.names() == []
    assert deliveries(store) == 0


def test_values_of_the_moment(written: Written, mlist: Any, members: Members, store: Session) -> None:
    """Who is gone when the event is sent was there when it was written down."""
    written.endpoints.append(endpoint(events="UnsubscriptionEvent"))
    member = members.add(mlist, "anne@example.com")
    number = member.member_id.hex
    member.unsubscribe()
    store.commit()
    ((_, list_id, data),) = written.rows()
    assert list_id == "ant.example.com"
    assert (data["member_id"], data["address"], data["role"]) == (number, "anne@example.com", "member")


def test_for_each_that_wants_it(
    written: Written, make_list: Callable[..., Any], members: Members, store: Session
) -> None:
    """One event, and one delivery for each endpoint whose patterns fit."""
    import re  # noqa: PLC0415

    written.endpoints += [
        endpoint("all"),
        endpoint("lists", "List.*"),
        endpoint("ant", "SubscriptionEvent", lists=re.compile(r"ant\..*")),
        endpoint("bee", "SubscriptionEvent", lists=re.compile(r"bee\..*")),
    ]
    ant = make_list("ant")
    before = deliveries(store)
    assert before == 4  # creating and created, for "all" and "lists"
    members.add(ant, "anne@example.com")
    assert deliveries(store) - before == 3  # the address is verified, for "all"; the subscription, for "all" and "ant"


def test_nobody_wants_it(written: Written, mlist: Any, members: Members, store: Session) -> None:
    """Nothing is written down that nobody is told."""
    written.endpoints.append(endpoint(events="Domain.*"))
    members.add(mlist, "anne@example.com")
    assert deliveries(store) == 0


def test_nobody_has_said_what_may_be_told(written: Written, store: Session) -> None:
    """The name of the class goes alone, whatever its attributes are."""
    written.endpoints.append(endpoint())
    notify(SomethingElse())
    store.commit()
    assert written.rows() == [("SomethingElse", None, None)]


def test_never_raises(
    written: Written, mlist: Any, members: Members, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails, core goes on, and the log says which kind of event was lost; nothing of what was in it."""
    from mailman_rest_events.outbox import writing  # noqa: PLC0415 - core must be initialised

    written.endpoints.append(endpoint(events="SubscriptionEvent"))

    def fail(_event: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(writing, "told_of", fail)
    members.add(mlist, "anne@example.com")
    assert mlist.members.get_member("anne@example.com") is not None
    assert "a SubscriptionEvent could not be written down: RuntimeError was raised at" in caplog.text
    assert "canary" not in caplog.text


def test_what_core_has_written_stays(
    written: Written, store: Session, mlist: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a statement of ours fails, core's transaction is as it was: PostgreSQL would give it up, and core lose what it holds."""
    from sqlalchemy import text  # noqa: PLC0415

    from mailman_rest_events.outbox import writing  # noqa: PLC0415 - core must be initialised

    written.endpoints.append(endpoint())
    mlist.description = "changed before"
    store.flush()
    with monkeypatch.context() as broken:
        broken.setattr(writing, "told_of", lambda _event: store.execute(text("SELECT 1 FROM ev_that_is_not_there")))
        notify(SomethingElse())
    assert "a SomethingElse could not be written down" in caplog.text
    store.commit()
    store.refresh(mlist)
    assert mlist.description == "changed before"
    assert written.names() == []


def test_values_that_every_receiver_can_take(written: Written, store: Session) -> None:
    """No half of a character, which many readers of JSON refuse, and no control character is ever told."""
    from mailman_rest_events.serializers.telling import Told, tells  # noqa: PLC0415 - core must be initialised

    class Odd:
        pass

    tells(Odd)(lambda _event: Told({"words": "a\x00b\ud800c\r\nd\x9be", "number": 7, "list": ("x\x01",)}))
    written.endpoints.append(endpoint())
    notify(Odd())
    store.commit()
    ((_, _, data),) = written.rows()
    assert data == {"words": "a\ufffdb\ufffdc\ufffd\ufffdd\ufffde", "number": 7, "list": ["x\ufffd"]}


def test_values_that_are_too_long(written: Written, store: Session, caplog: pytest.LogCaptureFixture) -> None:
    """Only the name is told of an event that no receiver would take: it would be refused, and others wait for it."""
    from mailman_rest_events.serializers.telling import Told, tells  # noqa: PLC0415 - core must be initialised

    class Huge:
        pass

    tells(Huge)(lambda _event: Told({"words": "x" * 1_000_000}, "ant.example.com"))
    written.endpoints.append(endpoint())
    notify(Huge())
    store.commit()
    assert written.rows() == [("Huge", "ant.example.com", None)]
    assert "a Huge is told by its name alone" in caplog.text


def test_flushes_nothing_of_cores(written: Written, store: Session) -> None:
    """What core has begun and not finished stays so, also while values are looked up: an error of that would be lost here."""
    from mailman.model.address import Address  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.serializers.telling import Told, tells  # noqa: PLC0415

    class Asking:
        pass

    tells(Asking)(lambda _event: Told({"addresses": store.query(Address).count()}))
    written.endpoints.append(endpoint())
    unfinished = Address("unfinished@example.com", "")
    unfinished.email = None
    store.add(unfinished)
    notify(SomethingElse())
    notify(Asking())
    assert unfinished in store.new
    store.expunge(unfinished)
    assert written.names() == ["SomethingElse", "Asking"]


def test_crash(written: Written, mlist: Any, core: Any) -> None:
    """A runner's crash is kept apart from its transaction, which is rolled back."""
    from mailman.interfaces.runner import RunnerCrashEvent  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.outbox import crashes  # noqa: PLC0415

    written.endpoints.append(endpoint(events="RunnerCrashEvent"))

    class Runner:
        name = "in"

    notify(RunnerCrashEvent(Runner(), mlist, None, {"canary": 1}, ValueError("canary")))
    core.db.abort()
    (found,) = crashes.kept()
    found.path.unlink()
    assert (found.name, found.list_id) == ("RunnerCrashEvent", "ant.example.com")
    assert found.data == {"runner": "in", "list_id": "ant.example.com", "error": "ValueError"}


def test_crash_by_the_database(written: Written, mlist: Any, store: Session, core: Any) -> None:
    """Where a statement of core's has failed, nothing can be asked of the database any more; the crash is told all the same."""
    from mailman.interfaces.runner import RunnerCrashEvent  # noqa: PLC0415 - core must be initialised

    from mailman_rest_events.model.tables import Happened  # noqa: PLC0415
    from mailman_rest_events.outbox import crashes  # noqa: PLC0415

    written.endpoints.append(endpoint(events="RunnerCrashEvent"))

    class Runner:
        name = "in"

    store.commit()
    store.add(Happened(uid="evt_without_a_name"))
    with pytest.raises(IntegrityError) as caught:
        store.flush()
    notify(RunnerCrashEvent(Runner(), mlist, None, {"listid": "ant.example.com"}, caught.value))
    core.db.abort()
    (found,) = crashes.kept()
    found.path.unlink()
    assert found.data == {"runner": "in", "list_id": "ant.example.com", "error": "IntegrityError"}
