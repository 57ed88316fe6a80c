"""The texts with which commands by mail are answered where nothing is proved; as `mailman_pgp.notices.templates`.

Each says the same to members and to strangers.
"""

from __future__ import annotations

from mailman_pgp.i18n import N_
from mailman_pgp.notices.closing import END, LAST

_YOURS = N_("""\
You wrote to {request}, which takes commands for
the encrypted mailing list {address}.""")

_NO_COMMAND = N_("""\
If you have sent none, and were asked whether you want to join or to leave: send `join` or `leave` to
{request}, encrypted and signed; to stay a member, send `stay` there. If you look after the list, decide in its web interface,
or about the key of a member by `mailman pgp change`.""")

COMMAND_TEMPLATES: dict[str, tuple[str, ...]] = {
    "help": (
        N_("How to use the list {list}"),
        N_("""\
{address} is an encrypted mailing list. Members write to it encrypted to the
list's key and signed with their own; each member receives the post encrypted
to their own key and signed by the list.

First import the attached certificate into your mail program. In Thunderbird:
open the attachment, choose `Import`, accept the key, and compare its
fingerprint (below) when you can.

To post: write to {address}, encrypted and signed (PGP/MIME).

These commands go to {request}, in the subject or on a line
of their own. Encrypt to the attached certificate where you can.

{commands}
What has to be signed must hold the command where the signature covers it: in
the text, or in a subject that your mail program protects. You are asked by an
encrypted message with a code, and it is done when you reply to that, encrypted
and signed, with the word yes on top."""),
        LAST,
        END,
    ),
    "key-get": (
        N_("The certificate of the list {list}"),
        N_("""\
Here is the certificate of the encrypted mailing list {address}.
Import it into your mail program."""),
        LAST,
        END,
    ),
    "send-key": (
        N_("Your certificate is needed for the list {list}"),
        _YOURS,
        N_("""\
Your message holds a command that needs your certificate (your public key) with it.

In Thunderbird: write to {request} with the same
command as the subject, and choose `Security > Attach my public key`. In other
programs: attach the file that `gpg --armor --export YOUR-ADDRESS` writes. It must
carry the address from which you write. You get an encrypted answer with a code,
and it is done when you reply to that, encrypted and signed, with the word yes."""),
        LAST,
        END,
    ),
    "certificate-refused": (
        N_("Your certificate was not taken by the list {list}"),
        _YOURS,
        N_("""\
Your message brought a certificate that can't be used. Nothing was done.

{reason}"""),
        LAST,
        END,
    ),
    "command-refused": (
        N_("Your command to the list {list} can't be done"),
        _YOURS,
        N_("""\
Your message holds a command that can't be done. Nothing was done.

{reason}"""),
        LAST,
        END,
    ),
    "needs-signature": (
        N_("Your command to the list {list} has to be signed"),
        _YOURS,
        N_("""\
Your message was not signed by a key that counts for your address there. Nothing was done.

Send it again, signed by that key. If you have lost it: `key change` with another
one asks a moderator, `leave` needs no key, and the owners of the list can help:
{owner}.

{reason}"""),
        LAST,
        END,
    ),
    "command-outside": (
        N_("Your command to the list {list} has to stand in the text"),
        _YOURS,
        N_("""\
Your message was signed, but the signature does not cover the command: it stands in a subject
that your mail program leaves outside. Nothing was done.

Send it again with the command on a line of its own in the text."""),
        LAST,
        END,
    ),
    "leave-unproved": (
        N_("Your request to leave the list {list}"),
        _YOURS,
        N_("""\
Your message asks that you leave, and is not signed.

If you are a member, you get another message about it, and your request goes on as
the list's rules for members without their key say. Else nothing happens.

If it was not you, write to {owner}."""),
        LAST,
        END,
    ),
    "code-unknown": (
        N_("The list {list} does not know this code"),
        _YOURS,
        N_("""\
Your message holds a code that the list does not wait for, in your name: it was used already,
is too old, or belongs to another list or address. Nothing was done.

Send your command again, and you get a new one."""),
        _NO_COMMAND,
        LAST,
        END,
    ),
    "code-missing": (
        N_("Your reply to the list {list} holds no code"),
        _YOURS,
        N_("""\
Your message reads like the answer to a question, but the code of the question is not in it.
Nothing was done.

Reply once more to the message that asked you, and leave the code in what you quote. If you
have no such message: write to {request} with the subject `help`."""),
        LAST,
        END,
    ),
    "code-seen": (
        N_("Your reply to the list {list} was not encrypted"),
        _YOURS,
        N_("""\
Your message holds its code where others can read it: it was not encrypted. The code does not
count any more, and nothing was done.

Send your command again, and reply to the answer encrypted and signed."""),
        _NO_COMMAND,
        LAST,
        END,
    ),
    "no-yes": (
        N_("Your reply to the list {list} does not say yes"),
        _YOURS,
        N_("""\
Your message holds its code, but neither yes nor no on a line of its own outside of what is
quoted. Nothing was done; the code counts still.

Reply to the message with the code once more, with the word yes on top."""),
        LAST,
        END,
    ),
    "reply-refused": (
        N_("Your reply to the list {list} does not count"),
        _YOURS,
        N_("""\
Your message holds the right code, but does not count.

{reason}"""),
        LAST,
        END,
    ),
    "forgotten": (
        N_("It is forgotten: {list}"),
        _YOURS,
        N_("""\
Your message says no. What was asked is forgotten, and nothing was done."""),
        LAST,
        END,
    ),
    "refreshed": (
        N_("Your certificate at the list {list}"),
        _YOURS,
        N_("""\
Your message brought a certificate. What its key says of itself counts from now on, if the list
knows that key: a later end, new subkeys, or that it is revoked."""),
        LAST,
        END,
    ),
    "done": (
        N_("Your commands to the list {list}"),
        _YOURS,
        N_("""\
Your message was taken. The answer may be sent to you only encrypted, and the list has no
certificate of yours that can be used now."""),
        LAST,
        END,
    ),
    "key-rejected": (
        N_("Your other key does not count at the list {list}"),
        N_("""\
You asked the encrypted mailing list {address}
to let another key count for you. A moderator has rejected that. The key from
before counts still. Write to {owner}, encrypted to the attached
certificate."""),
        END,
    ),
    "held": (
        N_("Your message to {address} waits"),
        N_("""\
Your message to the encrypted mailing list {address}
waits for a moderator, for this reason:

{reason}

When a moderator accepts it, it goes to the members. When they reject it, you
are told; when they discard it, you are not."""),
        LAST,
        END,
    ),
}
