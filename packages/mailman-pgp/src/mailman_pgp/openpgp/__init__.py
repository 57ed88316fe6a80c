"""OpenPGP: the one boundary to the libraries that do it.

Use `from mailman_pgp import openpgp`; nothing outside this package imports pysequoia or rPGP.  Values come typed, errors
named, and with sentences for people.  Whatever comes from outside is read by a worker process with limits.
"""

from mailman_pgp.openpgp.adopting import adopt, holds_rsa, read_secret_key
from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, dearmor, dearmor_all
from mailman_pgp.openpgp.certificates import (
    Certificate,
    Revocation,
    UserID,
    ends,
    grouped,
    inspect,
    key_names,
    merge,
    read_certificate,
    read_certificates,
    read_revocation,
    require_usable,
    revoke,
)
from mailman_pgp.openpgp.certifying import Certification, certifications, with_certifications
from mailman_pgp.openpgp.detached import Detached
from mailman_pgp.openpgp.errors import (
    CANNOT_OPEN,
    OF_SECRET_KEYS,
    SECRET_KEY_SENTENCES,
    CertificateError,
    CertificateProblem,
    FanOutError,
    OpeningError,
    OpeningProblem,
    OpenPGPError,
    PacketError,
)
from mailman_pgp.openpgp.extending import extend
from mailman_pgp.openpgp.fanout import Copy, Recipient, encrypt_once, fan_out
from mailman_pgp.openpgp.kept import Kept
from mailman_pgp.openpgp.keyrings import (
    LARGE,
    InKeyring,
    Keys,
    divide,
    merge_each,
    read_each,
    read_keyring,
    require_few,
)
from mailman_pgp.openpgp.listkeys import ListKeyError, ListSecretKey, NewListKey, generate
from mailman_pgp.openpgp.opening import DEFAULT, Limits, Opened, open_message, verify_detached
from mailman_pgp.openpgp.packets import Packet, Tag, pkesk_recipient, walk
from mailman_pgp.openpgp.passphrases import encrypt_by_passphrase, encrypt_to, open_by_passphrase, takes_passphrase
from mailman_pgp.openpgp.profiles import Profile, has_ml_kem, is_post_quantum, profile_of, without
from mailman_pgp.openpgp.protection import protect
from mailman_pgp.openpgp.reduced import for_address
from mailman_pgp.openpgp.selfsign import Reason
from mailman_pgp.openpgp.signatures import SignatureVerdict, Status
from mailman_pgp.openpgp.succession import end, vouch, with_vouching
from mailman_pgp.openpgp.usability import Usability
from mailman_pgp.openpgp.workshop import WorkshopError, beside

# Last, and apart: the function has the name of its module, which the modules above may still import by it.
from mailman_pgp.openpgp.armor import armor  # isort: skip

__all__ = [
    "CANNOT_OPEN",
    "DEFAULT",
    "LARGE",
    "OF_SECRET_KEYS",
    "PRIVATE_KEY",
    "PUBLIC_KEY",
    "SECRET_KEY_SENTENCES",
    "Certificate",
    "CertificateError",
    "CertificateProblem",
    "Certification",
    "Copy",
    "Detached",
    "FanOutError",
    "InKeyring",
    "Kept",
    "Keys",
    "Limits",
    "ListKeyError",
    "ListSecretKey",
    "NewListKey",
    "OpenPGPError",
    "Opened",
    "OpeningError",
    "OpeningProblem",
    "Packet",
    "PacketError",
    "Profile",
    "Reason",
    "Recipient",
    "Revocation",
    "SignatureVerdict",
    "Status",
    "Tag",
    "Usability",
    "UserID",
    "WorkshopError",
    "adopt",
    "armor",
    "beside",
    "certifications",
    "dearmor",
    "dearmor_all",
    "divide",
    "encrypt_by_passphrase",
    "encrypt_once",
    "encrypt_to",
    "end",
    "ends",
    "extend",
    "fan_out",
    "for_address",
    "generate",
    "grouped",
    "has_ml_kem",
    "holds_rsa",
    "inspect",
    "is_post_quantum",
    "key_names",
    "merge",
    "merge_each",
    "open_by_passphrase",
    "open_message",
    "pkesk_recipient",
    "profile_of",
    "protect",
    "read_certificate",
    "read_certificates",
    "read_each",
    "read_keyring",
    "read_revocation",
    "read_secret_key",
    "require_few",
    "require_usable",
    "revoke",
    "takes_passphrase",
    "verify_detached",
    "vouch",
    "walk",
    "with_certifications",
    "with_vouching",
    "without",
]
