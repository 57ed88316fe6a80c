"""A queue whose files keep their names while they wait: by its name a message claims its signatures."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.core.switchboard import Switchboard

from mailman_pgp.posts.patience import patience
from mailman_pgp.runners import recovery

if TYPE_CHECKING:
    from mailman_pgp.posts.record import Kind

log = logging.getLogger("mailman.error")

# After the system has failed: it is not asked, and nothing is logged, at each turn.
_PAUSE_SECONDS = 60.0
# What we write into the metadata of a message (`posts.record`, `delivery.notes`).
_OURS = "pgp"


class Queue(Switchboard):  # type: ignore[misc]  # core is untyped
    """A switchboard that remembers which file it handed out last, and can keep it where it was.

    Core writes a message that is to wait into a new file, and then removes the old one.  Killed in between, it would have both;
    a large message is written again at each turn; another slice finds it; and it has lost its place before those that came later.

    Core sets aside as `bad`, where nobody looks, what it can't put into the queue `shunt`.  On a full disk that is every message;
    those of encrypted lists wait here.  What core delivers itself must not: it would send all of it again.
    """

    current = ""
    _stays = _ours = False

    def __init__(self, name: str, queue_directory: str, slice: int | None, instances: int) -> None:  # noqa: A002  # core's name
        super().__init__(name, queue_directory, slice, instances)
        self._metadata: dict[str, Any] = {}
        self._paused: dict[str, float] = {}
        self._kept = self._gone = 0

    @property
    def files(self) -> list[str]:
        """See `ISwitchboard`: without those that would only wait again."""
        at = time.monotonic()
        self._paused = {name: until for name, until in self._paused.items() if until > at}
        return [name for name in patience.worth_a_look(self.get_files()) if name not in self._paused]

    def dequeue(self, filebase: str) -> tuple[Any, dict[str, Any]]:
        """See `ISwitchboard`."""
        self.current, self._stays, self._ours = "", False, False
        message, metadata = super().dequeue(filebase)
        self.current, self._metadata = filebase, metadata
        return message, metadata

    def never_bad(self) -> None:
        """Let the file that was handed out last stay in the queue where it can't even be shunted, whatever is known of it."""
        self._ours = True

    def keep(self, *, for_a_while: bool = False) -> None:
        """Let the file that was handed out last stay in the queue, as it came, when it is finished.

        :param for_a_while: Not to be handed out again before the system may be well again.
        """
        self._stays = True
        if for_a_while:
            self._paused[self.current] = time.monotonic() + _PAUSE_SECONDS

    def finish(self, filebase: str, preserve: bool = False) -> None:  # noqa: FBT001, FBT002 - as core calls it
        """See `ISwitchboard`."""
        if preserve and filebase == self.current and isinstance(sys.exc_info()[1], OSError) and self._is_ours():
            self.keep(for_a_while=True)
        if not self._stays or filebase != self.current:
            self._gone += 1
            super().finish(filebase, preserve)
            return
        self._kept += 1
        taken = Path(self.queue_directory) / f"{filebase}.bak"
        try:
            taken.rename(taken.with_suffix(".pck"))
        except OSError:  # as core does; it is found at the next start
            log.exception("A message could not be put back: %s", taken)

    def _is_ours(self) -> bool:
        """Whether we have begun to work on the message that was handed out last, or have sent it here."""
        return self._ours or any(name.startswith(_OURS) for name in self._metadata)

    def only_kept(self) -> bool:
        """Whether nothing but files that stay was handed out since this was asked last."""
        kept, gone = self._kept, self._gone
        self._kept = self._gone = 0
        return kept > 0 and gone == 0


class Queued:
    """A mixin for a queue runner: its queue is a `Queue`, in which mail may wait without the runner spinning.

    Core does not sleep after an iteration that saw files.  With one waiting message that would be a hot loop, so an iteration in
    which messages only waited sleeps.
    """

    switchboard: Any
    queue_directory: Any

    def __init__(self, name: str, slice: int | None = None) -> None:  # noqa: A002  # core's name
        instances = int(getattr(config, "runner." + name).instances)
        left = Switchboard(name, config.switchboards[name].queue_directory, slice, instances)
        recovery.take_up(left, self.claimed_as, self.has_progressed)
        super().__init__(name, slice)  # type: ignore[call-arg]  # a mixin before core's Runner
        self.switchboard = Queue(name, self.queue_directory, slice, instances)

    @staticmethod
    def claimed_as(_metadata: dict[str, Any]) -> Kind | None:
        """What a message is of which nothing was found out, where its signatures are claimed under the name of its file; else None."""
        return None

    @staticmethod
    def has_progressed(_metadata: dict[str, Any]) -> bool:
        """Whether a message that a process has died over got further by it; notes how far."""
        return False

    def put_off(self) -> bool:
        """Say that others go before this message; the value that `_dispose` returns."""
        self.switchboard.keep()
        return False

    def put_off_for_a_while(self) -> bool:
        """Say that the system has failed this message; the value that `_dispose` returns."""
        self.switchboard.keep(for_a_while=True)
        return False

    def _short_circuit(self) -> bool:
        """See `IRunner`: whether to look at the queue from its beginning again, before the files behind."""
        return bool(super()._short_circuit()) or patience.is_waited_for()  # type: ignore[misc]  # a mixin before core's Runner

    def _snooze(self, filecnt: int) -> None:
        """See `Runner`."""
        only_kept = self.switchboard.only_kept() and not patience.is_waited_for()
        super()._snooze(0 if only_kept else filecnt)  # type: ignore[misc]  # a mixin before core's Runner
