"""Certificates as people hand them in, and the problems for which they are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.openpgp import CertificateProblem

ANNE = "Anne <anne@example.com>"


def naive(seconds: int) -> datetime:
    """Seconds since the epoch as naive UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def armored(data: bytes) -> bytes:
    """A public key block."""
    return openpgp.armor(data, "PGP PUBLIC KEY BLOCK")


def problem_of(data: bytes) -> CertificateProblem | None:
    """Why nothing can be encrypted to a certificate that somebody hands in."""
    usability = openpgp.read_certificate(data).usability
    assert usability.usable == (usability.problem is None) == bool(usability.recipients)
    return usability.problem


def refusal(call: Callable[..., object], *arguments: object) -> CertificateProblem:
    """The problem for which a call is refused."""
    with pytest.raises(CertificateError) as caught:
        call(*arguments)
    assert caught.value.args[0].endswith(".")
    return caught.value.problem
