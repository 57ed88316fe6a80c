"""Messages changed at random, for a while: `make fuzz` for as long as its time is set, `make test` for a moment.

What fails is made as small as it can be, shown, and kept in `.hypothesis`, where the next run begins.
"""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, given, note, settings
from targets import TARGETS, changed

SECONDS = float(os.environ.get("MAILMAN_PGP_FUZZ_SECONDS", "60")) / len(TARGETS)
"""For each target; an iteration that has begun is ended."""
_ITERATION = 500


def tried(name: str, examples: int) -> None:
    """Try so many changed messages."""
    target, corpus = TARGETS[name]

    # Other changes each time, also where Hypothesis knows of continuous integration.
    @settings(max_examples=examples, derandomize=False, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changed(corpus))
    def run(data: bytes) -> None:
        note(repr(data))
        target(data)

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_corpus(name: str) -> None:
    """What the changes are made to holds by itself."""
    target, corpus = TARGETS[name]
    for data in corpus:
        target(data)


@pytest.mark.parametrize("name", TARGETS)
def test_a_moment(name: str) -> None:
    """Some changed messages."""
    tried(name, 60)


@pytest.mark.deep
@pytest.mark.parametrize("name", TARGETS)
def test_for_a_while(name: str) -> None:
    """As many as there is time for."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        tried(name, _ITERATION)
