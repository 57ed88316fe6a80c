"""Named errors of the OpenPGP boundary, each with a sentence a person can act on.

The libraries below give free text, sometimes followed by a stack backtrace; none of it is passed on.
"""

import enum

from mailman_pgp.i18n import N_


class OpenPGPError(Exception):
    """Something went wrong with OpenPGP data; `str()` is a sentence for people, free of secrets."""


class PacketError(OpenPGPError):
    """The bytes are not the OpenPGP packets, or not the ASCII armor, that they should be."""


class TooManyPacketsError(PacketError):
    """There are more packets than anybody needs."""


class NoLatticeError(OpenPGPError):
    """The `cryptography` that is installed has no ML-KEM: the machine's fault, never that of a key or a message."""

    def __init__(self) -> None:
        super().__init__(
            "The `cryptography` that is installed has no ML-KEM, so no post-quantum key can be made or used. Install it from its wheel, "
            "which brings an OpenSSL of its own: `pip install --force-reinstall --only-binary :all: cryptography`."
        )


class CertificateProblem(enum.StrEnum):
    """Why a certificate is not accepted, or cannot be encrypted to."""

    SECRET_KEY = "secret-key"  # noqa: S105 - the name of a problem, no password
    NO_KEY = "no-key"
    SEVERAL_KEYS = "several-keys"
    ONLY_REVOCATION = "only-a-revocation"
    BROKEN = "broken"
    TOO_LARGE = "too-large"
    TOO_MANY_PARTS = "too-many-parts"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_ENCRYPTION = "no-encryption-subkey"
    POLICY = "refused-by-policy"
    WRONG_ADDRESS = "wrong-address"
    NOT_YET_VALID = "not-yet-valid"
    # Of certifications of a list's certificate:
    NOT_CERTIFIED = "not-certified"
    NOT_EXPORTABLE = "certification-not-exportable"
    EXTRAS = "certification-with-extras"
    OUT_OF_TIME = "certification-out-of-time"
    WEAK_HASH = "certification-with-weak-hash"
    UNSUPPORTED = "certification-by-unsupported-algorithm"
    # Of secret keys that lists are to have, which only those who look after the machine bring:
    NOT_SECRET = "not-a-secret-key"  # noqa: S105 - the name of a problem, no password
    NO_SECRET = "no-secret-part"  # noqa: S105 - see above
    LOCKED = "passphrase-needed"
    WRONG_PASSPHRASE = "wrong-passphrase"  # noqa: S105 - see above
    PROTECTION = "protection-not-supported"
    KIND = "key-of-unsupported-kind"
    NOT_SIGNING = "key-may-not-sign"
    RSA = "rsa"


#: What keeps a secret key from being a list's, and nothing else is ever refused for.
OF_SECRET_KEYS = frozenset(
    {
        CertificateProblem.NOT_SECRET,
        CertificateProblem.NO_SECRET,
        CertificateProblem.LOCKED,
        CertificateProblem.WRONG_PASSPHRASE,
        CertificateProblem.PROTECTION,
        CertificateProblem.KIND,
        CertificateProblem.NOT_SIGNING,
        CertificateProblem.RSA,
    }
)

_CERTIFICATE_SENTENCES = {
    CertificateProblem.SECRET_KEY: N_(
        "This contains a secret key, which nobody but its owner should ever have. Nothing of it was kept. "
        "Send the public key only; if the secret key has travelled unprotected, revoke it and make a new one."
    ),
    CertificateProblem.NO_KEY: N_(
        "There is no OpenPGP public key in this. Export your public key (for example: gpg --armor --export ADDRESS) "
        "and send that."
    ),
    CertificateProblem.SEVERAL_KEYS: N_(
        "This contains more than one public key, and it is not clear which one is meant. Send exactly one."
    ),
    CertificateProblem.ONLY_REVOCATION: N_(
        "This is a revocation without the public key that it revokes, and it fits no public key that is known here. "
        "Import it (gpg --import), export the public key (gpg --armor --export ADDRESS), and send that."
    ),
    CertificateProblem.BROKEN: N_(
        "This public key is damaged or incomplete. Export it again and send it as a file, so that no program changes it."
    ),
    CertificateProblem.TOO_LARGE: N_(
        "This public key is too large. Export it without the signatures of other people "
        "(gpg --armor --export-options export-minimal --export ADDRESS) and send that."
    ),
    CertificateProblem.TOO_MANY_PARTS: N_(
        "This public key has more than 64 user IDs, or more than 64 subkeys. Delete those that are no longer used, "
        "or make a new key, and send the public key again."
    ),
    CertificateProblem.EXPIRED: N_(
        "This public key has expired. Extend its validity, or make a new key, and send the public key again."
    ),
    CertificateProblem.REVOKED: N_("This public key has been revoked. Make a new key and send its public key."),
    CertificateProblem.NO_ENCRYPTION: N_(
        "Nothing can be encrypted to this public key: it has no encryption subkey that is valid now. "
        "Add or extend an encryption subkey and send the public key again."
    ),
    CertificateProblem.POLICY: N_(
        "This public key relies on algorithms that are no longer safe, or not known here: SHA-1, DSA, ElGamal, RSA below 2048 "
        "bits, Brainpool, or the like. If it is SHA-1 alone, renew its self-signatures with a current program (changing its "
        "expiry date is enough); else make a new key, of Curve25519 or RSA 3072. Then send the public key again."
    ),
    CertificateProblem.WRONG_ADDRESS: N_(
        "This public key does not carry the address it is meant for. Add a user ID with that address to the key, "
        "or use the key of that address, and send the public key again."
    ),
    CertificateProblem.NOT_YET_VALID: N_(
        "This public key becomes valid in the future. Check the clock of the computer it was made on, "
        "or send it again when it is valid."
    ),
    CertificateProblem.NOT_CERTIFIED: N_(
        "This holds no certification of the list's certificate by your key. Certify it after you have compared its fingerprint "
        "(gpg --sign-key FINGERPRINT), export it (gpg --armor --export FINGERPRINT), and send that."
    ),
    CertificateProblem.NOT_EXPORTABLE: N_(
        "Your certification of the list's certificate is marked as one for yourself only (gpg --lsign-key). If others may see it, "
        "certify again with gpg --sign-key, and send the list's certificate again."
    ),
    CertificateProblem.EXTRAS: N_(
        "Your certification of the list's certificate holds more than the list may hand out: a notation, a link, a level of "
        "trust, or the like. Make a plain one (gpg --sign-key FINGERPRINT, without options), and send the list's certificate again."
    ),
    CertificateProblem.OUT_OF_TIME: N_(
        "Your certification of the list's certificate has expired, is dated in the future, or was made when your key was not "
        "valid. Check the clock of your computer, certify again, and send the list's certificate again."
    ),
    CertificateProblem.WEAK_HASH: N_(
        "Your certification of the list's certificate uses a hash that is not taken, such as SHA-1. Certify again with SHA-256 "
        "or SHA-512 (gpg --cert-digest-algo SHA512 --sign-key FINGERPRINT), and send the list's certificate again."
    ),
    CertificateProblem.UNSUPPORTED: N_(
        "Your key is of a kind whose certifications would keep other people's programs from reading the list's certificate, or "
        "that can't be verified here. Only keys of version 4 with Ed25519 (as GnuPG makes them), RSA, or NIST P-256, P-384 or "
        "P-521 can certify it."
    ),
}


# What is said to those who have the key on this machine, and run commands there.
SECRET_KEY_SENTENCES = {
    CertificateProblem.NO_KEY: (
        "There is no OpenPGP key in this. Export the secret key (for example: gpg --armor --export-secret-keys ADDRESS)."
    ),
    CertificateProblem.SEVERAL_KEYS: (
        "This holds more than one secret key, and it is not clear which one is meant. Export exactly one, by its fingerprint."
    ),
    CertificateProblem.BROKEN: "This key is damaged, incomplete, or its two halves do not belong together. Export it again.",
    CertificateProblem.TOO_LARGE: (
        "This is too large for a key. Export the one secret key, without the signatures of other people "
        "(gpg --armor --export-options export-minimal --export-secret-keys FINGERPRINT)."
    ),
    CertificateProblem.TOO_MANY_PARTS: "This key has more than 64 user IDs, or more than 64 subkeys. Delete those that are not used.",
    CertificateProblem.EXPIRED: (
        "This key has expired. Extend it with the program that it comes from (gpg --quick-set-expire FINGERPRINT 3y), and "
        "export it again."
    ),
    CertificateProblem.REVOKED: "This key has been revoked. Nobody would encrypt to it: let the list have a new one.",
    CertificateProblem.NO_ENCRYPTION: (
        "Nothing can be encrypted to this key: it has no encryption subkey that is valid now. Add or extend one "
        "(gpg --quick-add-key FINGERPRINT), and export it again."
    ),
    CertificateProblem.POLICY: (
        "This key relies on algorithms that are no longer safe (SHA-1, DSA, ElGamal, RSA below 2048 bits). Renew its "
        "self-signatures with a current program (changing its expiry date is enough), or let the list have a new key."
    ),
    CertificateProblem.WRONG_ADDRESS: (
        "No user ID of this key names the list. If it is the right one, add a user ID with the list's address "
        "(gpg --quick-add-uid FINGERPRINT ADDRESS), and export it again."
    ),
    CertificateProblem.NOT_YET_VALID: "This key is dated in the future. See that the clocks are right, and export it again then.",
    CertificateProblem.NOT_SECRET: (
        "This is a public key. The list must be able to open mail: export the secret key (gpg --armor --export-secret-keys ADDRESS)."
    ),
    CertificateProblem.NO_SECRET: (
        "A part of this secret key is missing: it is kept on a card, or apart from the others. A list needs all of it, also to be "
        "extended and to be revoked."
    ),
    CertificateProblem.LOCKED: "This key is under a passphrase.",
    CertificateProblem.WRONG_PASSPHRASE: "This passphrase does not open the key. Nothing was changed: try again.",
    CertificateProblem.PROTECTION: (
        "The key is under a passphrase in a way that is not supported. Export it with a current program "
        "(gpg --armor --export-secret-keys), or change its passphrase there first."
    ),
    CertificateProblem.KIND: (
        "A key of this kind can't be a list's. It has to sign by Ed25519, or with --allow-rsa by RSA; of the post-quantum kinds mail is "
        "opened for ML-KEM-768 + X25519 alone."
    ),
    CertificateProblem.NOT_SIGNING: (
        "This key can't sign: it has no part for signatures that is valid now. Add one (gpg --quick-add-key FINGERPRINT default sign), "
        "and export it again."
    ),
    CertificateProblem.RSA: (
        "This is an RSA key. The RSA that is used here takes measurably longer for some messages than for others "
        "(RUSTSEC-2023-0071): whoever can send many messages to the list, and see how long it takes, may find out the key. Let the list "
        "have a new key (mailman pgp list-key rotate). Where members need this one, add --allow-rsa, and rotate soon."
    ),
}


class CertificateError(OpenPGPError):
    """A certificate was refused; `problem` says why, `str()` what to do next, in English; `_` has it in other languages."""

    def __init__(self, problem: CertificateProblem, sentence: str | None = None) -> None:
        super().__init__(sentence or _CERTIFICATE_SENTENCES.get(problem) or SECRET_KEY_SENTENCES[problem])
        self.problem = problem

    def __reduce__(self) -> tuple[type["CertificateError"], tuple[CertificateProblem, str]]:
        """Rebuild from problem and sentence; the default would pass the sentence as the problem."""
        return type(self), (self.problem, str(self))


class OpeningProblem(enum.StrEnum):
    """Why a message could not be opened: for the list's owners, never for its sender."""

    NOT_OPENPGP = "not-openpgp"
    NOT_FOR_LIST = "not-for-this-list"
    NO_INTEGRITY = "no-integrity-protection"
    DAMAGED = "damaged"
    TOO_MANY_KEYS = "too-many-recipients"
    TOO_LARGE = "too-large"
    TIMEOUT = "timeout"
    TRAILING = "trailing-data"
    STRUCTURE = "structure"
    WORKER_DIED = "worker-died"


_OPENING_REASONS = {
    OpeningProblem.NOT_OPENPGP: "The message is not an OpenPGP message.",
    OpeningProblem.NOT_FOR_LIST: "The message is not encrypted to a key of this list.",
    OpeningProblem.NO_INTEGRITY: "The message is encrypted without integrity protection.",
    OpeningProblem.DAMAGED: "The message was cut off or changed on its way.",
    OpeningProblem.TOO_MANY_KEYS: "The message is encrypted to too many keys.",
    OpeningProblem.TOO_LARGE: "The message is too large, or grows too large when it is opened.",
    OpeningProblem.TIMEOUT: "Opening the message took too long.",
    OpeningProblem.TRAILING: "The message has something attached behind its encrypted data.",
    OpeningProblem.STRUCTURE: "The message is put together in a way that is not allowed.",
    OpeningProblem.WORKER_DIED: "The process that opens messages died on this one.",
}

#: Said to whoever sent a message that cannot be opened, whatever the reason: distinct answers would be an oracle.
CANNOT_OPEN = (
    "The message could not be opened. Encrypt it to the current key of this list, with a current OpenPGP program, "
    "and send it again."
)


class OpeningError(OpenPGPError):
    """A message could not be opened.

    `str()` is the same sentence for every problem, so it may be said to the sender; `problem` and its sentence
    `reason` are for the list's owners.
    """

    def __init__(self, problem: OpeningProblem) -> None:
        super().__init__(CANNOT_OPEN)
        self.problem = problem

    @property
    def reason(self) -> str:
        """The problem as a sentence, for the list's owners only."""
        return _OPENING_REASONS[self.problem]

    def __reduce__(self) -> tuple[type["OpeningError"], tuple[OpeningProblem]]:
        """Rebuild from the problem; the default would pass the sentence as the problem."""
        return type(self), (self.problem,)


class FanOutError(OpenPGPError):
    """A post cannot be encrypted to some of its recipients; nothing has been yielded for any of them.

    `addresses` are all that were found in one pass, `address` the first of them: leave them out and call again.
    """

    def __init__(self, address: str, *others: str) -> None:
        self.addresses = (address, *others)
        names = ", ".join(self.addresses)
        super().__init__(f"Nothing can be encrypted to the key of {names}: replace it by one that is valid now.")
        self.address = address

    def __reduce__(self) -> tuple[type["FanOutError"], tuple[str, ...]]:
        """Rebuild from the addresses; the default would pass the sentence as one."""
        return type(self), self.addresses
