"""How somebody stands at a list with their own key, in words for themselves; `mailman_pgp.overview.reasons` are for the owners."""

from __future__ import annotations

from dataclasses import dataclass

from public import public

from mailman_pgp.openpgp import CertificateProblem


@public
@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands.

    :ivar code: A word for programs: one of `OTHERS`, or a reason as `mailman_pgp.delivery.lookup` has it.
    :ivar words: A few words, without a full stop.
    :ivar next_step: What they do about it, as a sentence; None where there is nothing to do.
    """

    code: str
    words: str
    next_step: str | None


COUNTS, OFF, ASKED, WAITS = "counts", "delivery-off", "asked", "waits-for-moderator"

_OTHERS: dict[str, tuple[str, str | None]] = {
    COUNTS: ("your key counts", None),
    OFF: ("the delivery of posts to you is switched off", "Switch it on in your settings, if you want posts."),
    ASKED: (
        "your key waits for your answer",
        "Open the encrypted message that was sent to you, and answer it with yes.",
    ),
    WAITS: ("your key waits for a moderator", "Wait: you are told what they decide."),
}
#: Beside the reasons why somebody gets nothing.
OTHERS = tuple(_OTHERS)
_ANOTHER = "Send another key."
_REASONS: dict[str, tuple[str, str]] = {
    "no-certificate": ("the list has no key of yours", "Send your key."),
    "suspended": ("the owners have suspended your key", "Write to the owners of the list."),
    "digest-mode": (
        "you chose digests, and the list makes none",
        "Set your delivery mode to single messages.",
    ),
    "refused-by-library": (
        "your key could not be used for encryption",
        "Export it anew in your OpenPGP program, and send it again.",
    ),
    CertificateProblem.EXPIRED: (
        "your key has expired",
        "Renew it: extend it in your mail program, and send it again.",
    ),
    CertificateProblem.REVOKED: ("your key is revoked", _ANOTHER),
    CertificateProblem.NO_ENCRYPTION: (
        "your key has no subkey for encryption that is valid now",
        "Add one in your OpenPGP program, or extend the one that has expired, and send the key again.",
    ),
    CertificateProblem.POLICY: ("your key relies on SHA-1, or something else that is no longer safe", _ANOTHER),
    CertificateProblem.NOT_YET_VALID: ("your key becomes valid in the future", f"Wait for its day. Or: {_ANOTHER}"),
    CertificateProblem.BROKEN: ("your key is damaged", _ANOTHER),
    CertificateProblem.WRONG_ADDRESS: (
        "your key does not name this address",
        "Add the address to your key in your OpenPGP program, and send it again.",
    ),
}


@public
def standing(code: str) -> Standing:
    """How somebody stands, by the code."""
    known = _OTHERS.get(code) or _REASONS.get(code) or ("your key can't be used at present", _ANOTHER)
    return Standing(code, *known)
