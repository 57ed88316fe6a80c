"""What gpg and sq certify of a list's certificate is taken, and every program reads what is handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest
from certificates import ANNE, refusal
from keys import REVOKE_CERTIFICATION, reason
from others import LIST_ADDRESSES, Gpg, Sq, run
from vouched import LIST, OWN, SIGNER, USER_IDS, certify, found

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem

if TYPE_CHECKING:
    from pathlib import Path

    from others import Peer

    from mailman_pgp.openpgp import Certification


def sign_with_gpg(gpg: Gpg, algorithm: str, *how: str) -> tuple[bytes, bytes]:
    """Make a key, certify the list's certificate; return the copy and the signer's certificate."""
    gpg("--quick-generate-key", ANNE, algorithm, "sign,cert", "1y")
    gpg("--import", data=LIST)
    gpg("--local-user", ANNE, *how, OWN.certificate.fingerprint)
    copy = gpg("--armor", "--export", OWN.certificate.fingerprint).stdout
    return copy, gpg("--export", ANNE).stdout


def sig_checks(gpg: Gpg, data: bytes) -> set[tuple[bytes, bytes]]:
    """How gpg judges the signatures on the user IDs of the list: the mark, and whose."""
    gpg("--import", data=data)
    lines = gpg("--with-colons", "--check-sigs", OWN.certificate.fingerprint).stdout.splitlines()
    return {(line.split(b":")[1], line.split(b":")[12]) for line in lines if line.startswith((b"sig", b"rev"))}


@pytest.mark.peer
@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256", "nistp384", "nistp521"])
def test_gpg_certifies(gpg: Gpg, tmp_path_factory: pytest.TempPathFactory, algorithm: str) -> None:
    """What `gpg --sign-key` makes is taken, handed out, and good for gpg where it was not known before."""
    copy, signer = sign_with_gpg(gpg, algorithm, "--quick-sign-key")
    given_ = openpgp.certifications(LIST, copy, signer)
    assert {one.user_id for one in given_} == set(USER_IDS)
    shown = openpgp.with_certifications(LIST, given_)
    # The agent has its socket there, and the path of a socket may have 108 bytes: the name of this test would be too long.
    fresh = tmp_path_factory.mktemp("fresh")
    fresh.chmod(0o700)
    other = Gpg(fresh)
    other("--import", data=signer)
    assert (b"!", given_[0].signer.encode()) in sig_checks(other, shown)
    assert {mark for mark, _ in sig_checks(other, shown)} == {b"!"}
    run(["gpgconf", "--homedir", fresh, "--kill", "all"], check=False)


@pytest.mark.peer
def test_gpg_certifies_for_itself(gpg: Gpg) -> None:
    """`gpg --lsign-key` stays on the machine where it was made."""
    copy, signer = sign_with_gpg(gpg, "ed25519", "--quick-lsign-key")
    assert refusal(openpgp.certifications, LIST, copy, signer) == CertificateProblem.NOT_CERTIFIED
    copy = gpg("--export-options", "export-local-sigs", "--export", OWN.certificate.fingerprint).stdout
    assert refusal(openpgp.certifications, LIST, copy, signer) == CertificateProblem.NOT_EXPORTABLE


@pytest.mark.peer
def test_gpg_with_a_notation(gpg: Gpg) -> None:
    """A notation that gpg was told to make is refused, whatever it says."""
    copy, signer = sign_with_gpg(gpg, "ed25519", "--cert-notation", "said@example.com=words", "--quick-sign-key")
    assert refusal(openpgp.certifications, LIST, copy, signer) == CertificateProblem.EXTRAS


@pytest.mark.peer
def test_sq_certifies(sq: Sq, gpg: Gpg, tmp_path: Path) -> None:
    """What `sq certify` makes is taken, and good for gpg."""
    key, certificate = tmp_path / "anne.key", tmp_path / "list.pgp"
    sq.run("key", "generate", "--userid", ANNE, "--export", key)
    certificate.write_bytes(LIST)
    copy = sq.run("certify", key, certificate, USER_IDS[0]).stdout
    signer = openpgp.dearmor(sq.run("key", "extract-cert", key).stdout)
    (one,) = openpgp.certifications(LIST, copy, signer)
    assert one.user_id == USER_IDS[0]
    gpg("--import", data=signer)
    assert (b"!", one.signer.encode()) in sig_checks(gpg, openpgp.with_certifications(LIST, [one]))


@pytest.mark.deep
@pytest.mark.peer
def test_other_programs_still_write_to_the_list(other: Peer) -> None:
    """With certifications of every kind that is taken, and a revocation, each program reads the certificate as before."""
    given_: list[Certification] = []
    for suite in ("Cv25519", "RSA2k", "P256", "P384", "P521"):
        tsk = pysequoia.Tsk.generate(
            ANNE, cipher_suite=getattr(pysequoia.CipherSuite, suite), profile=pysequoia.Profile.RFC4880
        )
        copy = bytes(pysequoia.Cert.from_bytes(LIST).add_user_id(USER_IDS[0], tsk.certifier()))
        given_ += openpgp.certifications(LIST, copy, bytes(tsk.extract_certificate()))
    given_ += found(certify(kind=REVOKE_CERTIFICATION, extra=reason(0)))
    other.encrypt(b"text\n", SIGNER.public, "anne@example.com")  # whoever knows the signer judges the revocation
    message = other.encrypt(b"text\n", openpgp.with_certifications(LIST, given_), LIST_ADDRESSES[0])
    assert pysequoia.decrypt(message, pysequoia.Tsk.from_bytes(OWN.secret).decryptor()).bytes == b"text\n"
