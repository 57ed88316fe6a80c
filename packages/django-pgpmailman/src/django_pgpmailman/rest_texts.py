"""What Mailman says of its settings, so that translators get it; what is not here appears as Mailman says it, in English."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - as gettext has it
    """Mark a text for translators."""
    return text


def P_(_context: str, text: str) -> str:  # noqa: N802 - after pgettext
    """Mark one that other parts of the website have, too, and in another sense."""
    return text


LABELS = (
    N_("A line on who wrote a post"),
    N_("Authors' own signatures stay"),
    N_("Encrypted header fields in the text, too"),
    N_("Held posts are shown in the web"),
    N_("Days that a signature is good for"),
    N_("Leaving without a key"),
    N_("Days before somebody leaves without a key"),
    N_("Whose certifications the list's key has"),
    N_("Not encrypted"),
    N_("Old inline form"),
    N_("Can't be read"),
    N_("Not signed"),
    N_("From a stranger"),
    N_("By another key"),
    N_("Signature does not fit"),
    N_("Key had expired"),
    N_("Key has expired since"),
    N_("Key was revoked"),
    N_("Key was retired since"),
    N_("Signature has expired"),
    N_("Signature from the future"),
    N_("Weak signature"),
    N_("Key is not for signing"),
    N_("Written for another address"),
    N_("Says not for whom"),
    N_("Came before"),
    N_("Old signature"),
)

GROUPS = {"general": N_("The list"), "posts": N_("Posts that are not authenticated")}

CHOICES = (
    P_("encrypted lists", "moderator"),
    N_("delay"),
    N_("nobody"),
    N_("owners"),
    N_("members"),
    P_("encrypted lists", "hold"),
    P_("encrypted lists", "reject"),
    P_("encrypted lists", "discard"),
    P_("encrypted lists", "accept"),
    P_("encrypted lists", "defer"),
)

MEANINGS = (
    N_("A line in each post says who wrote it and what became of the signature."),
    N_(
        "The author's own signature stays on each post, where it can, so that members verify it themselves. Whoever has such a post can prove to anybody who wrote it."
    ),
    N_(
        "The subject and the other header fields that are encrypted stand above the text, too, for mail programs that don't show them; those that do hide the copy."
    ),
    N_(
        "Owners and moderators can read held posts in the web interface; so can whoever has a session of theirs, and the website's own machine."
    ),
    N_(
        "How many days old the signature of a post may be. A signed post is accepted once; this is how long the list remembers it, so it can't be longer than the site's own window."
    ),
    N_(
        "What protects a member when somebody asks that they leave and does not prove to be them, as who has lost their key can't: a moderator decides, or they leave after a delay in which everybody concerned is told and may object."
    ),
    N_("How many days that delay lasts."),
    N_(
        "Whose certifications the list takes by the mail command `key sign`, and gives out with its certificate, where everybody sees them: nobody's, those of owners and moderators, or those of members, too."
    ),
    N_("What becomes of a post that came in the clear."),
    N_(
        "What becomes of a post in the old inline form: an armored message as the text of a mail, and nothing beside it."
    ),
    N_(
        "What becomes of a post that can't be read, or is none: damaged, encrypted to another key, too large, without one author."
    ),
    N_("What becomes of a post that is encrypted, but not signed."),
    N_("What becomes of an encrypted post by somebody for whom no certificate counts on the list."),
    N_("What becomes of a post in a member's name that is signed by another key than the one that counts for them."),
    N_("What becomes of a post whose signature does not fit its content."),
    N_("What becomes of a post that was signed with a key that had expired."),
    N_("What becomes of a post that was signed in time, with a key that has expired since."),
    N_("What becomes of a post that was signed with a key that was revoked before, or because somebody else has it."),
    N_("What becomes of a post that was signed before its key was retired."),
    N_("What becomes of a post whose signature has expired."),
    N_("What becomes of a post whose signature is dated in the future."),
    N_("What becomes of a post whose signature was made with SHA-1, MD5 or other algorithms that are no longer safe."),
    N_("What becomes of a post that was signed with a key that is not made for signing."),
    N_("What becomes of a signed post that says that it was written for another address."),
    N_("What becomes of a signed post that does not say for whom it was written, as some mail programs have it."),
    N_("What becomes of a post that came before."),
    N_("What becomes of a post whose signature is older than the list's window."),
)

#: What requests wait for; one that ends on a day names it, and stays as it is.
WAITS = (
    N_("waits for a moderator"),
    N_("waits for a moderator: leaves without a proof"),
    N_("waits for proof"),
    N_("waits for a key"),
    N_("waits for a confirmation"),
    N_("waits for an answer to the invitation"),
)

ACTS = (
    N_("added"),
    N_("changed"),
    N_("updated"),
    N_("proved"),
    N_("approved"),
    N_("compared"),
    N_("suspended"),
    N_("resumed"),
    N_("removed"),
    N_("revoked"),
)

DOORS = (N_("cli"), N_("rest"), N_("mail"), N_("workflow"), P_("encrypted lists", "site"))

STATES = (N_("proven"), N_("approved"), N_("suspended"), N_("replaced"), N_("removed"))

FATES = (N_("taken"), N_("updated"), N_("same"), N_("recorded"), N_("refused"))

#: Why somebody gets nothing, or has missed a post; and what the owners do about it.
REASONS = (
    N_("no certificate"),
    N_("chose digests, and the list makes none"),
    N_("the certificate was refused when a post was encrypted"),
    N_("the certificate is suspended"),
    N_("the certificate has expired"),
    N_("the certificate is revoked"),
    N_("the certificate has no encryption subkey that is valid now"),
    N_("the certificate relies on SHA-1, or something else that is no longer safe"),
    N_("the certificate becomes valid in the future"),
    N_("the certificate does not name the address"),
    N_("the certificate is damaged"),
    N_("their mail server has not taken the post for as long as it was tried"),
    N_("the post was larger than the mail server takes"),
    N_("the mail server refuses mail to the address for good"),
    N_("still waiting: the mail server has not taken it yet"),
)
MENDS = (
    N_("Ask them for their certificate, and add it."),
    N_(
        "Switch digests on (`digests_enabled`), or set their delivery mode to single messages (in the web interface, or by REST: "
        "`delivery_mode: regular`)."
    ),
    N_("Ask them for a fresh copy of their certificate, and add it."),
    N_("When all is well, let it count again."),
    N_("Ask them to extend it and to send it again, and add it."),
    N_("Ask them for a new certificate, and add it."),
    N_("Ask them to add or extend an encryption subkey and to send it again, and add it."),
    N_("Wait for its day, or ask whether their clock was right."),
    N_("Ask them in another way whether their mailbox is full, or their address another one by now."),
    N_("Ask the author to send less, or whoever runs the mail server to take more."),
    N_("Ask them in another way for an address that works; what the server says is in Mailman's log `smtp`."),
    N_("There is nothing to do: it is tried again."),
)
