"""A keyring is read one certificate by one, in the worker process."""

import pytest
from keys import DAY, ENCRYPT, Key, forge_usable, now, packet

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError, CertificateProblem

A, B = "<a@example.com>", "<b@example.com>"


def test_one_by_one() -> None:
    """A key of a version that nobody should use, and one that is too large, take nothing from the others."""
    old = packet(6, b"\x03" + bytes(20))
    large = forge_usable(A)
    for number in range(70):
        large.bind(Key.encrypting(now() - DAY - number), ENCRYPT)
    good = forge_usable(B)
    found = openpgp.read_keyring(old + large.public + good.public)
    problems = {one.fingerprint: one.problem for one in found}
    assert problems[large.fingerprint] is CertificateProblem.TOO_MANY_PARTS
    assert problems[good.fingerprint] is None
    assert CertificateProblem.POLICY in problems.values()
    assert [one.certificate.fingerprint for one in found if one.certificate] == [good.fingerprint]


def test_copies_are_one() -> None:
    """Copies of one certificate are one that has what each of them has."""
    made = forge_usable(A)
    first = made.public
    made.revoke(at=now() - DAY)
    (found,) = openpgp.read_keyring(first + made.public + first)
    assert found.certificate is not None
    assert found.certificate.revoked


def test_joined_with_known_ones() -> None:
    """Each copy is joined with what was known of the same; one that is of another key takes nothing from the others."""
    made, other = forge_usable(A), forge_usable(B)
    good = made.public
    made.revoke(at=now() - DAY)
    first, second = openpgp.merge_each([made.public, made.public], [good, other.public])
    assert first.certificate is not None
    assert first.certificate.revoked
    assert (second.certificate, second.problem) == (None, CertificateProblem.BROKEN)
    assert openpgp.merge_each([], []) == []


def test_too_large() -> None:
    """More than eight mebibytes are not read; the sentence says what to do."""
    with pytest.raises(CertificateError, match="too large, or takes too long") as caught:
        openpgp.read_keyring(bytes(8 * 2**20 + 1))
    assert caught.value.problem is CertificateProblem.TOO_LARGE
