"""Why a message to an encrypted list may not pass, as data, and the sentence that its sender reads.

The owners of the list see the exact problem (`mailman pgp status LIST`).  The sender of a message that could not be opened
sees one sentence whatever the reason was: distinct answers would make the list an oracle for whoever tampers with captured
ciphertext (Bleichenbacher's attack on RSA is the famous case).
"""

from __future__ import annotations

from enum import StrEnum

from public import public

from mailman_pgp.i18n import N_, Text
from mailman_pgp.openpgp import OpeningProblem, Status


@public
class Problem(StrEnum):
    """Everything that keeps a message out, apart from `OpeningProblem` and the `Status` of a signature, whose values join these."""

    NOT_ENCRYPTED = "not-encrypted"
    INLINE_PGP = "inline-pgp"
    BROKEN_MIME = "broken-pgp-mime"
    UNREADABLE = "unreadable-content"
    TOO_LARGE = "message-too-large"
    NO_AUTHOR = "no-single-author"
    OTHER_AUTHOR = "author-differs-inside"
    NOT_MEANT = "meant-for-another-address"
    UNBOUND = "meant-for-no-address"
    HOLDS_CODE = "holds-a-code"
    NESTED = "encrypted-inside"
    UNSIGNED = "unsigned"
    STRANGER = "no-certificate-for-author"
    SOMEBODY_ELSE = "signed-by-somebody-else"
    REPLAYED = "replayed"
    STALE = "signature-too-old"
    FAILED = "failed-unexpectedly"
    NO_READER = "no-owner-can-read"


_HOW_TO_POST = N_(
    "Please encrypt your message to the list's certificate, which is attached, sign it with your own key, and send it again. "
    "Mail programs call this PGP/MIME."
)
# Whoever did encrypt it can't know otherwise what has become of it.
_TAKEN_APART = N_(
    "If you did encrypt it, a mail server on its way has taken it apart, as some do that add a text to all mail. Please ask "
    "whoever runs yours to leave encrypted mail (multipart/encrypted) as it is, or send it from another account."
)
_ASK_OWNERS = N_("The owners of the list can tell you more: write to {owner}.")
# One sentence for three problems: a signature may name any key as its maker, so distinct answers would tell strangers
# whose keys are on the list, and so who its members are.
_OTHER_KEY = N_(
    "Your message was signed with a key that does not count for the address in its From line. "
    "If the key belongs to another address of yours, please send the message from there. Otherwise write to {owner}: "
    "the owners of the list can tell you more, and add your certificate if you send it to them."
)

_CANNOT_OPEN = N_(
    "The list could not open your message. It may have been encrypted to another key, or damaged on its way."
)

_SENTENCES: dict[str, str] = {
    Problem.NOT_ENCRYPTED: N_("Your message was not encrypted, and this list takes encrypted messages only."),
    Problem.INLINE_PGP: N_(
        "Your message was encrypted in the old inline form, which leaves its attachments and its structure unprotected."
    ),
    Problem.BROKEN_MIME: N_(
        "Your message holds encrypted parts, but is not built as PGP/MIME, or has something readable beside them."
    ),
    Problem.UNREADABLE: N_(
        "Your message was opened, but what is inside is no message that the list can read. "
        "Please send it again from a usual mail program, with fewer nested parts."
    ),
    Problem.TOO_LARGE: N_(
        "Your message is larger than this list allows. Please send a smaller one, or a link in its place."
    ),
    Problem.NO_AUTHOR: N_(
        "Your message names no single author in its From line. Please send it again from one address."
    ),
    Problem.OTHER_AUTHOR: N_(
        "The From line outside the encryption names another address than the one inside. "
        "Please send the message from the address that your key belongs to."
    ),
    Problem.NOT_MEANT: N_(
        "Your message was written and signed for another address than the one that it came to; somebody may have sent it on. "
        "If you meant it for this list, please write it anew, with the list's address in To or Cc; if you meant it for the "
        "owners of the list, with {owner} in To."
    ),
    Problem.UNBOUND: N_(
        "Your message is signed, but does not say inside its signature for whom it was written, so whoever got it could have sent "
        "it on to the list. Please let your mail program protect the headers of your mail, which some call encrypting the subject."
    ),
    Problem.HOLDS_CODE: N_(
        "Your message holds a code by which the list has asked you to confirm something, and nobody but you may read that. To "
        "confirm, reply to the message with the code. Else leave the code out, and send your message again."
    ),
    Problem.NESTED: N_(
        "In your message there is another one that is encrypted. The programs of those who read it could open that, and quote it in "
        "an answer, without their noticing. Please take it out, or attach it as a file, and send your message again."
    ),
    Problem.UNSIGNED: N_(
        "Your message was encrypted but not signed, so the list cannot know that you wrote it. "
        "Please switch on signing in your mail program, and send it again."
    ),
    Problem.STRANGER: _OTHER_KEY,
    Problem.SOMEBODY_ELSE: _OTHER_KEY,
    Problem.REPLAYED: N_(
        "This signed message was posted before, and a signature counts once. "
        "If you meant to post it again, write a new message; if you did not send it, somebody is repeating your mail."
    ),
    Problem.STALE: N_(
        "Your message's signature is older than this list accepts, because old mail could be repeated by somebody else. "
        "Please check the clock of your computer, and send the message again."
    ),
    Problem.FAILED: N_(
        "The list failed over your message, and kept nothing of it. Please send it again, in a simpler form if you can; if it "
        "fails again, write to {owner}."
    ),
    Problem.NO_READER: N_(
        "At present nobody who looks after this list can be sent your message, because the list has no certificate of theirs "
        "that it can use. They were told. Please reach them in another way, or send your message again in some days."
    ),
    Status.UNKNOWN_KEY: _OTHER_KEY,
    Status.BAD: N_(
        "The signature of your message does not fit its content. It may have been changed on its way; please send it again."
    ),
    Status.KEY_EXPIRED: N_(
        "The key that signed your message has expired. Please extend it, send the certificate to {owner}, and try again."
    ),
    Status.GOOD_KEY_EXPIRED_SINCE: N_(
        "The key that signed your message has expired since. Please extend it, send the certificate to {owner}, and try again."
    ),
    Status.KEY_REVOKED: N_("The key that signed your message is revoked. Please send your new certificate to {owner}."),
    Status.GOOD_KEY_REVOKED_SINCE: N_(
        "The key that signed your message was revoked since. Please send your new certificate to {owner}."
    ),
    Status.SIGNATURE_EXPIRED: N_(
        "The signature of your message has expired. Please send the message again with a new signature."
    ),
    Status.FROM_THE_FUTURE: N_(
        "The signature of your message is dated in the future. Please set your computer's clock, and send it again."
    ),
    Status.WEAK_HASH: N_(
        "Your message was signed with a hash (SHA-1, MD5) that no longer protects against forgery. "
        "Please let your program use SHA-256 or better, and send it again."
    ),
    Status.REFUSED_BY_POLICY: N_(
        "The signature of your message uses algorithms that are no longer safe. Please update your program or key, and send it again."
    ),
    Status.KEY_MAY_NOT_SIGN: N_(
        "The key that signed your message is not made for signing. Please choose your signing key, and send it again."
    ),
}

# After which their sender is told how it is done, and what may have undone it.
_NOT_AS_IT_SHOULD_BE: dict[str, tuple[str, ...]] = {
    Problem.NOT_ENCRYPTED: (_HOW_TO_POST, _TAKEN_APART),
    Problem.INLINE_PGP: (_HOW_TO_POST,),
    Problem.BROKEN_MIME: (_HOW_TO_POST, _TAKEN_APART),
}


@public
def sentence_for(problem: str, owner: str) -> Text:
    """What the sender of a message reads.

    :param problem: A value of `Problem`, `OpeningProblem` or `Status`.
    :param owner: The address of the list's owners.
    """
    if problem in set(OpeningProblem):
        return Text(_CANNOT_OPEN, _HOW_TO_POST)
    if problem in _NOT_AS_IT_SHOULD_BE:
        return Text(_SENTENCES[problem], *_NOT_AS_IT_SHOULD_BE[problem])
    if problem in _SENTENCES:
        return Text(_SENTENCES[problem], owner=owner)
    return Text("Your message was not accepted.", _ASK_OWNERS, owner=owner)
