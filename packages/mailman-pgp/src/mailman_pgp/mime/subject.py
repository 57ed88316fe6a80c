"""The subject of a post with its list's prefix, and of a reply without its "Re:"."""

import re

# What mail programs write before the subject of a reply, in the languages whose programs do not write "Re".
_REPLY = re.compile(r"(?:re|aw|sv|antw|vs|odp|rif|ref)(?:\[\d{1,3}\])?\s{0,3}[:\uff1a]\s*", re.IGNORECASE)
_BLANKS = re.compile(r"\s*")


def prefixed(subject: str, prefix: str) -> str:
    """The subject with `prefix` before it exactly once, and before it at most one "Re:".

    Both are single lines of text, decoded. An empty prefix leaves the subject alone.
    """
    prefix = prefix.strip()
    if not prefix:
        return subject.strip() or "(no subject)"
    position = 0
    reply = False
    while True:
        position = _blank_end(subject, position)
        if subject[position : position + len(prefix)].casefold() == prefix.casefold():
            position += len(prefix)
        elif match := _REPLY.match(subject, position):
            reply = True
            position = match.end()
        else:
            break
    return f"{prefix} {'Re: ' if reply else ''}{subject[position:].strip() or '(no subject)'}"


def bare(subject: str) -> str:
    """The subject (a single line of text, decoded) without the "Re:" of replies before it; a list's prefix stays."""
    position = _blank_end(subject, 0)
    while match := _REPLY.match(subject, position):
        position = match.end()
    return subject[position:].strip()


def _blank_end(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position
