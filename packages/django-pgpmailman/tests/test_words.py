"""How things are said on pages."""

from __future__ import annotations

import pytest

from django_pgpmailman.words import in_fours, marked, moment


def test_fingerprints() -> None:
    """Of either length, in groups of four."""
    assert in_fours("AB" * 20) == " ".join(["ABAB"] * 10)
    assert in_fours("AB" * 32) == " ".join(["ABAB"] * 16)


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("Ask `mailman-pgp check`.", "Ask <code>mailman-pgp check</code>."),
        ("`<script>`", "<code>&lt;script&gt;</code>"),
        ("<b>`a` & `b`", "&lt;b&gt;<code>a</code> &amp; <code>b</code>"),
        ("A mark ` alone", "A mark ` alone"),
    ],
)
def test_marks(sentence: str, html: str) -> None:
    """What is typed is shown so, and nothing in a sentence is HTML."""
    assert marked(sentence) == html


def test_times() -> None:
    """A time of REST is one of UTC; where there is none, none."""
    found = moment("2031-05-04T10:00:00Z")
    assert found is not None
    assert found.isoformat() == "2031-05-04T10:00:00+00:00"
    assert moment(None) is None
