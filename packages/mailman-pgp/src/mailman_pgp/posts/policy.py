"""What a list does with a post for each reason why it is not authenticated, described as data.

Reception finds the reason, and the list's owners choose what becomes of it, in Mailman's own words.  Nothing that the list
can't read has a choice but whether its sender is told; and what passes in spite of a reason carries that reason with it, to
moderators and members.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from public import public

from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.openpgp import OpeningProblem, Status
from mailman_pgp.posts.problems import Problem


@public
class Action(StrEnum):
    """What becomes of a post: Mailman's own actions."""

    HOLD = "hold"  # a moderator decides
    REJECT = "reject"  # its sender is told why
    DISCARD = "discard"  # only the list's owners can see that there was one
    ACCEPT = "accept"  # posted, whatever the list's other rules say of it
    DEFER = "defer"  # the list's other rules decide, as about any post

    @property
    def goes_on(self) -> bool:
        """Whether the post's content is needed any more."""
        return self not in {Action.REJECT, Action.DISCARD}


_ALL = tuple(Action)
_UNREAD = (Action.REJECT, Action.DISCARD)
_UNSURE = (Action.HOLD, Action.REJECT, Action.DISCARD)


@public
@dataclass(frozen=True, slots=True)
class Policy:
    """What a list may do for some reasons, which share one setting of the list.

    :ivar setting: The setting's name: a column of `mailman_pgp.model.tables.EncryptedList`.
    :ivar label: A few words for a form.
    :ivar reasons: Values of `Problem`, `OpeningProblem` or `Status`.
    :ivar meaning: The setting's meaning, as a sentence.
    :ivar because: Why the default is what it is, as a sentence.
    """

    setting: str
    label: str
    reasons: tuple[str, ...]
    default: Action
    meaning: str
    because: str
    choices: tuple[Action, ...] = _ALL


POLICIES = (
    Policy(
        "on_not_encrypted",
        "Not encrypted",
        (Problem.NOT_ENCRYPTED,),
        Action.REJECT,
        "What becomes of a post that came in the clear.",
        "Whoever reads it has read it already, and its author is to know so; members would take it for safe.",
    ),
    Policy(
        "on_inline_pgp",
        "Old inline form",
        (Problem.INLINE_PGP,),
        Action.REJECT,
        "What becomes of a post in the old inline form: an armored message as the text of a mail, and nothing beside it.",
        "The form protects neither the subject nor attachments, and its author can do better by a setting of their program.",
    ),
    Policy(
        "on_unusable",
        "Can't be read",
        (
            Problem.BROKEN_MIME,
            Problem.UNREADABLE,
            Problem.TOO_LARGE,
            Problem.NO_AUTHOR,
            Problem.OTHER_AUTHOR,
            Problem.HOLDS_CODE,
            Problem.NESTED,
            Problem.FAILED,
            *OpeningProblem,
        ),
        Action.REJECT,
        "What becomes of a post that can't be read, or is none: damaged, encrypted to another key, too large, without one author.",
        "There is nothing that a moderator could look at, and its author can send it again.",
        _UNREAD,
    ),
    Policy(
        "on_unsigned",
        "Not signed",
        (Problem.UNSIGNED,),
        Action.REJECT,
        "What becomes of a post that is encrypted, but not signed.",
        "Anybody may have written it.",
    ),
    Policy(
        "on_stranger",
        "From a stranger",
        (Problem.STRANGER,),
        Action.REJECT,
        "What becomes of an encrypted post by somebody for whom no certificate counts on the list.",
        "A list is for its members until its owners say that it takes reports.",
    ),
    Policy(
        "on_other_key",
        "By another key",
        (Problem.SOMEBODY_ELSE, Status.UNKNOWN_KEY),
        Action.REJECT,
        "What becomes of a post in a member's name that is signed by another key than the one that counts for them.",
        "It is what a forged post looks like. Unknown keys and those of others are one setting: where the answers differ, "
        "whoever asks learns whose keys are on the list.",
    ),
    Policy(
        "on_bad_signature",
        "Signature does not fit",
        (Status.BAD,),
        Action.REJECT,
        "What becomes of a post whose signature does not fit its content.",
        "It was changed on its way, by accident or not; its author has the true one.",
    ),
    Policy(
        "on_key_expired",
        "Key had expired",
        (Status.KEY_EXPIRED,),
        Action.REJECT,
        "What becomes of a post that was signed with a key that had expired.",
        "Its author can extend the key, which is one command.",
    ),
    Policy(
        "on_key_expired_since",
        "Key has expired since",
        (Status.GOOD_KEY_EXPIRED_SINCE,),
        Action.HOLD,
        "What becomes of a post that was signed in time, with a key that has expired since.",
        "It was good when it was written, and mail may be late: a moderator can tell.",
    ),
    Policy(
        "on_key_revoked",
        "Key was revoked",
        (Status.KEY_REVOKED,),
        Action.REJECT,
        "What becomes of a post that was signed with a key that was revoked before, or because somebody else has it.",
        "Somebody else may have written it.",
    ),
    Policy(
        "on_key_revoked_since",
        "Key was retired since",
        (Status.GOOD_KEY_REVOKED_SINCE,),
        Action.HOLD,
        "What becomes of a post that was signed before its key was retired.",
        "It was good when it was written; but the date of a signature is its maker's word.",
    ),
    Policy(
        "on_signature_expired",
        "Signature has expired",
        (Status.SIGNATURE_EXPIRED,),
        Action.REJECT,
        "What becomes of a post whose signature has expired.",
        "Its author has said how long it is to count.",
    ),
    Policy(
        "on_signature_from_the_future",
        "Signature from the future",
        (Status.FROM_THE_FUTURE,),
        Action.REJECT,
        "What becomes of a post whose signature is dated in the future.",
        "A wrong clock is mended in a minute; a signature that is dated ahead would outlive what the list remembers.",
    ),
    Policy(
        "on_weak_signature",
        "Weak signature",
        (Status.WEAK_HASH, Status.REFUSED_BY_POLICY),
        Action.REJECT,
        "What becomes of a post whose signature was made with SHA-1, MD5 or other algorithms that are no longer safe.",
        "Such a signature can be moved from one text to another.",
    ),
    Policy(
        "on_key_not_for_signing",
        "Key is not for signing",
        (Status.KEY_MAY_NOT_SIGN,),
        Action.REJECT,
        "What becomes of a post that was signed with a key that is not made for signing.",
        "Its owner has said that it signs nothing, so it may be in other hands.",
    ),
    Policy(
        "on_not_addressed",
        "Written for another address",
        (Problem.NOT_MEANT,),
        Action.REJECT,
        "What becomes of a signed post that says that it was written for another address.",
        "Somebody who could read it has sent it on; its author has not meant the list.",
    ),
    Policy(
        "on_unbound",
        "Says not for whom",
        (Problem.UNBOUND,),
        Action.HOLD,
        "What becomes of a signed post that does not say for whom it was written, as some mail programs have it.",
        "Whoever got it from its author could have sent it on: a moderator sees whether it is one for the list.",
    ),
    Policy(
        "on_seen_before",
        "Came before",
        (Problem.REPLAYED,),
        Action.REJECT,
        "What becomes of a post that came before.",
        "The same content is posted once, whoever decides; its author learns that somebody repeats their mail.",
        _UNREAD,
    ),
    Policy(
        "on_stale",
        "Old signature",
        (Problem.STALE,),
        Action.REJECT,
        "What becomes of a post whose signature is older than the list's window.",
        "It may have been seen and forgotten; who wrote it can sign it anew.",
        _UNSURE,
    ),
)

_BY_REASON = {reason: policy for policy in POLICIES for reason in policy.reasons}


@public
def policy_on(problem: str) -> Policy | None:
    """What a list may do for a reason; None for one that has no setting, and is always rejected."""
    return _BY_REASON.get(problem)


@public
def action_on(list_id: str, problem: str) -> Action:
    """What an encrypted list does with a post for a reason."""
    policy = policy_on(problem)
    if policy is None:
        return Action.REJECT
    row = store().get(EncryptedList, list_id)
    chosen = policy.default if row is None else getattr(row, policy.setting)
    # As only the settings' own door writes there, this is for a database from another version.
    return Action(chosen) if chosen in policy.choices else policy.default
