"""The texts of our notices: a subject and a body each.

They may name addresses, the list's fingerprint and a reason of ours.  Nothing that came in a message may be put into them.
"""

from __future__ import annotations

from mailman_pgp.i18n import N_
from mailman_pgp.notices.closing import END, LAST, NOT_ME
from mailman_pgp.notices.command_templates import COMMAND_TEMPLATES

#: What comes from the address that takes commands, since that is where the reader writes next; the rest comes from the owners.
TO_REQUEST = (frozenset(COMMAND_TEMPLATES) | {"join-key", "skipped", "unread", "ending", "waiting"}) - {
    "held",
    "key-rejected",
}

#: What is said in the clear in any case, since its reader may have lost the key that counts.
CLEAR = frozenset({"key-changed-clear", "leaving"})

#: What is signed by the key by which its reader knows the list, while they learn of another one.
ANNOUNCING = frozenset({"new-list-key"})

TEMPLATES: dict[str, tuple[str, ...]] = {
    **COMMAND_TEMPLATES,
    "refusal": (
        N_("Your message to {address} was not accepted"),
        N_("""\
Your message to the encrypted mailing list
{address} was not accepted.

{reason}

Nothing of what you wrote was kept or passed on."""),
        LAST,
        END,
    ),
    "rejected": (
        N_("Your message to {address} was not accepted"),
        N_("""\
Your message to the encrypted mailing list
{address} was read by those who look after it.
It is not passed on, and not kept.

{comment}"""),
        END,
    ),
    "taken": (
        N_("Your message reached {list}"),
        N_("""\
Your message to the encrypted mailing list
{address} was posted to its members,
together with the certificate that came with it, so that they can answer you
encrypted."""),
        LAST,
        END,
    ),
    "skipped": (
        N_("You receive no posts of {list} at present"),
        N_("""\
There are posts on the encrypted mailing list {address}
that could not be sent to you.

{reason}

{how}

Your subscription is not changed, and this is no bounce. Posts reach you again
as soon as that is mended."""),
        END,
    ),
    "unread": (
        N_("Mail to the owners of {list} could not be sent to you"),
        N_("""\
Somebody wrote to the owners of the encrypted mailing list
{address}, and you look after it.
The message could not be sent to you.

{reason}

{fate}

{how}

Until then this can happen again; you are told once a day at most."""),
        END,
    ),
    "ending": (
        N_("Your certificate for the list {list}"),
        N_("""\
The encrypted mailing list {address}
encrypts what it sends you to a certificate of yours.

{reason}

Extend it in your mail program or OpenPGP program (the date on which the key
expires, and that of its subkeys). {how}

If you want to use another key in its place, send `key change` with that in
the same way, and sign it with the one of now; else a moderator decides."""),
        END,
    ),
    "key-changed": (
        N_("Your key for the list {list}"),
        N_("""\
This is about your key (certificate) for the encrypted mailing list
{address}.

{what}

{keys}

{how}"""),
        NOT_ME,
        END,
    ),
    "key-changed-clear": (
        N_("Your key for the list {list}"),
        N_("""\
This is about your key (certificate) for the encrypted mailing list
{address}.

{what}

{keys}

This mail is not encrypted, so it says no more."""),
        NOT_ME,
        END,
    ),
    "office-ended": (
        N_("You look after {list} no more"),
        N_("""\
This is about the encrypted mailing list
{address}.

{what}

{how}

If you don't know of this, somebody else may be using the account of one of
the owners. Ask them in another way than by mail, or the site's operator. In
the meantime somebody may have been made an owner or a moderator of whom you
were not told. If you look after the list again, see who else does, and bring
your key anew."""),
        END,
    ),
    "new-list-key": (
        N_("The list {list} has a new key"),
        N_("""\
The encrypted mailing list {address}
has a new key. From now on encrypt to it what you write to the list.

{what}

{keys}

Programs that read Autocrypt learn it from the list's mail. In others import
the attached certificate."""),
        END,
    ),
    "too-large": (
        N_("Your message to {address} was too large"),
        N_("""\
Your message to the encrypted mailing list
{address} was accepted, but it is larger than the mail server takes
that should send it on. Some members, or all, did not get it, and it is not
tried again.

Please send a smaller one, or a link in its place."""),
        END,
    ),
    "missed": (
        N_("A post of {list} could not be sent to you"),
        N_("""\
There was a post on the encrypted mailing list {address}
that could not be sent to you. The mail server refused your copy, again and
again for days, and it was given up.

Your subscription is not changed, and this is no bounce. Ask your mail
provider why mail from {address} was refused."""),
        END,
    ),
    "undelivered": (
        N_("A post of {list} did not reach everybody"),
        N_("""\
There was a post on the encrypted mailing list {address}
that did not reach everybody.

{reason}

No bounce was counted. How many copies there were: mailman pgp status
{address}; to whom: the site's smtp.log."""),
        END,
    ),
    "unarchived": (
        N_("A post of {list} was not archived"),
        N_("""\
There was a post on the encrypted mailing list {address}
that went to its members, and is not in the archive as it should be.

{reason}

You are told of this once a day at most; the site's error.log has each case."""),
        END,
    ),
    "join-key": (
        N_("Your certificate is needed to join {list}"),
        N_("""\
Somebody, probably you, asked that this address joins the encrypted mailing
list {address}.

Each member is sent posts encrypted to their own key. So the list needs your
certificate (your public key) first. Send it from this address to {request}
with the subject `key set`, as an attachment. You are then asked, by a message
encrypted to it, whether you want to join; answer as it says. Your request
waits for 30 days.

If you did not ask for this, do nothing."""),
        END,
    ),
    "leaving": (
        N_("Somebody asked that you leave {list}"),
        N_("""\
Somebody asked that this address leaves the encrypted mailing list
{address}, and did not prove to be you.

{when}

If you want to stay, send the signed command `stay` to {request}, or write to
{owner}. If you want to leave and have your key, you can leave at once: answer
the encrypted message that comes with this one. If you want to leave and have
lost your key, do nothing."""),
        END,
    ),
    "left": (
        N_("You are no member of {list} any more"),
        N_("""\
You are no member of the encrypted mailing list
{address} any more. No post of it is sent to you
from now on.

If you did not want this, write to {owner}, encrypted to
the attached certificate."""),
        END,
    ),
    "waiting": (
        N_("Something waits for you at {list}"),
        N_("""\
There is a message for you about the encrypted mailing list
{address}
that may be sent to you only encrypted, and the list has no certificate of
yours that can be used.

If you look after this list, you find what waits in its web interface, and
keys of members by `mailman pgp change`.

So that it can write to you, send the list your certificate (your public key):
a new message to {request} with the subject `key set`
and, in Thunderbird, `Security > Attach my public key`. Reply to the encrypted
answer, encrypted and signed, with the word yes on top. The list may have one
that has expired: send the extended copy with the subject `key refresh`,
or another key with `key change`."""),
        END,
    ),
}
