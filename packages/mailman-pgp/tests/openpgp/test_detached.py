"""Signatures taken out of messages, to stand beside their content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import BINARY, TEXT, forge_usable
from messages import made_by, message, signed

from mailman_pgp import openpgp
from mailman_pgp.openpgp import Detached, Status
from mailman_pgp.openpgp.packets import walk

CONTENT = b"Content-Type: text/plain\n\nThe bridge is up.\n"


@pytest.mark.parametrize(("kind", "mode"), [(BINARY, b"b"), (BINARY, b"t"), (TEXT, b"t"), (TEXT, b"u"), (TEXT, b"b")])
def test_good_beside_the_content(kind: int, mode: bytes) -> None:
    """Whatever the mode of the literal packet, the signature alone is good over its content, and says whether line ends matter."""
    anne, ants = forge_usable("Anne <anne@example.com>"), forge_usable("Ants <ants@example.com>")
    opened = openpgp.open_message(
        message(ants, signed(CONTENT, anne.primary, kind=kind, mode=mode)), [ants.secret], [anne.public]
    )
    (verdict,) = opened.signatures
    found = Detached.of(verdict.packet)
    assert found is not None
    assert found.text_mode == (kind == TEXT)
    assert found.micalg == "pgp-sha512"
    for content, good in ((CONTENT, True), (CONTENT.replace(b"\n", b"\r\n"), kind == TEXT)):
        (again,) = openpgp.verify_detached(content, found.armored, [anne.public])
        assert (again.status is Status.GOOD) == good


def test_only_what_is_good() -> None:
    """No packet comes with a verdict that is not good; of several the good one has its own."""
    anne, bart = forge_usable("Anne <anne@example.com>"), forge_usable("Bart <bart@example.com>")
    own = made_by(anne.primary, CONTENT)
    packets = made_by(bart.primary, CONTENT) + own + made_by(anne.primary, b"another")
    verdicts = openpgp.verify_detached(CONTENT, packets, [anne.public])
    (body,) = [packet.body for packet in walk(own)]
    assert [verdict.packet for verdict in verdicts] == [b"", body, b""]
    assert verdicts[1].to_record().keys().isdisjoint({"packet"})
    assert body.hex() not in repr(verdicts[1])


@given(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(b"\4\0\x16\x08".__add__),
        st.binary().map(b"\6\1\x1b\x0a".__add__),
    )
)
def test_of_any_bytes(body: bytes) -> None:
    """Whatever a packet holds, it is none or comes out as it was."""
    found = Detached.of(body)
    if found is not None:
        (packet,) = walk(openpgp.dearmor(found.armored))
        assert packet.body == body


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"\3" + body[1:],
        lambda body: b"\5" + body[1:],
        lambda body: body[:1] + b"\2" + body[2:],
        lambda body: body[:1] + b"\x10" + body[2:],
        lambda body: body[:3] + b"\2" + body[4:],
        lambda body: body[:6],
        lambda _: b"",
    ],
    ids=["version 3", "version 5", "standalone", "certification", "SHA-1", "cut off", "empty"],
)
def test_of_no_other_kind(change: object) -> None:
    """Version 5 covers fields of the literal packet, too; others are over no document, or no longer safe."""
    (packet,) = walk(made_by(forge_usable("Anne <anne@example.com>").primary, CONTENT))
    assert Detached.of(packet.body) is not None
    assert Detached.of(change(packet.body)) is None  # type: ignore[operator]  # a function
