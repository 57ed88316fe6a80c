"""Which resource is at which path, and the description of them all."""

from __future__ import annotations

import json
import re
from typing import Any

from mailman.rest.helpers import CONTENT_TYPE_JSON, NotFound, child
from public import public

from mailman_pgp.rest import (
    certificates,
    changes,
    deeds,
    directory,
    events,
    held,
    keyring,
    listkey,
    lists,
    members,
    offers,
    people,
    posts,
    requests,
    site,
    trial,
    turning,
)
from mailman_pgp.rest.answers import File, Reply
from mailman_pgp.rest.description import described
from mailman_pgp.rest.operations import Asked, Resource, operation


@public
class Description(Resource):
    """The OpenAPI description of this interface, this resource among it."""

    @operation("Describe this interface, as OpenAPI 3.1.", {"type": "object"}, needs_health=False)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        # As a file: a description has no place for core's etag.
        return Reply(File(json.dumps(described(RESOURCES)).encode("ascii"), CONTENT_TYPE_JSON))


#: The resources by their paths; of several that fit, the first one counts.
RESOURCES: dict[str, type[Resource]] = {
    "": site.Index,
    "settings": site.Settings,
    "openapi.json": Description,
    "lists": lists.Lists,
    "lists/{list}": lists.OneList,
    "lists/{list}/enabling": turning.Enabling,
    "lists/{list}/disabling": turning.Disabling,
    "lists/{list}/key": listkey.ListKeys,
    "lists/{list}/certificate": lists.ListCertificate,
    "lists/{list}/certificate.asc": lists.ListCertificateFile,
    "lists/{list}/certificates": certificates.Certificates,
    "lists/{list}/certificates/{address}/certificate.asc": certificates.CertificateFile,
    "lists/{list}/certificates/{address}": certificates.OneCertificate,
    "lists/{list}/members": members.Members,
    "lists/{list}/offers": offers.Offers,
    "lists/{list}/offers/{address}/again": offers.OfferAgain,
    "lists/{list}/offers/{address}": offers.OneOffer,
    "lists/{list}/keyring": keyring.Keyring,
    "lists/{list}/unserved": lists.UnservedPeople,
    "lists/{list}/requests": requests.Requests,
    "lists/{list}/requests/{token}": requests.OneRequest,
    "lists/{list}/requests/{token}/certificate.asc": requests.RequestFile,
    "lists/{list}/requests/{token}/challenge": requests.RequestChallenge,
    "lists/{list}/changes": changes.Changes,
    "lists/{list}/changes/{token}": changes.OneChange,
    "lists/{list}/changes/{token}/certificate.asc": changes.ChangeFile,
    "lists/{list}/held": held.HeldPosts,
    "lists/{list}/held/{number}": held.HeldPost,
    "lists/{list}/held/{number}/copy": held.HeldCopy,
    "lists/{list}/held/{number}/content": held.HeldContent,
    "lists/{list}/posts": posts.Posts,
    "lists/{list}/posts/{message_id}/missed": posts.MissedPost,
    "lists/{list}/posts/{message_id}": posts.OnePost,
    "lists/{list}/test": trial.Trials,
    "lists/{list}/events": events.Events,
    "lists/{list}/log": deeds.Log,
    "people": people.People,
    "directory/{domain}/{hash}": directory.DirectoryEntry,
}

_FORMS = {"address": ".+", "message_id": ".+"}
_FORM = "[^/]+"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        re.sub(r"\\\{(\w+)\\\}", lambda name: f"(?P<{name[1]}>{_FORMS.get(name[1], _FORM)})", re.escape(path))
    )


_PATTERNS = [(_pattern(path), resource) for path, resource in RESOURCES.items()]


@public
class Root(site.Index):
    """The resource that core asks for all of ours."""

    @child(r"^(?P<path>.*)$")  # type: ignore[untyped-decorator]  # core is untyped
    def below(self, _context: Any, _segments: list[str], path: str) -> tuple[Any, list[str]]:
        """Find the resource at a path; the database is not asked before it answers."""
        for pattern, resource in _PATTERNS:
            if found := pattern.fullmatch(path):
                return resource(**found.groupdict()), []
        return NotFound(), []
