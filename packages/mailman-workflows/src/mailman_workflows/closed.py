"""The door while this plugin has not started: nobody comes or goes."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.subscriptions import ISubscriptionManager
from public import public
from zope.interface import implementer

from mailman_workflows.errors import NotStartedError


@public
@implementer(ISubscriptionManager)
class ClosedManager:
    """See `ISubscriptionManager`; what any list has chosen is not known, so that all are closed."""

    def __init__(self, mlist: Any) -> None:
        """Adapt core's `IMailingList`."""

    def register(self, *_arguments: Any, **_options: Any) -> Any:
        """See `ISubscriptionManager`."""
        raise NotStartedError

    def unregister(self, *_arguments: Any, **_options: Any) -> Any:
        """See `ISubscriptionManager`."""
        raise NotStartedError

    def confirm(self, _token: str | None) -> Any:
        """See `ISubscriptionManager`."""
        raise NotStartedError

    def discard(self, _token: str) -> None:
        """See `ISubscriptionManager`."""
        raise NotStartedError
