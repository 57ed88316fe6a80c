"""The description of an interface, made of its resources (by their paths): as OpenAPI 3.1, and as a table for people."""

from __future__ import annotations

import re
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mailman.core.api import API31
from public import public

from mailman_pgp.lists.settings import SETTINGS
from mailman_pgp.rest.fields import FORM, JSON
from mailman_pgp.rest.operations import Operation, operations_of
from mailman_pgp.rest.schemas.forms import ARMORED, ERROR
from mailman_pgp.rest.shown import KEYS_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mailman_pgp.rest.fields import Field
    from mailman_pgp.rest.operations import Resource

_IN_QUERY = frozenset({"get", "delete"})
_NAMES = {
    "list": "The list's list-id (ant.example.com) or address (ant@example.com).",
    "address": "A mail address.",
    "token": "The token of what waits.",
    "domain": "The domain of a list's address.",
    "hash": "The local part of a list's address, in lower case: its SHA-1 in z-base-32.",
    "number": "The number of a held post.",
    "message_id": "The Message-ID of a post, with its brackets.",
}
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "What was sent is not right.",
    HTTPStatus.UNAUTHORIZED: "Core's credentials for REST are missing, or wrong.",
    HTTPStatus.NOT_FOUND: "There is no such list, certificate or request.",
    HTTPStatus.CONFLICT: "It does not fit what there is.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "It is neither a form nor a JSON object.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The plugin is not healthy, or the database or the workflow of the list can't be used.",
}


@public
def described(resources: Mapping[str, type[Resource]]) -> dict[str, Any]:
    """The description, as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Encrypted mailing lists",
            "version": version("mailman-pgp"),
            "description": (
                "What the plugin mailman-pgp adds to the REST interface of Mailman Core. A request that fails changes nothing, "
                "and its answer says in a sentence what to do."
            ),
        },
        "servers": [{"url": API31.path_to("plugins/pgp")}],
        "security": [{"core": []}],
        "paths": {f"/{path}": _path(path, resource) for path, resource in resources.items()},
        "components": {"securitySchemes": {"core": {"type": "http", "scheme": "basic"}}},
    }


def _path(path: str, resource: type[Resource]) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", path)
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _NAMES[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in names
    ]
    return {
        **({"parameters": parameters} if parameters else {}),
        **{method: _operation(path, method, operation) for method, operation in operations_of(resource).items()},
    }


def _operation(path: str, method: str, operation: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": f"{method} {path or 'index'}",
        "summary": operation.summary,
        "responses": _responses(method, operation),
    }
    if method in _IN_QUERY:
        said["parameters"] = [
            {
                "name": field.name,
                "in": "query",
                "required": field.required,
                "description": field.meaning,
                "schema": field.schema,
            }
            for field in operation.fields
        ]
    elif operation.fields:
        body = _body(operation.fields)
        said["requestBody"] = {
            "required": any(field.required for field in operation.fields),
            "content": {JSON: {"schema": body}, FORM: {"schema": body}},
        }
    return said


def _body(fields: Iterable[Field]) -> dict[str, Any]:
    taken = list(fields)
    return {
        "type": "object",
        "properties": {field.name: {**field.schema, "description": field.meaning} for field in taken},
        "required": [field.name for field in taken if field.required],
        "additionalProperties": False,
    }


def _responses(method: str, operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": operation.status.phrase}
    if isinstance(operation.answer, str):
        success["content"] = {operation.answer: {"schema": ARMORED if operation.answer == KEYS_TYPE else {}}}
    elif operation.answer is not None:
        success["content"] = {JSON: {"schema": operation.answer}}
    refusals = {
        str(int(status)): {"description": said, "content": {JSON: {"schema": ERROR}}}
        for status, said in _REFUSALS.items()
        if method not in _IN_QUERY or status is not HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    }
    return {str(int(operation.status)): success, **refusals}


@public
def table(resources: Mapping[str, type[Resource]]) -> str:
    """All resources as a table in Markdown: method and path, what it takes, what it does."""
    lines = ["| | takes | |", "| --- | --- | --- |"]
    for path, resource in resources.items():
        for method, operation in operations_of(resource).items():
            takes = [
                f"`{field.name}`" if field.required else f"*`{field.name}`*"
                for field in operation.fields
                if field.name not in SETTINGS
            ]
            if any(field.name in SETTINGS for field in operation.fields):
                takes.append("*settings*")
            lines.append(f"| `{method.upper()} /{path}` | {', '.join(takes)} | {operation.summary} |")
    return "\n".join(lines) + "\n"
