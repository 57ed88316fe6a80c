"""The envelopes of one run: which are taken, which are answered, and what is left when a connection is lost."""

from collections import deque
from collections.abc import Iterable

from mailman_pgp.delivery.envelope import Envelope


class Backlog:
    """Hands out envelopes in order and keeps those without an answer, so that the next connection begins with them.

    An exception from the caller's iterable ends the stream here; `error` keeps it until the envelopes that came
    before it are answered.
    """

    __slots__ = ("_cursor", "_source", "_waiting", "error", "head_moved")

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self._source = iter(envelopes)
        self._waiting: deque[Envelope] = deque()
        self._cursor = 0
        self.error: Exception | None = None
        self.head_moved = False  # the first one without an answer has lost a connection before

    def take(self) -> Envelope | None:
        """The next envelope, or None at the end."""
        if self._cursor == len(self._waiting) and not self._pull():
            return None
        self._cursor += 1
        return self._waiting[self._cursor - 1]

    def _pull(self) -> bool:
        if self.error is None:
            try:
                self._waiting.append(next(self._source))
            except StopIteration:
                pass
            except Exception as error:  # noqa: BLE001 - raised again by the pipe when nothing is in flight
                self.error = error
            else:
                return True
        return False

    def head(self) -> Envelope | None:
        """The first envelope without an answer, or None when there is none left."""
        return self._waiting[0] if self._waiting or self._pull() else None

    def answered(self) -> None:
        """The first envelope has its answer."""
        self._waiting.popleft()
        self._cursor = max(self._cursor - 1, 0)
        self.head_moved = False

    def rewind(self) -> None:
        """Hand out again what has no answer."""
        self._cursor = 0
