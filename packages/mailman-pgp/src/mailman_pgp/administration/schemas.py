"""What `explain` and `test` print with `--json`, in JSON Schema; `docs/operations.md` tells what each member means.

Programs rely on it: members are added, and none is taken away or gets another meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.mime import Structure
from mailman_pgp.openpgp import OpeningProblem, Status
from mailman_pgp.posts.policy import POLICIES
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind
from mailman_pgp.rest.schemas.forms import FINGERPRINT, MOMENT, TEXT, YES_NO, Schema, many, maybe, words

if TYPE_CHECKING:
    from collections.abc import Mapping


def _object(**members: Schema) -> Schema:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


_LIST = _object(list_id=TEXT, address=TEXT)
#: A fingerprint, or the key ID that a message or signature has in its place.
_KEY: Schema = {"type": "string", "pattern": "^[0-9A-F]{16}([0-9A-F]{24}([0-9A-F]{24})?)?$"}
_MESSAGE_ID: Schema = {"type": "string", "pattern": "^<.+>$"}

EXPLAINED = _object(
    **{
        "list": _LIST,
        "as": words(Kind),
        "author": maybe(TEXT),
        "message_id": maybe(_MESSAGE_ID),
        "structure": _object(kind=words(Structure), parts=many(TEXT), repaired=YES_NO),
        "encrypted_to": many(_object(key=maybe(_KEY), of_list=YES_NO)),
        "opened": YES_NO,
        "signatures": many(
            _object(
                status=words(Status),
                words=TEXT,
                certificate=maybe(FINGERPRINT),
                issuer=maybe(_KEY),
                signed_at=maybe(MOMENT),
            )
        ),
        "came_before": maybe(YES_NO),
        "problem": maybe(
            {"enum": [*(one.value for kind in (Problem, OpeningProblem, Status) for one in kind if one != Status.GOOD)]}
        ),
        "words": maybe(TEXT),
        "action": maybe(TEXT),
        "setting": maybe({"enum": [policy.setting for policy in POLICIES]}),
        "rules": many(TEXT),
        "chain": maybe(TEXT),
        "reasons": many(TEXT),
    }
)
TRIED = _object(list=_LIST, address=TEXT, message_id=_MESSAGE_ID, fingerprint=FINGERPRINT)
#: What every command prints with `--json` when it did nothing.
ERROR = _object(error=_object(code=TEXT, sentence=TEXT))

#: By the name of the command.
ANSWERS: Mapping[str, Schema] = {"explain": EXPLAINED, "test": TRIED}
