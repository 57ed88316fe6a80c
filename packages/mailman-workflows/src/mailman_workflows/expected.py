"""A membership that is not there yet, for commands of core's that take it for granted.

``syncmembers`` promises all that can be promised, and sets on the new member how mail is to be delivered, without a look whether
there is one; ``addmembers`` does so where there is one.  For somebody whose request waits this is the member: what is set on it is
kept with the request.
"""

from __future__ import annotations

from typing import Any

import click

from mailman_workflows import saved
from mailman_workflows.manager import SubscriptionManager


class ExpectedPreferences:
    """How the membership is to be: `delivery_mode` and `delivery_status`, as with core's `IPreferences`."""

    _token: str

    def __init__(self, token: str) -> None:
        object.__setattr__(self, "_token", token)

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a wish."""
        saved.wish(self._token, name, value.name)


class ExpectedMember:
    """The membership that the request under `token` asks for."""

    def __init__(self, token: str) -> None:
        self.preferences = ExpectedPreferences(token)


#: Core's commands that set how mail is delivered on whom they have added.
_COMMANDS = frozenset({"addmembers", "syncmembers"})


class ManagerForCommands(SubscriptionManager):
    """The door with an expected member for whoever has to wait.  Core's REST wants to see that there is none."""

    def register(self, subscriber: Any = None, **options: Any) -> tuple[str | None, Any, Any]:
        """See `ISubscriptionManager`."""
        token, owner, member = super().register(subscriber, **options)
        return token, owner, member if token is None else ExpectedMember(token)


def manager_for(mlist: Any) -> SubscriptionManager:
    """The door by which whoever asks now comes: an adapter of core's `IMailingList`."""
    running = click.get_current_context(silent=True)
    kind = ManagerForCommands if running is not None and running.info_name in _COMMANDS else SubscriptionManager
    return kind(mlist)
