"""What is answered: the one place where a request's transaction ends, and where errors become sentences.

Core commits whatever the answer is, so that a resource which answers with an error has to abort by itself.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import falcon
from mailman.config import config
from mailman.rest.helpers import CONTENT_TYPE_JSON, etag
from sqlalchemy.exc import SQLAlchemyError

from mailman_rest_events.administration.mistakes import MistakeError, NothingThereError, UnknownError
from mailman_rest_events.rest import fields
from mailman_rest_events.site import NotStartedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("mailman.error")

#: By the error's class, the first that fits.
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (UnknownError, HTTPStatus.NOT_FOUND),
    (NothingThereError, HTTPStatus.CONFLICT),
    (MistakeError, HTTPStatus.BAD_REQUEST),
    (NotStartedError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_DATABASE = "The database failed, and nothing was changed. Mailman's error log says more; try again."
_UNEXPECTED = "Something went wrong here, and nothing was changed. Mailman's error log says where."


def answers(
    **takes: fields.Read,
) -> Callable[[Callable[[Any, dict[str, Any]], Mapping[str, Any]]], Callable[[Any, Any, Any], None]]:
    """Make a responder of falcon's (``on_get``, ``on_post``) of a method that returns an object, or raises.

    :param takes: What it takes: by the name how the value is read.  None of it has to be given.
    """

    def make(method: Callable[[Any, dict[str, Any]], Mapping[str, Any]]) -> Callable[[Any, Any, Any], None]:
        @functools.wraps(method)
        def responder(resource: Any, request: Any, response: Any) -> None:
            response.content_type = CONTENT_TYPE_JSON
            try:
                content = str(etag(_plain(method(resource, fields.read(request, takes)))))
                config.db.commit()
            except Exception as error:  # noqa: BLE001 - core would commit what was half done
                config.db.abort()
                _refuse(response, error)
            else:
                response.text = content

        return responder

    return make


def _plain(value: Any) -> Any:
    """A copy in which times (naive UTC) are in ISO 8601 with a Z."""
    if isinstance(value, dt.datetime):
        return f"{value.isoformat(timespec='milliseconds')}Z"
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _refuse(response: Any, error: Exception) -> None:
    """Answer in core's form of errors: a title and a description."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    sentence = str(error)
    if status is None:
        database = isinstance(error, SQLAlchemyError)
        status = HTTPStatus.SERVICE_UNAVAILABLE if database else HTTPStatus.INTERNAL_SERVER_ERROR
        sentence = _DATABASE if database else _UNEXPECTED
        log.error("mailman-rest-events: a request to REST failed", exc_info=error)
    response.status = falcon.code_to_http_status(int(status))
    response.text = json.dumps({"title": response.status, "description": sentence})
