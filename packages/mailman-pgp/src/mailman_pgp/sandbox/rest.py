"""A client of core's REST interface, as small as a test or a demonstration needs it."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_SECONDS = 60.0


class RestError(Exception):
    """An answer that is not a success, with its HTTP status and its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Rest:
    """The interface at `url`, which ends with its version."""

    url: str
    user: str
    password: str = field(repr=False)

    def __call__(self, path: str, data: Mapping[str, Any] | None = None, method: str | None = None) -> Any:
        """Send a request, its data as a form, as mailmanclient does; return the decoded JSON, None where there is none.

        The method is POST where there are data and GET where there are none, unless it is given.  Raises RestError,
        and OSError when nobody answers.
        """
        body = None if data is None else urlencode(data, doseq=True).encode()
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the URL is the sandbox's own
            f"{self.url}/{path.lstrip('/')}",
            body,
            {"Authorization": f"Basic {token}"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - see above
                content = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise RestError(error.code, error.read().decode("utf-8", "replace")) from None
        return json.loads(content) if content else None

    def create_list(self, address: str, style: str | None = None) -> str:
        """Make a list, and its domain where it is missing; return the list's id.  Raises RestError."""
        domain = address.partition("@")[2]
        if domain not in {entry["mail_host"] for entry in self("domains").get("entries", ())}:
            self("domains", {"mail_host": domain})
        self("lists", {"fqdn_listname": address} | ({} if style is None else {"style_name": style}))
        list_id = address.lower().replace("@", ".")
        # Core makes a list's rows of archivers when they are first asked for.  Two runners that do so at the same time, over
        # the list's first posts, make them twice, and core shunts all its mail from then on.
        self(f"lists/{list_id}/archivers")
        return list_id

    def subscribe(self, list_id: str, address: str, display_name: str = "", **more: str) -> None:
        """Make a member without asking anybody.  Raises RestError."""
        settled = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes", "send_welcome_message": "no"}
        self("members", {"list_id": list_id, "subscriber": address, "display_name": display_name, **settled, **more})

    def listed(self, path: str) -> list[dict[str, Any]]:
        """The entries of a collection.

        Core answers 500 where one of them goes while it is listing them (requests, members): it is asked again then.  Raises RestError
        for any other refusal, and TimeoutError.
        """

        def found() -> tuple[list[dict[str, Any]]] | None:
            try:
                return (list(self(path).get("entries", ())),)
            except RestError as error:
                if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                return None

        answer = until(found, f"the answer to {path}")
        assert answer is not None
        return answer[0]
