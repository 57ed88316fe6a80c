"""A plugin of Mailman for the tests of what Mailman writes: a witness in each of its processes, and a saboteur.

It writes down what core tells the subscribers of its events (``DIR/events/``), the path of each file that a process opens for
writing (``DIR/opened.log``), and each program that one starts (``DIR/started.log``); DIR is the sandbox's directory.  Temporary files go to ``DIR/tmp``.  What
``DIR/sabotage`` names fails, with the decrypted content at hand: `SABOTAGE` lists the places.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.plugin import IPlugin
from public import public
from zope.event import subscribers
from zope.interface import implementer

if TYPE_CHECKING:
    from collections.abc import Callable

SABOTAGE = {
    "in": ("mailman_pgp.posts.reception", "seal_message"),
    "chain": ("mailman_pgp.chains.refuse", "refuse"),
    "pipeline": ("mailman_pgp.posts.composition", "compose_payload"),
    "out": ("mailman_pgp.delivery.copies", "fan_out"),
}
"""The functions that fail, by the runners that call them (or what in them does): the module that uses them, and their name there."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Each tells the program, its arguments and its environment (`sys.addaudithook`).
_STARTING = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}
_numbers = itertools.count(1)


@public
@implementer(IPlugin)
class Saboteur:
    """See `IPlugin`."""

    name = "saboteur"
    resource = None

    def pre_hook(self) -> None:
        """See `IPlugin`."""
        root = Path(config.VAR_DIR).parent
        for name in ("tmp", "events"):
            (root / name).mkdir(exist_ok=True)
        tempfile.tempdir = os.environ["TMPDIR"] = str(root / "tmp")
        _watch(root / "opened.log", _opened)
        _watch(root / "started.log", _started)

    def post_hook(self) -> None:
        """See `IPlugin`."""
        root = Path(config.VAR_DIR).parent
        subscribers.append(functools.partial(_write_down, root / "events"))
        for place, (module_name, function_name) in SABOTAGE.items():
            module = importlib.import_module(module_name)
            original = getattr(module, function_name)
            setattr(module, function_name, _failing(original, place, root / "sabotage"))


def _watch(log: Path, line_of: Callable[[str, tuple[Any, ...]], str | None]) -> None:
    sink = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        line = line_of(event, arguments)
        if line is not None:
            os.write(sink, f"{line}\n".encode("utf-8", "replace"))

    sys.addaudithook(hook)


def _opened(event: str, arguments: tuple[Any, ...]) -> str | None:
    # ("open", path, mode, flags): `open` and `os.open` both tell of themselves here, in any library.
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        with contextlib.suppress(TypeError):  # a number: an open descriptor
            return os.fsdecode(arguments[0])
    return None


def _started(event: str, arguments: tuple[Any, ...]) -> str | None:
    return f"{arguments!r}" if event in _STARTING else None


def _write_down(directory: Path, event: Any) -> None:
    """Write what a subscriber to core's events sees."""
    pending: list[Any] = [event.__dict__]
    seen = []
    while pending:
        thing = pending.pop()
        seen.append(repr(thing))
        if isinstance(thing, dict):
            pending += thing.values()
        elif hasattr(thing, "as_bytes"):
            with contextlib.suppress(Exception):  # a sealed delivery refuses this
                seen.append(thing.as_bytes().decode("utf-8", "replace"))
            pending.append(thing.__dict__)
    name = f"{type(event).__name__}.{os.getpid()}.{next(_numbers)}"
    (directory / name).write_text("\n".join(seen), encoding="utf-8")


def _failing(original: Callable[..., Any], place: str, switch: Path) -> Callable[..., Any]:
    @functools.wraps(original)
    def function(*arguments: Any, **keywords: Any) -> Any:
        if switch.exists() and switch.read_text(encoding="utf-8") == place:
            raise RuntimeError(f"Sabotage in {place}")
        return original(*arguments, **keywords)

    return function
