"""What is answered: the one place where a request's transaction ends, and where errors become sentences.

Core commits whatever the answer is, so that a resource which answers with an error has to abort by itself.  Here it does, for
all of them, and for errors that nobody has thought of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import falcon
from mailman.config import config
from mailman.rest.helpers import CONTENT_TYPE_JSON, etag
from public import public

from mailman_pgp.exchange.refusals import Refusal, log_failure, refusal_of
from mailman_pgp.lists.setting import SettingError
from mailman_pgp.model.database import commit
from mailman_pgp.openpgp import CertificateProblem
from mailman_pgp.overview.plain_values import plain_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What is not named here is a conflict with what there is (409).
_STATUS: dict[str, HTTPStatus] = {
    "invalid": HTTPStatus.BAD_REQUEST,
    "openpgp": HTTPStatus.BAD_REQUEST,
    "setting": HTTPStatus.BAD_REQUEST,
    "no-such-list": HTTPStatus.NOT_FOUND,
    "not-encrypted": HTTPStatus.NOT_FOUND,
    "no-certificate": HTTPStatus.NOT_FOUND,
    "no-such-request": HTTPStatus.NOT_FOUND,
    "no-such-change": HTTPStatus.NOT_FOUND,
    "no-such-entry": HTTPStatus.NOT_FOUND,
    "no-offer": HTTPStatus.NOT_FOUND,
    "key-of-the-list": HTTPStatus.BAD_REQUEST,
    "no-such-post": HTTPStatus.NOT_FOUND,
    "too-large-request": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "media-type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "sent-already": HTTPStatus.TOO_MANY_REQUESTS,
    "not-healthy": HTTPStatus.SERVICE_UNAVAILABLE,
    "database": HTTPStatus.SERVICE_UNAVAILABLE,
    "workflow": HTTPStatus.SERVICE_UNAVAILABLE,
    "request-refused": HTTPStatus.BAD_REQUEST,
    **{problem.value: HTTPStatus.BAD_REQUEST for problem in CertificateProblem},
}
_UNEXPECTED = Refusal(
    "failed",
    "Something went wrong here, and nothing was changed. Mailman's error log says where; tell the site's operator.",
)


@public
@dataclass(frozen=True, slots=True)
class File:
    """An answer that is a file: what is in it, of which type, and how it is called if it is to be kept."""

    content: bytes
    content_type: str
    name: str | None = None


@public
@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is a success.

    :ivar body: The JSON object: plain values, and datetimes (naive UTC); or a file; None for no body.
    :ivar location: Where what was made is.
    """

    body: Mapping[str, Any] | File | None
    status: HTTPStatus = HTTPStatus.OK
    location: str | None = None


@public
def respond(answer: Callable[[], Reply], response: Any) -> None:
    """Do what was asked for, commit it and answer; or abort it, and answer with a sentence.  Nobody on the way keeps an answer."""
    response.cache_control = ("no-store",)
    try:
        reply = answer()
        content = _content(reply.body)  # before the commit: it may fail, too
        commit()
    except Exception as error:  # noqa: BLE001 - core would commit what was half done
        config.db.abort()
        _refuse(response, error)
        return
    response.status = falcon.code_to_http_status(int(reply.status))
    if reply.location is not None:
        response.location = reply.location
    if isinstance(reply.body, File):
        response.content_type = reply.body.content_type
        if reply.body.name is not None:
            response.downloadable_as = reply.body.name
        response.data = content
    elif content is not None:
        response.content_type = CONTENT_TYPE_JSON
        response.data = content


def _content(body: Mapping[str, Any] | File | None) -> bytes | None:
    if isinstance(body, File):
        return body.content
    return None if body is None else str(etag(plain_values(body))).encode("ascii")


def _refuse(response: Any, error: Exception) -> None:
    """Answer with an error, in core's form: its title and its description."""
    refusal = Refusal("setting", str(error)) if isinstance(error, SettingError) else refusal_of(error)
    status = HTTPStatus.CONFLICT if refusal is None else _STATUS.get(refusal.code, HTTPStatus.CONFLICT)
    if refusal is None:
        log_failure("what was asked by REST failed", error)
        refusal, status = _UNEXPECTED, HTTPStatus.INTERNAL_SERVER_ERROR
    response.status = falcon.code_to_http_status(int(status))
    response.content_type = CONTENT_TYPE_JSON
    if refusal.wait is not None:
        response.retry_after = str(refusal.wait)
    response.text = json.dumps({"title": response.status, "description": str(refusal), "code": refusal.code})
