"""What stands below most of our texts, each a paragraph or more of its own."""

from __future__ import annotations

from mailman_pgp.i18n import N_

#: Filled with `LAST_ANSWER`, or with nothing.
LAST = "{last}"

LAST_ANSWER = N_("""\
This is the last answer to your address for a day. More messages in your name
that the list does not accept are refused without one; its owners see how many.""")

#: Filled into what is said in the clear, where more would be said encrypted.
NOT_ENCRYPTED = N_("This mail is not encrypted, so it says no more.")

NOT_ME = N_("""\
If you don't know of this, write to {owner} at once,
encrypted to the attached certificate. Sign with a key that nobody else may
have, and attach it: one that is suspended, removed or revoked, or has been
replaced, can't be used to write to the list.""")

END = N_("""\
The list's certificate is attached. Its fingerprint is

    {fingerprint}

Please compare it with one that you got in another way.

The owners of the list: {owner}""")
