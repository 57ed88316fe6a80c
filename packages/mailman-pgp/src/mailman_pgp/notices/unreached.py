"""Why something could not be sent, in sentences for whoever did not get it, and for the owners."""

from __future__ import annotations

from typing import Any

from public import public

from mailman_pgp.i18n import N_, Text

# How a person helps themself, by mail.
_SET = N_(
    "Write a new message to {request} with the subject `key set`, and choose `Security > Attach my public key` (in Thunderbird). "
    "Reply to the encrypted answer, encrypted and signed, with the word yes on top."
)
_REFRESH = N_(
    "Then write a new message to {request} with the subject `key refresh`, and choose `Security > Attach my public key` (in "
    "Thunderbird). It counts at once."
)
_CHANGE = N_(
    "Choose another key for your account, write a new message to {request} with the subject `key change`, and choose `Security > "
    "Attach my public key` (in Thunderbird). Reply to the encrypted answer, encrypted and signed, with the word yes on top. A "
    "moderator decides then."
)

# What it is, and what a member does about it.
_SKIPPED = {
    "no-certificate": (N_("The list has no certificate of yours."), _SET),
    "expired": (N_("Your certificate has expired."), N_("Extend it in your mail program."), _REFRESH),
    "revoked": (N_("Your certificate is revoked."), _CHANGE),
    "no-encryption-subkey": (
        N_("Your certificate has no key for encryption that is valid now."),
        N_("Add one in your OpenPGP program, or extend the one that has expired."),
        _REFRESH,
    ),
    "refused-by-policy": (
        N_("Your certificate uses algorithms that are no longer safe (SHA-1, for example)."),
        N_("Please make a new one."),
        _CHANGE,
    ),
    "not-yet-valid": (
        N_("Your certificate is not valid yet; its date lies in the future."),
        N_("Until then you can use another one."),
        _CHANGE,
    ),
    "wrong-address": (
        N_("Your certificate does not name your address."),
        N_("Add the address to your key in your OpenPGP program."),
        _REFRESH,
    ),
    "suspended": (
        N_("The owners of the list have suspended your certificate."),
        N_("Write to {owner}, encrypted to the attached certificate."),
    ),
    "digest-mode": (
        N_("You chose digests, and this list makes none."),
        N_("Ask the owners to set your delivery to single messages."),
    ),
    "refused-by-library": (
        N_("Your certificate could not be used for encryption."),
        N_("Export it anew in your OpenPGP program."),
        _REFRESH,
    ),
}
_SOMEHOW = (N_("Your certificate can't be used for encryption at present."), _CHANGE)

_UNDELIVERED = {
    "too-large-for-server": N_(
        "It is larger than this site's mail server takes, and was not tried again. Its author was told. Either the mail "
        "server may take larger messages, or the list's max_message_size should be so much smaller that such a post is "
        "refused when it comes in."
    ),
    "given-up": N_(
        "The mail server refused the copies of some members for as long as they are tried "
        "([mta] delivery_retry_period in mailman.cfg). Those members were told."
    ),
}


@public
def reason_sentence(reason: str) -> Text:
    """Why somebody can be sent nothing; `reason` is what the ledger holds."""
    return Text(_SKIPPED.get(reason, _SOMEHOW)[0])


@public
def way_out(mlist: Any, reason: str) -> Text:
    """What they can do about it themselves."""
    return Text(*_SKIPPED.get(reason, _SOMEHOW)[1:], request=str(mlist.request_address), owner=str(mlist.owner_address))


@public
def way_out_of_owner(mlist: Any, reason: str) -> Text:
    """The same for somebody who looks after the list, and can't be told to write to the owners."""
    if reason == "suspended":
        return Text("Ask another one of those who look after the list to let it count again.")
    return way_out(mlist, reason)


@public
def way_to_extend(mlist: Any) -> Text:
    """What somebody does who has extended their certificate."""
    return Text(_REFRESH, request=str(mlist.request_address))


@public
def undelivered_sentence(reason: str) -> Text:
    """Why a post did not reach everybody, for the owners; `reason` is what the ledger holds."""
    return Text(_UNDELIVERED[reason])
