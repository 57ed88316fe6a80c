"""A runner that is to end while it delivers: the copy under way is finished, and nothing is begun any more.

Core's own signal handler raises an exception wherever the runner is just then.  Core's loop takes that for a failure of the
message, which is then shunted, and waits for somebody to find it.
"""

from __future__ import annotations

from public import public

_asked = False


@public
class Interrupted(Exception):  # noqa: N818 - what happened, not an error
    """A delivery has ended early because its process is to end; what was delivered is marked."""


@public
def ask() -> None:
    """Let the delivery that is under way end as soon as it can; safe in a signal handler."""
    global _asked  # noqa: PLW0603 - the end of a process is the process's
    _asked = True


@public
def asked() -> bool:
    """Whether no more copies are to be begun."""
    return _asked
