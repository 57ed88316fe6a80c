"""Whatever fails on the way, no request is lost, and none is half done: core's REST commits also where it answers 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

ANNE = "anne@example.org"


class Broken:
    """What the steps of a test do next: the errors they raise, by the name of the step."""

    def __init__(self) -> None:
        self.errors: dict[str, BaseException] = {}
        self.says_nothing = False

    def at(self, name: str) -> None:
        """Fail here, when somebody has said so."""
        if name in self.errors:
            raise self.errors[name]


@pytest.fixture
def broken() -> Broken:
    """Where the workflow of a test fails."""
    return Broken()


@pytest.fixture
def waiting(mlist: Any, install: Callable[[Any], Any], broken: Broken) -> Any:
    """Have the list use a workflow that waits, then verifies the address, then fails where it is told, then subscribes."""
    from mailman.utilities.datetime import now  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import PROCEED, Party, Purpose, Step, Wait, Workflow, choice  # noqa: PLC0415
    from mailman_workflows.steps.membership import Join  # noqa: PLC0415

    class Waits(Step):
        name = "waits"

        def run(self, request: Any) -> Any:
            request.address.user.display_name = "Changed by the workflow"
            return Wait(Party.SUBSCRIBER, "waits")

        def announce(self, _request: Any) -> None:
            broken.at("announce")

        def resumed(self, request: Any) -> Any:
            request.address.verified_on = now()
            broken.at("resumed")
            return PROCEED

    class Fails(Step):
        name = "fails"

        def run(self, _request: Any) -> Any:
            broken.at("run")
            return None if broken.says_nothing else PROCEED

    class Made(Workflow):
        name = "made"
        description = "For a test."
        purpose = Purpose.JOIN

        def steps(self) -> Any:
            return Waits(), Fails(), Join()

    made = install(Made)
    choice.choose(mlist.list_id, "made")
    return made


@pytest.fixture
def anne(person: Callable[..., Any], store: Session) -> Any:
    """Anne, whose address nobody has verified."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    address = person(ANNE, verified=False)
    getUtility(IUserManager).create_user().link(address)
    store.commit()
    return address


def join(mlist: Any, manager: Any, anne: Any, store: Session) -> str:
    """Ask to join; the request waits under this token."""
    token = manager(mlist).register(anne)[0]
    store.commit()
    return str(token)


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("where", ["resumed", "run"])
@pytest.mark.parametrize("kind", [RuntimeError, KeyError, StopIteration])
def test_a_step_fails_later(
    where: str, kind: type[Exception], mlist: Any, manager: Any, anne: Any, broken: Broken, store: Session
) -> None:
    """What was done is undone, the request waits under its token, and no door takes the failure for a wrong token."""
    token = join(mlist, manager, anne, store)
    broken.errors[where] = kind("of the step's own")
    with pytest.raises(Exception, match=r"'made' failed") as caught:
        manager(mlist).confirm(token)
    assert not isinstance(caught.value, LookupError)
    assert "of the step's own" not in str(caught.value)
    store.commit()  # as core's REST does
    store.expire_all()
    assert anne.verified_on is None
    broken.errors.clear()
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("where", ["resumed", "run"])
def test_not_yet_from_any_step(where: str, mlist: Any, manager: Any, anne: Any, broken: Broken, store: Session) -> None:
    """A request that a later step keeps waiting goes on waiting under its token, too, with nothing done."""
    from mailman_workflows import NotYetError  # noqa: PLC0415 - core must be initialised

    token = join(mlist, manager, anne, store)
    broken.errors[where] = NotYetError(mlist, ANNE, "Come back tomorrow.")
    with pytest.raises(NotYetError, match="tomorrow"):
        manager(mlist).confirm(token)
    store.commit()
    store.expire_all()
    assert anne.verified_on is None
    broken.errors.clear()
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("where", ["resumed", "run"])
def test_a_refusal_is_an_answer(
    where: str, mlist: Any, manager: Any, anne: Any, broken: Broken, store: Session
) -> None:
    """It uses up the token, and what the steps have done so far stays."""
    from mailman_workflows import RefusedError  # noqa: PLC0415 - core must be initialised

    token = join(mlist, manager, anne, store)
    broken.errors[where] = RefusedError(mlist, ANNE, "Not you.")
    with pytest.raises(RefusedError, match="Not you"):
        manager(mlist).confirm(token)
    store.commit()
    store.expire_all()
    assert anne.verified_on is not None
    broken.errors.clear()
    with pytest.raises(LookupError):
        manager(mlist).confirm(token)


@pytest.mark.usefixtures("waiting")
def test_the_announcement_fails(mlist: Any, manager: Any, anne: Any, broken: Broken, store: Session) -> None:
    """Then nothing waits that nobody knows of, and the person can ask again."""
    from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised

    broken.errors["announce"] = RuntimeError("no template")
    with pytest.raises(Exception, match=r"'waits' of the workflow 'made' failed"):
        manager(mlist).register(anne)
    store.commit()
    store.expire_all()
    assert saved.all_at(mlist) == []
    assert anne.user.display_name == ""
    broken.errors.clear()
    token = join(mlist, manager, anne, store)
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.usefixtures("waiting")
def test_a_step_says_nothing(mlist: Any, manager: Any, anne: Any, broken: Broken, store: Session) -> None:
    """A step that forgets its outcome ends no request."""
    token = join(mlist, manager, anne, store)
    broken.says_nothing = True
    with pytest.raises(Exception, match=r"'fails' of the workflow 'made' failed"):
        manager(mlist).confirm(token)
    store.commit()
    broken.says_nothing = False
    assert manager(mlist).confirm(token)[2] is not None


def test_a_step_is_gone(
    mlist: Any, manager: Any, anne: Any, waiting: Any, monkeypatch: pytest.MonkeyPatch, store: Session
) -> None:
    """A request for whose next step there is no code any more waits for it; the door says what to do."""
    token = join(mlist, manager, anne, store)
    for gone in ("waits", "fails"):
        with monkeypatch.context() as patch:
            patch.delitem(waiting._steps, gone)
            with pytest.raises(Exception, match=f"has no step '{gone}'.*Install") as caught:
                manager(mlist).confirm(token)
        assert not isinstance(caught.value, LookupError)
        store.commit()
    assert manager(mlist).confirm(token)[2] is not None


@pytest.mark.usefixtures("waiting")
def test_the_transaction_fails(mlist: Any, manager: Any, anne: Any, store: Session) -> None:
    """A request that went on is back when core rolls back what it was part of."""
    token = join(mlist, manager, anne, store)
    assert manager(mlist).confirm(token)[2] is not None
    store.rollback()
    assert mlist.members.get_member(ANNE) is None
    assert manager(mlist).confirm(token)[2] is not None
