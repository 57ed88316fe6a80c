"""Why somebody gets nothing, and why mail was refused, in the words of the list's owners.

The ledger holds short codes.  What senders and members read about the same codes is in `mailman_pgp.posts.problems` and
`mailman_pgp.notices`: they are told less, and addressed as persons.
"""

from __future__ import annotations

from dataclasses import dataclass

from public import public

from mailman_pgp.i18n import N_
from mailman_pgp.model.missed import Why
from mailman_pgp.openpgp import CertificateProblem, OpeningError, OpeningProblem, Status
from mailman_pgp.posts.problems import Problem


@public
@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody gets nothing.

    :ivar words: A few words, without a full stop; `_` has them in other languages.
    :ivar mend: What the owner does about it, as a sentence.
    :ivar command: The command that is part of it, where there is one.
    """

    words: str
    mend: str
    command: str = ""

    @property
    def typed(self) -> str:
        """What the owner does about it at the command line."""
        return f"{self.mend.removesuffix('.')} with `{self.command}`." if self.command else self.mend


def _to_be_added(words: str, mend: str) -> Reason:
    return Reason(words, f"{mend}, and add it.", "mailman pgp certificate add")


_NEW_ONE = "Ask them for a new certificate"

_UNSERVED: dict[str, Reason] = {
    "no-certificate": _to_be_added(N_("no certificate"), "Ask them for their certificate"),
    "digest-mode": Reason(
        N_("chose digests, and the list makes none"),
        "Switch digests on (`digests_enabled`), or set their delivery mode to single messages (in the web interface, or by REST: "
        "`delivery_mode: regular`).",
    ),
    "refused-by-library": _to_be_added(
        N_("the certificate was refused when a post was encrypted"), "Ask them for a fresh copy of their certificate"
    ),
    "suspended": Reason(
        N_("the certificate is suspended"), "When all is well, let it count again.", "mailman pgp certificate resume"
    ),
    CertificateProblem.EXPIRED: _to_be_added(
        N_("the certificate has expired"),
        "Ask them to extend it and to send it again",
    ),
    CertificateProblem.REVOKED: _to_be_added(N_("the certificate is revoked"), _NEW_ONE),
    CertificateProblem.NO_ENCRYPTION: _to_be_added(
        N_("the certificate has no encryption subkey that is valid now"),
        "Ask them to add or extend an encryption subkey and to send it again",
    ),
    CertificateProblem.POLICY: _to_be_added(
        N_("the certificate relies on SHA-1, or something else that is no longer safe"), _NEW_ONE
    ),
    CertificateProblem.NOT_YET_VALID: Reason(
        N_("the certificate becomes valid in the future"), "Wait for its day, or ask whether their clock was right."
    ),
    CertificateProblem.WRONG_ADDRESS: _to_be_added(N_("the certificate does not name the address"), _NEW_ONE),
    CertificateProblem.BROKEN: _to_be_added(N_("the certificate is damaged"), _NEW_ONE),
}

# Those that only the record of a post knows.
_UNDELIVERED: dict[str, Reason] = {
    "given-up": Reason(
        N_("their mail server has not taken the post for as long as it was tried"),
        "Ask them in another way whether their mailbox is full, or their address another one by now.",
    ),
    "too-large-for-server": Reason(
        "the post was larger than the mail server takes",
        "Ask the author to send less, or whoever runs the mail server to take more.",
    ),
    Why.REFUSED: Reason(
        "the mail server refuses mail to the address for good",
        "Ask them in another way for an address that works; what the server says is in Mailman's log `smtp`.",
    ),
    Why.WAITING: Reason(
        "still waiting: the mail server has not taken it yet",
        "There is nothing to do: it is tried again.",
    ),
}

_REFUSED: dict[str, str] = {
    Problem.NOT_ENCRYPTED: N_("not encrypted"),
    Problem.INLINE_PGP: N_("encrypted in the old inline form"),
    Problem.BROKEN_MIME: N_("not built as PGP/MIME"),
    Problem.UNREADABLE: N_("opened, but not readable as a message"),
    Problem.TOO_LARGE: N_("larger than the list allows"),
    Problem.NO_AUTHOR: N_("no single author in From"),
    Problem.OTHER_AUTHOR: N_("another From inside the encryption than outside"),
    Problem.NOT_MEANT: N_("written and signed for another address than the one that it came to"),
    Problem.UNBOUND: N_("signed without saying for whom it was written"),
    Problem.HOLDS_CODE: N_("holds a code by which the list has asked somebody to confirm something"),
    Problem.NESTED: N_("holds another encrypted message, which a reader's program could open"),
    Problem.UNSIGNED: N_("not signed"),
    Problem.STRANGER: N_("from somebody without a certificate on this list"),
    Problem.SOMEBODY_ELSE: N_("signed with the key of another person than in From"),
    Problem.REPLAYED: N_("a signed message that was posted before"),
    Problem.STALE: N_("an old signature"),
    Problem.FAILED: N_("the plugin failed over it; Mailman's error log says where"),
    Problem.NO_READER: N_("to the owners, none of whom has a certificate that can be used"),
    Status.UNKNOWN_KEY: N_("signed with an unknown key"),
    Status.BAD: N_("the signature does not fit"),
    Status.KEY_EXPIRED: N_("signed with an expired key"),
    Status.GOOD_KEY_EXPIRED_SINCE: N_("signed with a key that has expired since"),
    Status.KEY_REVOKED: N_("signed with a revoked key"),
    Status.GOOD_KEY_REVOKED_SINCE: N_("signed with a key that was revoked since"),
    Status.SIGNATURE_EXPIRED: N_("an expired signature"),
    Status.FROM_THE_FUTURE: N_("a signature dated in the future"),
    Status.WEAK_HASH: N_("a signature with SHA-1 or MD5"),
    Status.REFUSED_BY_POLICY: N_("a signature that is no longer safe"),
    Status.KEY_MAY_NOT_SIGN: N_("signed with a key that is not made for signing"),
    "too-large-for-server": N_("larger than the site's mail server takes"),
    "given-up": N_("refused by the mail server for as long as it is tried"),
    "discarded": N_("discarded by a rule or by the moderation of the list"),
    "not-archived": N_("not archived, or not for all who are to read the archive; Mailman's error log says why"),
    "digest-not-sent": N_(
        "a digest that could not be made or queued; it is tried again, and Mailman's error log says why"
    ),
    "not-in-digest": N_("not in its digest: sealed under another site key, or before the list was encrypted anew"),
    "replaced": N_("encrypted to a key in whose place another one counts since"),
    "not-answerable": N_("not answered: a machine's mail, or a list's"),
    "answered-too-often": N_("not answered: too many in a day"),
}


@public
def unserved(reason: str) -> Reason:
    """Why somebody gets nothing; `reason` as `mailman_pgp.delivery.lookup` and the ledger have it."""
    return _UNSERVED.get(reason) or _to_be_added(f"the certificate can't be used ({reason})", _NEW_ONE)


@public
def missed(reason: str) -> Reason:
    """Why somebody has missed a post; `reason` as the ledger has it."""
    return _UNDELIVERED.get(reason) or unserved(reason)


@public
def for_moderators(problem: str) -> str:
    """What is wrong with a post that waits, as it stands among the reasons of core's rules: a sentence, in English."""
    words = refused(problem)
    return f"{words[0].upper()}{words[1:]}."


@public
def refused(reason: str) -> str:
    """Why a mail was refused or not sent, in a few words; `reason` as the ledger has it."""
    if reason in _REFUSED:
        return _REFUSED[reason]
    if reason in set(OpeningProblem):
        said = OpeningError(OpeningProblem(reason)).reason.rstrip(".")
        return said[0].lower() + said[1:]
    if reason in _UNSERVED:
        return _UNSERVED[reason].words
    return reason
