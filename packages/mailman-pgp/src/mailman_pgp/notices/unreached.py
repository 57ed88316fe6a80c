"""Why something could not be sent, in sentences for whoever did not get it, and for the owners."""

from __future__ import annotations

from public import public

from mailman_pgp.i18n import N_, Text

_SKIPPED_SOMEHOW = (N_("Your certificate can't be used for encryption at present."),)

# What it is, and what a member does about it.
_SKIPPED = {
    "no-certificate": (N_("The list has no certificate of yours."),),
    "expired": (
        N_("Your certificate has expired."),
        N_("Extend it in your mail program, and send it to the list's owners."),
    ),
    "revoked": (N_("Your certificate is revoked."), N_("Send your new one to the list's owners.")),
    "no-encryption-subkey": (N_("Your certificate has no key for encryption that is valid now."),),
    "refused-by-policy": (
        N_("Your certificate uses algorithms that are no longer safe (SHA-1, for example)."),
        N_("Please make a new one."),
    ),
    "not-yet-valid": (N_("Your certificate is not valid yet; its date lies in the future."),),
    "wrong-address": (N_("Your certificate does not name your address."),),
    "suspended": (N_("The owners of the list have suspended your certificate."),),
    "digest-mode": (
        N_("You chose digests, and an encrypted list makes none."),
        N_("Ask the owners to set your delivery to single messages."),
    ),
    "refused-by-library": (
        N_("Your certificate could not be used for encryption."),
        N_("Please send the owners a fresh copy of it."),
    ),
}

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
def skipped_sentence(reason: str) -> Text:
    """Why a member gets no posts, and what they can do about it; `reason` is what the ledger holds."""
    return Text(*_SKIPPED.get(reason, _SKIPPED_SOMEHOW))


@public
def owner_sentence(reason: str) -> Text:
    """The same to an owner, who can't be told to write to the owners."""
    return Text(_SKIPPED.get(reason, _SKIPPED_SOMEHOW)[0])


@public
def undelivered_sentence(reason: str) -> Text:
    """Why a post did not reach everybody, for the owners; `reason` is what the ledger holds."""
    return Text(_UNDELIVERED[reason])
