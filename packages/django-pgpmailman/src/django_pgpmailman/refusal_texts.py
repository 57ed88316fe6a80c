"""What Mailman refuses, by its code: for readers of other languages than English, in which Mailman itself says it and the details of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext

from django_pgpmailman.rest_texts import N_

if TYPE_CHECKING:
    from mailman_pgp_client import RefusedError

#: By the code, as `mailman_pgp.exchange.refusals` has it, and of certificates `mailman_pgp.openpgp.CertificateProblem`.
REFUSALS = {
    "address-of-a-list": N_("This is the address of a list, which has a key of its own."),
    "another-certificate": N_("Another key counts by now, so nothing was changed. Look at it again."),
    "answered-too-often": N_("Too many messages were sent to this address today. Try again tomorrow."),
    "asked-again": N_("Another key counts for this person by now. The request waits once more: look at that key."),
    "asked-too-often": N_("Too many messages were sent to this address today. Try again tomorrow."),
    "broken": N_("The key is damaged. Export it anew, and send it again."),
    "certification-by-unsupported-algorithm": N_("The certification is made in a way that is not used here."),
    "certification-not-exportable": N_("The certification is not meant for others. Make one that is."),
    "certification-out-of-time": N_("The certification is not valid now. Make a new one."),
    "certification-with-extras": N_("There is more in the certification than may be. Make a plain one."),
    "certification-with-weak-hash": N_("The certification relies on what is no longer safe. Make a new one."),
    "confirmation": N_(
        "A list key of this kind is experimental, and nobody has said that it is meant, so nothing was changed."
    ),
    "database": N_("Mailman's database could not be used, and nothing was changed. Try again later."),
    "expired": N_("The key has expired. Extend it, and send it again."),
    "failed": N_("Something went wrong in Mailman, and nothing was changed. Tell the operator of the site."),
    "gets-nothing": N_("Nothing can be encrypted to this member, so no test message was sent."),
    "invalid": N_("Something of what was entered is not right, so nothing was changed."),
    "is-a-list": N_("This address is a list, so no test message was sent."),
    "key-of-the-list": N_("This is the key of the list itself. Send your own public key."),
    "list-key": N_("This can't be done with the key of the list, so nothing was changed."),
    "media-type": N_("This can't be sent in this way, so nothing was changed."),
    "member-already": N_("This person is a member already."),
    "no-certificate": N_("There is no key for this address."),
    "no-certificate-that-counts": N_("No key counts for this address, so nothing was sent."),
    "no-delivery": N_("Posts are not delivered to this member, so no test message was sent."),
    "no-encryption-subkey": N_("The key has no part for encryption that is valid now. Add one, and send it again."),
    "no-key": N_("There is no public key in this. Export yours as a file, and send that."),
    "no-offer": N_("No key waits for an answer here."),
    "no-proof-wanted": N_("This request waits for no proof, so nobody was asked."),
    "no-such-change": N_("This key does not wait any more: somebody has decided about it, or it is over."),
    "no-such-entry": N_("There is no such list."),
    "no-such-kind": N_(
        "The key of this list is of a kind that is not made here, so nothing was changed. The operator of the site can choose another kind."
    ),
    "no-such-list": N_("There is no such list."),
    "no-such-post": N_("Nothing is known of this post."),
    "no-such-request": N_("This request does not wait any more: somebody has decided about it, or it is over."),
    "not-a-member": N_("This address is no member of the list."),
    "not-an-administrator": N_("This address neither owns nor moderates the list."),
    "not-certified": N_("There is no certification of the list's key in this."),
    "not-confirmed": N_("This is not the fingerprint of the list's key, so nothing was changed."),
    "not-decided": N_("This can't be decided so, and nothing was changed. Look at it again."),
    "not-encrypted": N_("This list is not encrypted."),
    "not-healthy": N_("The encryption is out of order, so nothing was changed. Tell the operator of the site."),
    "not-possible": N_("This is not possible at present, so nothing was changed."),
    "not-shown": N_("The list does not have held posts shown. Have it sent to you, encrypted."),
    "not-to-be-opened": N_("This post can't be opened."),
    "not-to-be-read": N_(
        "This post can't be shown here. Have it sent to you, encrypted, and read it in a mail program."
    ),
    "not-yet": N_("The request can't be accepted yet, and waits as before."),
    "not-yet-valid": N_("The key becomes valid in the future. Wait for its day, or send another one."),
    "only-a-revocation": N_("This is the revocation of a key, and no key."),
    "openpgp": N_("This can't be read as OpenPGP, so nothing was changed."),
    "refused-by-library": N_("The key relies on what is no longer safe. Send another one."),
    "refused-by-policy": N_("The key relies on what is no longer safe. Send another one."),
    "registry": N_("This can't be done with this key, so nothing was changed. Look at it again."),
    "request-refused": N_("This person can't be let in, and the request is over."),
    "revoked": N_("The key is revoked. Send another one."),
    "secret-key": N_("This is a secret key. Send the public one, and make a new key if others may have seen this."),
    "sent-already": N_(
        "This post was sent to you within the last five minutes. Look into your mailbox, or try again in five minutes."
    ),
    "setting": N_("A setting can't have this value, so nothing was changed."),
    "several-keys": N_("There is more than one key in this. Send the one that is to count."),
    "suspended": N_("The owners have suspended the key, so nothing was changed."),
    "too-large": N_("The key is too large. Export it without pictures, and send that."),
    "too-large-request": N_("This is more than can be sent at once. Send less at a time."),
    "too-many-parts": N_("The key has too many parts. Export it without what others have signed, and send that."),
    "waits-for-moderator": N_("This key waits for a moderator already, and you need not do anything."),
    "workflow": N_("The steps by which people join and leave are out of order here. Tell the operator of the site."),
    "wrong-address": N_("The key does not name this address. Add the address to it, and send it again."),
    "archiver-missing": N_("This site does not have this archiver. The operator of the site can add it."),
    "no-such-archiver": N_("Posts of encrypted lists are not archived in this way."),
    "too-many": N_("An archive is encrypted to no more certificates than it is now. Remove one first."),
}


def said(error: RefusedError) -> str:
    """A refusal in the language of the reader, and behind it, as it has the details, what Mailman itself says."""
    known = REFUSALS.get(error.code)
    if known is None or (get_language() or "en").startswith("en"):
        return str(error)
    text = str(gettext(known))
    return str(error) if text == known else f"{text} (Mailman: {error})"
