"""Deliveries as they come, for `mailman events tail -f`."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from mailman.config import config

from mailman_plugin_kit.database import now
from mailman_rest_events.administration import deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_rest_events.administration.deliveries import Latest

_SECONDS = 2.0
_MOST = 10_000
# What was done earlier may be committed later: several processes write.
_OVERLAP = timedelta(seconds=10)


def followed(endpoint: str | None, last: int) -> Iterator[Latest]:
    """The latest deliveries, as many as `last`, and then those to come, for ever; no transaction is left open in between."""
    since = now()
    seen = {_key(line) for line in deliveries.latest(_MOST, endpoint, since - _OVERLAP)}
    yield from deliveries.latest(last, endpoint)
    while True:
        config.db.abort()
        time.sleep(_SECONDS)
        found = deliveries.latest(_MOST, endpoint, since - _OVERLAP)
        yield from (line for line in found if _key(line) not in seen)
        seen = {_key(line) for line in found}
        since = max([since, *(line.done for line in found)])


def _key(line: Latest) -> tuple[int, object]:
    return line.row, line.done
