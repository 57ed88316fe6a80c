"""The certificates of lists by the names that a Web Key Directory has for them; see `mailman_pgp.lists.directory`."""

from __future__ import annotations

from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.lists import directory
from mailman_pgp.rest.answers import File, Reply
from mailman_pgp.rest.operations import Asked, Resource, operation

_BINARY = "application/octet-stream"  # the draft: never in ASCII armor


@public
class DirectoryEntry(Resource):
    """What a web server hands out as a part of the Web Key Directory of a domain."""

    @operation(
        "Get the certificate of a list by its name in the Web Key Directory of its domain: binary, for its posting address alone.",
        _BINARY,
    )
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        found = directory.certificate(self.names["domain"], self.names["hash"])
        if found is None:
            raise Refusal("no-such-entry", "No encrypted list of this domain has an address of this name.")
        return Reply(File(found, _BINARY))
