"""Mail with commands that comes to another address of the list, where other people would read it.

Whoever carries a mail chooses the address that it comes to.  Where its author's program protects To, that is seen
(`mailman_pgp.posts.destination`); for all others it is looked for what only the address for commands has a use for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation.grammar import is_nothing_but_commands
from mailman_pgp.posts.destination import names_other_role

if TYPE_CHECKING:
    from mailman_pgp.mime import Payload, Said
    from mailman_pgp.posts.record import Kind

#: As `mailman_pgp.conversation.asking` writes a code, also where a program has wrapped or marked the line.
_CODE = re.compile(r"(?<![a-z0-9])code\s{1,9}[a-z2-7]{26}(?![a-z0-9])")


@public
def holds_a_code(words: Said) -> bool:
    """Whether a mail holds a code by which somebody is asked for their confirmation, used or not."""
    return _CODE.search(words.everything.lower()) is not None


@public
def is_for_commands(mlist: Any, kind: Kind, payload: Payload, words: Said) -> bool:
    """Whether a mail is one for the address that takes commands, and no post or mail to the owners."""
    if payload.addressed:
        return names_other_role(mlist, kind, payload)
    # A post may well have a line in it that is a command.
    return is_nothing_but_commands(words)
