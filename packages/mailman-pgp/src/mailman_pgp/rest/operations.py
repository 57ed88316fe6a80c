"""An operation: what a method of a resource is for, takes and answers, as data, and the way through which all of them go."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.rest import answers, fields
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mailman_pgp.rest.answers import Reply
    from mailman_pgp.rest.fields import Field

#: The values of the fields that were given, by their names.
Asked = dict[str, Any]


@public
@dataclass(frozen=True, slots=True)
class Operation:
    """What a method of a resource is for.

    :ivar summary: A sentence.
    :ivar fields: What it takes: behind the question mark for GET and DELETE, else in the body.
    :ivar answer: The answer's JSON Schema, or the media type of a file; None for no body.
    :ivar status: That of a success.
    :ivar needs_health: Whether it answers only in a process that is healthy.
    """

    summary: str
    fields: tuple[Field, ...]
    answer: Mapping[str, Any] | str | None
    status: HTTPStatus
    needs_health: bool


@public
def operation(
    summary: str,
    answer: Mapping[str, Any] | str | None,
    *,
    takes: Sequence[Field] = (),
    status: HTTPStatus = HTTPStatus.OK,
    needs_health: bool = True,
) -> Callable[[Callable[[Any, Asked], Reply]], Callable[[Any, Any, Any], None]]:
    """Make a responder of falcon's (``on_get``, ``on_post`` and so on) of a method that answers or raises."""

    def make(method: Callable[[Any, Asked], Reply]) -> Callable[[Any, Any, Any], None]:
        @functools.wraps(method)
        def responder(resource: Any, request: Any, response: Any) -> None:
            def answered() -> Reply:
                if needs_health:
                    health.require()
                return method(resource, fields.read(request, takes))

            answers.respond(answered, response)

        responder.operation = Operation(summary, tuple(takes), answer, status, needs_health)  # type: ignore[attr-defined]
        return responder

    return make


@public
class Resource:
    """Something at a path; `names` are the parts of the path that name something, as they came."""

    def __init__(self, **names: str) -> None:
        self.names = names


@public
def operations_of(resource: type[Resource]) -> dict[str, Operation]:
    """The operations of a resource, by their HTTP methods in lower case."""
    return {
        name.removeprefix("on_"): responder.operation
        for name in ("on_get", "on_post", "on_put", "on_patch", "on_delete")
        if (responder := getattr(resource, name, None)) is not None
    }
