"""A certificate with less in it than its owner has signed, for those who ask for one of its addresses."""

from mailman_pgp.openpgp.certificates import UserID
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem
from mailman_pgp.openpgp.key_packets import Signed, sort


def for_address(data: bytes, address: str) -> bytes:
    """Return a binary certificate from our own store with the user IDs of one address only, all else as it is.

    Raises CertificateError WRONG_ADDRESS where it has none of this address.
    """
    parts = sort(data)
    wanted = [user_id.binary for user_id in parts.user_ids if _address(user_id) == address.lower()]
    if not wanted:
        raise CertificateError(CertificateProblem.WRONG_ADDRESS)
    return b"".join([parts.primary.binary, *wanted, *(subkey.binary for subkey in parts.subkeys)])


def _address(user_id: Signed) -> str | None:
    text = user_id.packet.user_id  # None of a picture
    return None if text is None else UserID.parse(str(text)).address
