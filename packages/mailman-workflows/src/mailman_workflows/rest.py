"""REST, below ``/3.1/plugins/workflows``.

- ``GET /``: all workflows.
- ``GET /lists/LIST_ID``: which ones a list uses; ``PATCH`` with ``join=NAME`` and ``leave=NAME`` chooses others.
- ``GET /lists/LIST_ID/requests``: requests that wait, and for what.

Core's own ``/lists/LIST_ID/requests`` shows these too, and accepts, rejects and discards them.
"""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.rest.helpers import NotFound, bad_request, child, etag, no_content, okay
from mailman.rest.validator import Validator
from public import public

from mailman_workflows import choice, components, saved
from mailman_workflows.lists import find_list
from mailman_workflows.request import Purpose


@public
class Root:
    """All workflows."""

    def on_get(self, _request: Any, response: Any) -> None:
        """Answer GET."""
        found = [
            {"name": each.name, "purpose": each.purpose.word, "description": each.description}
            for each in components.every()
        ]
        okay(response, etag({"workflows": found}))

    @child()  # type: ignore[untyped-decorator]  # core is untyped
    def lists(self, _context: Any, segments: list[str]) -> tuple[Any, list[str]]:
        """Find a list, by its list-id or its address."""
        mlist = find_list(segments[0]) if segments else None
        return (NotFound(), []) if mlist is None else (OfList(mlist), segments[1:])


@public
class OfList:
    """What one list uses."""

    def __init__(self, mlist: Any) -> None:
        self._mlist = mlist

    def on_get(self, _request: Any, response: Any) -> None:
        """Answer GET."""
        chosen = {purpose.word: choice.name_for(self._mlist.list_id, purpose) for purpose in Purpose}
        okay(response, etag({"list_id": self._mlist.list_id, **chosen}))

    def on_patch(self, request: Any, response: Any) -> None:
        """Answer PATCH: all that is named is chosen, or nothing."""
        try:
            names = Validator(join=str, leave=str, _optional=("join", "leave"))(request)
            for purpose in Purpose:
                if (name := names.get(purpose.word)) is not None:
                    choice.choose(self._mlist.list_id, name, purpose)
        except ValueError as error:
            config.db.abort()  # core commits, whatever the answer is
            bad_request(response, str(error))
        else:
            no_content(response)

    @child()  # type: ignore[untyped-decorator]  # core is untyped
    def requests(self, _context: Any, segments: list[str]) -> tuple[Any, list[str]]:
        """Find the requests."""
        return (NotFound(), []) if segments else (Waiting(self._mlist), [])


@public
class Waiting:
    """The requests that wait at one list."""

    def __init__(self, mlist: Any) -> None:
        self._mlist = mlist

    def on_get(self, _request: Any, response: Any) -> None:
        """Answer GET."""
        found = [
            {
                "token": row.token,
                "email": row.email,
                "purpose": Purpose(row.purpose).word,
                "workflow": row.workflow,
                "waits_for": row.waits_for,
                "reason": row.reason,
                "since": f"{row.since.isoformat(timespec='seconds')}Z",
                "expires": f"{row.expires.isoformat(timespec='seconds')}Z",
            }
            for row in saved.all_at(self._mlist)
        ]
        okay(response, etag({"requests": found}))
