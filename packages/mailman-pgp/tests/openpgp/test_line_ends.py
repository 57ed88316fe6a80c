"""A signature in text mode has one name, whatever line ends its content came with."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from keys import BINARY, TEXT, canonical, forge_usable
from messages import made_by

from mailman_pgp import openpgp

ANNE = forge_usable("Anne <anne@example.com>")
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Twice the same lines, with ends by lot."""
    lines = draw(st.lists(st.binary(max_size=6).map(lambda line: line.translate(None, b"\r\n")), max_size=5))
    one, other = (b"".join(line + draw(ENDS) for line in lines) for _ in range(2))
    return one, other


@settings(max_examples=60)
@given(texts())
def test_one_name_for_all(both: tuple[bytes, bytes]) -> None:
    """What is the same but for its line ends has the same digest; what is not is not what was signed."""
    one, other = both
    made = made_by(ANNE.primary, one, TEXT)
    first, second = (openpgp.verify_detached(text, made, [ANNE.public])[0] for text in both)
    # CR at the end of a line, and LF as the end of an empty one, are one line end.
    same = canonical(one) == canonical(other)
    assert (first.good, second.good) == (True, same)
    assert (first.content_digest == second.content_digest) == same


def test_a_binary_one_is_not_good_over_other_line_ends() -> None:
    """So nobody makes a copy of it that has another name."""
    made = made_by(ANNE.primary, b"one\ntwo\n", BINARY)
    (found,) = openpgp.verify_detached(b"one\r\ntwo\r\n", made, [ANNE.public])
    assert not found.good
