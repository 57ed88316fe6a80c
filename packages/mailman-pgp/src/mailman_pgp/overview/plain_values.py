"""What may be answered to programs, by REST and with `--json`: plain values, and times in one form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from public import public


@public
def plain_values(value: Any) -> Any:
    """A copy of a value for JSON, in which times (naive UTC) are in ISO 8601 with a Z.

    :raises TypeError: for what is no plain value: bytes, for one, of which nobody has said how they are written, or a time that
        says itself where it is one.
    """
    if isinstance(value, dict):
        return {_name(name): plain_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        return f"{value.isoformat(timespec='seconds')}Z"
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{type(name).__name__} is no name of a value")
    return name
