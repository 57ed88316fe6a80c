"""What Mailman says to a person of their own keys, so that translators get it; what is not here appears as Mailman says it, in English."""

from __future__ import annotations

from django_pgpmailman.rest_texts import N_

STANDINGS = (
    N_("your key counts"),
    N_("the delivery of posts to you is switched off"),
    N_("Switch it on in your settings, if you want posts."),
    N_("your key waits for your answer"),
    N_("Open the encrypted message that was sent to you, and answer it with yes."),
    N_("your key waits for a moderator"),
    N_("Wait: you are told what they decide."),
    N_("the list has no key of yours"),
    N_("Send your key."),
    N_("the owners have suspended your key"),
    N_("Write to the owners of the list."),
    N_("you chose digests, and the list makes none"),
    N_("Set your delivery mode to single messages."),
    N_("your key could not be used for encryption"),
    N_("Export it anew in your OpenPGP program, and send it again."),
    N_("your key has expired"),
    N_("Renew it: extend it in your mail program, and send it again."),
    N_("your key is revoked"),
    N_("Send another key."),
    N_("your key has no subkey for encryption that is valid now"),
    N_("Add one in your OpenPGP program, or extend the one that has expired, and send the key again."),
    N_("your key relies on SHA-1, or something else that is no longer safe"),
    N_("your key becomes valid in the future"),
    N_("Wait for its day. Or: Send another key."),
    N_("your key is damaged"),
    N_("your key does not name this address"),
    N_("Add the address to your key in your OpenPGP program, and send it again."),
    N_("your key can't be used at present"),
)

#: By the outcome of an offer, and whether the key is to take the place of another one.
OUTCOMES = {
    ("asked", False): N_(
        "An encrypted message goes to %(address)s. Open it with this key, and answer it with yes on a line of its own, encrypted and "
        "signed with this key: then it counts."
    ),
    ("asked", True): N_(
        "An encrypted message goes to %(address)s. Open it with this key, and answer it with yes on a line of its own, encrypted and "
        "signed with this key: then a moderator decides whether it takes the place of your key until now. Until then nothing is "
        "changed."
    ),
    ("waits", False): N_(
        "You have answered for this key already. A moderator decides whether it counts, and you are told."
    ),
    ("waits", True): N_(
        "You have answered for this key already. A moderator decides whether it counts, and you are told."
    ),
    ("counts", False): N_("This key counts for you already, and nothing in this copy is new."),
    ("refreshed", False): N_("This key counts for you already. What is new in this copy counts from now on."),
    ("revoked", False): N_("Your key is revoked, as it says itself, and counts no more. Send another one."),
    ("recorded", False): N_("What the key says of itself counts from now on, if the list knows that key."),
}
