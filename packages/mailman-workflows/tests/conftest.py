"""What the tests of workflows share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from mailing import ANNE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def person(store: Session) -> Callable[..., Any]:
    """Make core's address of a person: ``person("anne@example.org")``; verified unless told otherwise."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from mailman.utilities.datetime import now  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    def make(email: str = "anne@example.org", *, verified: bool = True) -> Any:
        address = getUtility(IUserManager).create_address(email, "Anne Person")
        if verified:
            address.verified_on = now()
        store.commit()
        return address

    return make


@pytest.fixture
def manager(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    """The door of core's by which people come and go: ``manager(mlist)``."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415

    return ISubscriptionManager


@pytest.fixture
def install(core: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:  # noqa: ARG001 - as above
    """Have a workflow for the time of a test: ``install(MyWorkflow)``."""
    from mailman_workflows import components  # noqa: PLC0415

    def add(kind: Any) -> Any:
        made = kind()
        monkeypatch.setitem(components._found, made.name, made)
        return made

    return add


@pytest.fixture
def done() -> list[Any]:
    """What was done."""
    return []


@pytest.fixture
def water(core: Any, done: list[Any]) -> Iterator[Any]:  # noqa: ARG001 - core must be initialised
    """An action: to water some plants."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.confirmations import actions  # noqa: PLC0415

    class Water(confirmations.Action):
        name = "water"
        lifetime = dt.timedelta(hours=2)

        def question(self, asked: Any) -> tuple[str, str]:
            return "Water the plants?", f"Somebody asked to water {asked.data['plants']} plants."

        def run(self, asked: Any) -> str:
            done.append((asked.mlist.list_id, asked.email, dict(asked.data)))
            return "They are watered."

    confirmations.register(Water())
    yield actions.named("water")
    actions._registered.clear()


@pytest.fixture
def ask(mlist: Any, water: Any, store: Session) -> Callable[[], str]:
    """Ask Anne; the token is returned."""
    from mailman_workflows import confirmations  # noqa: PLC0415 - core must be initialised

    def one() -> str:
        token = confirmations.ask(mlist, water, ANNE, {"plants": 3})
        store.commit()
        return token

    return one
