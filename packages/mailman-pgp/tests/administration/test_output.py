"""JSON is plain and harmless, and every reason has words."""

from __future__ import annotations

import datetime as dt

import pytest

from mailman_pgp.administration import output
from mailman_pgp.openpgp import OF_SECRET_KEYS, CertificateProblem, OpeningProblem, Status
from mailman_pgp.overview import reasons
from mailman_pgp.posts.problems import Problem


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    """JSON is ASCII: characters that turn the direction of writing are written as numbers."""
    assert "\\u202e" in output.to_json({"text": "\u202e"})


def test_times() -> None:
    """Times say Z for programs."""
    at = dt.datetime(2026, 11, 2, 9, 5, 7, 123456)  # noqa: DTZ001 - as the database has it
    assert '"2026-11-02T09:05:07Z"' in output.to_json({"at": at})


@pytest.mark.parametrize(
    "value", [b"packets", {"a"}, object(), iter([1]), dt.datetime(2026, 11, 2, tzinfo=dt.UTC), dt.date(2026, 11, 2)]
)
def test_nothing_else_is_answered(value: object) -> None:
    """What nobody has said how it is written is not written anyhow, be it deep inside: a key's bytes, a time of another zone."""
    for data in ({"a": value}, {"a": [{"b": (value,)}]}):
        with pytest.raises(TypeError, match="is no plain value"):
            output.to_json(data)
    with pytest.raises(TypeError, match="is no name of a value"):
        output.to_json({"a": {1: "b"}})


def test_every_reason_has_words() -> None:
    """No code is shown to an owner as it stands in the database."""
    # What is wrong with an upload never gets as far as a list.
    uploads = {
        CertificateProblem.SECRET_KEY,
        CertificateProblem.NO_KEY,
        CertificateProblem.SEVERAL_KEYS,
        CertificateProblem.ONLY_REVOCATION,
        CertificateProblem.TOO_LARGE,
        CertificateProblem.TOO_MANY_PARTS,
        # Nor what is wrong with a certification of the list's own certificate.
        CertificateProblem.NOT_CERTIFIED,
        CertificateProblem.NOT_EXPORTABLE,
        CertificateProblem.EXTRAS,
        CertificateProblem.OUT_OF_TIME,
        CertificateProblem.WEAK_HASH,
        CertificateProblem.UNSUPPORTED,
        # Nor what keeps a secret key from being a list's.
        *OF_SECRET_KEYS,
    }
    skips = {"no-certificate", "digest-mode", "suspended", "refused-by-library", *set(CertificateProblem) - uploads}
    for reason in skips:
        assert f"({reason})" not in reasons.unserved(reason).words
        assert reasons.unserved(reason).mend.endswith(".")
    drops = {*Problem, *OpeningProblem, *set(Status) - {Status.GOOD, Status.NONE}, *skips, "not-answerable"}
    for reason in drops:
        assert reasons.refused(reason) != reason
