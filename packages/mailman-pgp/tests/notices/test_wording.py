"""Our texts read well in any mail program, and a reply that quotes one without marks says nothing by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

from mailman_pgp.mime import bare
from mailman_pgp.notices.closing import LAST_ANSWER
from mailman_pgp.notices.templates import TEMPLATES, TO_REQUEST
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a moderator or a member may answer, and what ends commands.
ANSWERS = {"yes", "no", "ok", "okay", "confirm", "confirmed", "cancel", "stop", "accept", "reject", "discard", "end"}
READER = "anne@example.com"
REASON = (
    "A sentence that says why something was not done, and that is so long that it does not fit into one line of a mail."
)


@pytest.fixture
def encrypted(make_list: Callable[[str], Any], healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """An encrypted list with a long name."""
    made = make_list("a-list-with-a-rather-long-name-of-many-words")
    encrypt(made, [])
    return made


def faults(text: str) -> list[str]:
    """The lines that are too long, or say a word for whoever quotes them without marks."""
    from mailman_pgp.conversation.grammar import commands_in  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.mime import Said  # noqa: PLC0415

    found = [line for line in text.splitlines() if len(line) > 78]
    for line in text.splitlines():
        word = " ".join(line.split())
        if word.strip(" .,!;:*_`'\"").lower() in ANSWERS or commands_in(Said("", (word,), ""), "", "request"):
            found.append(line)
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates(encrypted: Any, name: str) -> None:
    """Each template, filled, has lines of 78 characters at most, no word of answer or command on a line, no gap, no brace."""
    from mailman_pgp.conversation.catalogue import catalogue  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices.sending import filled  # noqa: PLC0415

    words = dict.fromkeys(("reason", "fate", "what", "how", "when", "comment"), REASON)
    words |= {"keys": f"Its fingerprint:\n    {grouped('A' * 40)}", "commands": catalogue(encrypted.request_address)}
    subject, text = filled(encrypted, READER, name, **words, last=LAST_ANSWER)
    words["reason"] = ""
    assert "\n\n\n" not in filled(encrypted, READER, name, **words)[1]
    assert faults(text) == []
    assert "\n\n\n" not in text
    assert "{" not in subject + text
    assert "}" not in subject + text
    assert bare(subject) == subject


@pytest.mark.parametrize("name", TEMPLATES)
def test_where_a_reply_goes(encrypted: Any, name: str) -> None:
    """What says to write to the address that takes commands comes from there; what says to write to the owners, from them."""
    from mailman_pgp.notices.sending import filled  # noqa: PLC0415 - core must be initialised

    words = dict.fromkeys(("reason", "fate", "what", "how", "when", "keys", "commands", "last", "comment"), "")
    _, text = filled(encrypted, READER, name, **words)
    body = text.partition("The list's certificate is attached.")[0]
    if f"write to {encrypted.request_address}" in " ".join(body.split()):
        assert name in TO_REQUEST


def test_questions(encrypted: Any) -> None:
    """The same of the questions, and of the longest commands in one mail."""
    from mailman_pgp.conversation.commanded import Commanded  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.commands import COMMANDS  # noqa: PLC0415
    from mailman_pgp.conversation.moderating import Moderation  # noqa: PLC0415
    from mailman_pgp.conversation.proving import ProveKey, ProveLeaving  # noqa: PLC0415
    from mailman_workflows.confirmations import Asked  # noqa: PLC0415

    address = "somebody.with-a-long-name@a-long-domain.example.com"
    # A mail holds five commands at most.
    all_at_once = {"commands": [[name] for name in sorted(COMMANDS, key=len)[-5:]]}
    one_by_one: list[dict[str, Any]] = [{"commands": [[name]]} for name in COMMANDS]
    questions = [(Commanded(), data) for data in [all_at_once, *one_by_one]]
    other = [(ProveKey(), {}), (ProveLeaving(), {}), (Moderation(), {"subject": "", "text": ""})]
    for action, data in [*questions, *other]:
        asked = Asked(encrypted, address, data)
        subject, text = action.question(asked)
        assert faults(wrapped(f"{text}\n\n{action.how(asked)}\n")) == [], subject


def test_wrapping_twice_changes_nothing() -> None:
    """A text that is wrapped stays as it is, with its lists and its words."""
    text = f"{REASON} {REASON}\n\n    a list that stands\n    as it is\n{REASON}\n\n{'x' * 100}\n"
    once = wrapped(text)
    assert wrapped(once) == once
    assert once.split() == text.split()
    assert "\n    a list that stands\n    as it is\n" in once
    assert once.endswith("\n")
