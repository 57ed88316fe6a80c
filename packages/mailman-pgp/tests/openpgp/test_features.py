"""What a certificate says of its owner's program decides in which form the list writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keys import ENCRYPT, Forged, Key, features, now, subpacket

from mailman_pgp.openpgp import Recipient, fan_out, inspect
from mailman_pgp.openpgp.armor import dearmor
from mailman_pgp.openpgp.packets import Tag, pkesk_recipient, walk

if TYPE_CHECKING:
    from others import Member, Rnp

    from mailman_pgp.openpgp import ListSecretKey

SEIPD1, SEIPD2 = 0x01, 0x08
MDC_ONLY, NOTHING, BOTH = features(SEIPD1), b"", features(SEIPD1 | SEIPD2)
# Subpackets whose lengths take two and five octets (RFC 9580 §5.2.3.7), for a private use that nobody knows.
TWO_OCTETS = bytes([192, 300 - 192, 100]) + bytes(299)
FIVE_OCTETS = b"\xff" + (301).to_bytes(4, "big") + bytes([101]) + bytes(300)


def saying(says: bytes) -> Forged:
    """A certificate that says this of its features."""
    made = Forged(Key.signing(now() - 1000))
    made.user_id("<anne@example.com>", says=says)
    made.bind(Key.encrypting(now() - 1000), ENCRYPT)
    return made


def recipient(certificate: bytes) -> Recipient:
    """A recipient as it comes out of the store."""
    judged = inspect(certificate)
    usability = judged.usability
    assert usability.usable, usability.problem
    return Recipient("anne@example.com", judged.data, usability.recipients, usability.seipd, judged.fingerprint)


@pytest.mark.parametrize(
    ("says", "version"),
    [
        (MDC_ONLY, 1),
        (NOTHING, 1),
        (features(0), 1),
        (subpacket(30, b""), 1),
        (BOTH, 2),
        (TWO_OCTETS + BOTH, 2),
        (FIVE_OCTETS + BOTH, 2),
        (TWO_OCTETS + FIVE_OCTETS, 1),
    ],
)
def test_the_form_follows_what_is_said(says: bytes, version: int, list_signer: ListSecretKey) -> None:
    """SEIPDv2 goes to those whose certificate announces it, SEIPDv1 to all others: also to who says nothing."""
    made = saying(says)
    chosen = recipient(made.public)
    (copy,) = fan_out(b"text\r\n", [chosen], list_signer)
    session_key, data = walk(dearmor(copy.head + copy.tail))
    assert (session_key.tag, data.tag, data.body[0], chosen.seipd) == (Tag.PKESK, Tag.SEIPD, version, version)
    (subkey,) = made.subkeys
    assert pkesk_recipient(session_key) == (subkey.key.key_id if version == 1 else subkey.key.fingerprint)


def test_unhashed_features_do_not_count() -> None:
    """What anybody could add to a certificate, outside what is signed, announces nothing."""
    made = saying(NOTHING)
    text, (signature,) = made.user_ids[0]
    body = next(walk(signature)).body
    end = 6 + int.from_bytes(body[4:6], "big")
    unhashed = int.from_bytes(body[end : end + 2], "big")
    added = BOTH + bytes(body[end + 2 : end + 2 + unhashed])
    changed = bytes(body[:end]) + len(added).to_bytes(2, "big") + added + bytes(body[end + 2 + unhashed :])
    made.user_ids[0] = (text, [b"\xc2\xff" + len(changed).to_bytes(4, "big") + changed])
    judged = inspect(made.public)
    assert (judged.usability.usable, judged.usability.seipd) == (True, 1)


def test_modern_members_are_not_held_back(dora: Member, anne: Member, list_signer: ListSecretKey) -> None:
    """On one list with who says nothing, a member with version 6 still gets SEIPDv2, and each copy has its own key only."""
    recipients = [recipient(saying(NOTHING).public), recipient(anne.certificate), recipient(dora.certificate)]
    copies = [list(walk(dearmor(copy.head + copy.tail))) for copy in fan_out(b"text\r\n", recipients, list_signer)]
    assert sorted(packets[-1].body[0] for packets in copies) == [1, 1, 2]
    names = sorted(pkesk_recipient(packet) for packets in copies for packet in packets if packet.tag == Tag.PKESK)
    assert names == sorted(name for one in recipients for name in one.recipients)


@pytest.mark.peer
def test_rnp_opens_what_goes_to_a_key_of_its_own(rnp: Rnp, list_signer: ListSecretKey) -> None:
    """The keys that rnp 0.16 makes say nothing of features, and it can't read SEIPDv2: it gets what it can read."""
    from others import run  # noqa: PLC0415 - beside its type

    command = [rnp.keys, "--homedir", rnp.home, "--notty", "--password", ""]
    run([*command, "--generate-key", "--userid", "<anne@example.com>"])
    chosen = recipient(dearmor(run([*command, "--export-key", "anne@example.com"]).stdout))
    secret = run([*command, "--export-key", "--secret", "anne@example.com"]).stdout
    (copy,) = fan_out(b"text\r\n", [chosen], list_signer)
    opened = rnp.open(copy.head + copy.tail, secret, list_signer.certificate_data)
    assert (opened.content, opened.good) == (b"text\r\n", True)
