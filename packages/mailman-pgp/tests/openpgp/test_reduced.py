"""Of a certificate those who ask for one of its addresses get the user ID of this one alone."""

from __future__ import annotations

import pytest
from certificates import refusal
from keys import CERTIFY, SIGN, forge_usable

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem

ANNE, OTHER = "anne@example.com", "anne.other@example.com"


@pytest.fixture
def both() -> bytes:
    """A certificate with two addresses, one of them twice."""
    made = forge_usable(f"Anne <{ANNE}>")
    for text in (f"Anne <{OTHER}>", f"Anne A. <{ANNE.upper()}>"):
        made.user_id(text, usage=CERTIFY | SIGN)
    return openpgp.read_certificate(made.public).data


def test_one_address(both: bytes) -> None:
    """All user IDs of the address stay, with all else, and it can be encrypted to; nothing says the other address."""
    whole, found = openpgp.inspect(both), openpgp.inspect(openpgp.for_address(both, ANNE.upper()))
    assert [user_id.text for user_id in found.user_ids] == [f"Anne <{ANNE}>", f"Anne A. <{ANNE.upper()}>"]
    assert (found.fingerprint, found.usability) == (whole.fingerprint, whole.usability)
    assert OTHER.encode() not in found.data
    openpgp.require_usable(found, ANNE)
    assert openpgp.inspect(openpgp.for_address(both, OTHER)).addresses == {OTHER}


def test_another_address(both: bytes) -> None:
    """There is no certificate for an address that it does not name."""
    assert refusal(openpgp.for_address, both, "bart@example.com") is CertificateProblem.WRONG_ADDRESS
