"""Keeping the collection of garbage away from what a queue runner is made of."""

from __future__ import annotations

import gc


class Settled:
    """A mixin for a queue runner: what was made before its first message is never looked through for garbage.

    Mailman's modules and their objects stay to the end.  A full collection that finds them again every few posts takes a
    tenth of a second, as long as sending some hundred copies.
    """

    def run(self) -> None:
        """See `IRunner`."""
        gc.collect()
        gc.freeze()
        super().run()  # type: ignore[misc]  # a mixin before core's Runner
