"""What the tests of workflows share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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
