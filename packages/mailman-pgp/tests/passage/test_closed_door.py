"""Encrypted lists where mailman-workflows does not look after the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Ants


@pytest.fixture(autouse=True)
def _as_before(core: Any) -> Iterator[None]:  # noqa: ARG001 - core must be initialised
    """The door is put back afterwards."""
    from mailman.interfaces.mailinglist import IMailingList  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415
    from zope.component import getGlobalSiteManager  # noqa: PLC0415

    site = getGlobalSiteManager()
    before = site.adapters.lookup((IMailingList,), ISubscriptionManager)
    yield
    site.registerAdapter(before, (IMailingList,), ISubscriptionManager)


def test_without_the_plugin(ants: Ants, make_list: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encrypted list is closed, and others are core's."""
    from mailman.app.subscriptions import SubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.config import config  # noqa: PLC0415
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415

    from mailman_pgp.lists import closed_door  # noqa: PLC0415
    from mailman_workflows.errors import NotStartedError  # noqa: PLC0415

    monkeypatch.setattr(config, "plugins", {})
    closed_door.install()
    for act in (ants.ask, lambda: ants.accept("token"), ants.leave):
        with pytest.raises(NotStartedError):
            act()
    assert isinstance(ISubscriptionManager(make_list("bee")), SubscriptionManager)


def test_plugin_of_another_name(ants: Ants, make_list: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the section of `mailman.cfg` is called otherwise, its door is left in its place: plain lists have chosen it, too."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415

    from mailman_pgp.lists import closed_door  # noqa: PLC0415
    from mailman_workflows.manager import SubscriptionManager  # noqa: PLC0415
    from mailman_workflows.plugin import WorkflowsPlugin  # noqa: PLC0415

    monkeypatch.setattr(config, "plugins", {"flows": WorkflowsPlugin()})
    closed_door.install()
    for mlist in (ants.mlist, make_list("bee")):
        assert isinstance(ISubscriptionManager(mlist), SubscriptionManager)
