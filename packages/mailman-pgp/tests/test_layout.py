"""Text for people is aligned."""

from __future__ import annotations

import datetime as dt

from mailman_pgp import layout


def test_fields_are_aligned() -> None:
    """Values stand in one column, several of one label below each other."""
    assert layout.fields([("Key", "AB"), ("User IDs", ["one", "two"])]) == (
        "  Key       AB\n  User IDs  one\n            two\n"
    )


def test_table_is_aligned() -> None:
    """Columns are as wide as their widest cell, and no line ends in blanks."""
    assert layout.table([("a", "long", ""), ("bbb", "c", "d")], head=("A", "B", "C")) == (
        "  A    B     C\n  a    long\n  bbb  c     d\n"
    )
    assert layout.table([]) == ""


def test_times() -> None:
    """Times say UTC, and no more than the minute."""
    at = dt.datetime(2026, 11, 2, 9, 5, 7, 123456)  # noqa: DTZ001 - as the database has it
    assert layout.moment(at) == "2026-11-02 09:05 UTC"
