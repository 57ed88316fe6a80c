"""A plugin of Mailman whose worker processes fail over some messages, as a library with a fault would.

What is to happen stands in the armor: ``Comment: loops`` (for ever), ``Comment: dawdles`` (for longer than the queue waits), ``Comment:
crashes`` (a signal ends the process), ``Comment: swells`` (until there is no memory left).  All else is opened as ever.
"""

from __future__ import annotations

import sys

from mailman.interfaces.plugin import IPlugin
from public import public
from zope.interface import implementer

from mailman_pgp.openpgp import workshop

_WORKER = """
import os, signal, time
from mailman_pgp.openpgp import stem, worker

def opening(header, blobs, usual=worker._OPERATIONS["open"]):
    if b"Comment: loops" in blobs[0]:
        while True:
            pass
    if b"Comment: dawdles" in blobs[0]:
        time.sleep(8)
    if b"Comment: crashes" in blobs[0]:
        os.kill(os.getpid(), signal.SIGSEGV)
    kept = []
    while b"Comment: swells" in blobs[0]:
        kept.append(bytearray(1 << 20))
    return usual(header, blobs)

worker._OPERATIONS["open"] = opening
stem.main(worker.work)
"""


@public
@implementer(IPlugin)
class Ailing:
    """See `IPlugin`."""

    name = "ailing"
    resource = None

    def pre_hook(self) -> None:
        """See `IPlugin`."""
        for shop in (workshop._default, workshop._beside):
            shop._command = (sys.executable, "-I", "-c", _WORKER)

    def post_hook(self) -> None:
        """See `IPlugin`."""
