"""A membership that is not there yet, for doors that take it for granted.

Core's ``syncmembers`` promises all that can be promised, and sets on the new member how mail is to be delivered, without a look
whether there is one; ``addmembers`` does so where there is one.  For somebody whose request waits this is the member: what is set
on it is kept with the request.
"""

from __future__ import annotations

from typing import Any

from mailman_workflows import saved


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
