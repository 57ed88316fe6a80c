"""What Mailman says of its settings, so that translators get it; what is not here appears as Mailman says it, in English."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - as gettext has it
    """Mark a text for translators."""
    return text


LABELS = (
    N_("Footer note"),
    N_("Replay window days"),
    N_("Lost key leave"),
    N_("Leave delay days"),
    N_("Key sign by"),
)

CHOICES = (N_("moderator"), N_("delay"), N_("nobody"), N_("owners"), N_("members"))

MEANINGS = (
    N_("A line in each post says who wrote it and what became of the signature."),
    N_(
        "How many days old the signature of a post may be. A signed post is accepted once; this is how long the list remembers it, "
        "so it can't be longer than the site's own window."
    ),
    N_(
        "What protects a member when somebody asks that they leave and does not prove to be them, as who has lost their key can't: "
        "a moderator decides, or they leave after a delay in which everybody concerned is told and may object."
    ),
    N_("How many days that delay lasts."),
    N_(
        "Whose certifications the list takes by the mail command `key sign`, and gives out with its certificate, where everybody "
        "sees them: nobody's, those of owners and moderators, or those of members, too."
    ),
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

DOORS = (N_("cli"), N_("rest"), N_("mail"), N_("workflow"), N_("site"))

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
    N_("their mail server has not taken a post for as long as it was tried"),
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
)
