"""What mailman-rest-events is told of encrypted lists, and what it is asked not to tell; nothing where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec


def install() -> None:
    """From now on, in this process."""
    if find_spec("mailman_rest_events") is None:
        return
    from mailman_pgp.events import discretion, told  # noqa: F401, PLC0415 - it may be missing; `told` registers itself

    discretion.register()
