"""What the Mailman of `core_server` answers: one of each, as REST has it."""

from __future__ import annotations

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
BINARY = b"a certificate\x00\xff"
ARMORED = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\naGVsbG8=\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
OTHER_FINGERPRINT = "89ABCDEF0123456789ABCDEF0123456789ABCDEF"
TOKEN = "0123abc"  # of the first request and the first key at each list
OFFERED = {
    "fingerprint": FINGERPRINT,
    "version": 4,
    "user_ids": ["Anne <anne@example.com>", "<b>bold</b> \u202e<anne@example.com>"],
    "algorithm": "Ed25519",
    "created": "2026-01-01T00:00:00Z",
    "expires": None,
    "age_days": 300,
    "usable": True,
    "problem": None,
    "words": None,
    "armored": ARMORED,
}
REQUEST = {
    "token": TOKEN,
    "address": "anne<i>@example.com",
    "purpose": "join",
    "workflow": "pgp-join",
    "waits_for": "moderator",
    "reason": "waits for a moderator",
    "since": "2026-11-01T00:00:00Z",
    "expires": "2026-12-01T00:00:00Z",
    "certificate": {**OFFERED, "state": "proven", "compared": None},
}
CHANGE = {
    "token": TOKEN,
    "address": "anne<i>@example.com",
    "member": True,
    "since": "2026-11-01T00:00:00Z",
    "expires": "2026-12-01T00:00:00Z",
    "certificate": OFFERED,
    "earlier": OTHER_FINGERPRINT,
    "counting": OTHER_FINGERPRINT,
    "chosen": {**OFFERED, "fingerprint": OTHER_FINGERPRINT, "user_ids": ["Anne of before <anne@example.com>"]},
    "suspended": False,
    "outdated": False,
}
HELD = {
    "number": 7,
    "kind": "post",
    "author": "anne<i>@example.com",
    "message_id": "<1@example.com>",
    "since": "2026-11-01T00:00:00Z",
    "size": 5000,
    "reasons": ["The message comes from a <moderated> member"],
    "signature": {
        "authenticated": False,
        "status": "none",
        "fingerprint": None,
        "words": "not signed: anybody may have written this",
    },
    "content_link": "http://127.0.0.1/content",
}
CONTENT = {
    "author_name": "Anne <script>alert(1)</script>",
    "subject": "At </dd> noon",
    "date": "Mon, 02 Nov 2026 10:00:00 +0200",
    "unprotected": ["Date"],
    "text": "The <kestrel> flies.\n\n</div><script>alert(2)</script>\n{{ user }} {% now 'Y' %}",
    "from_html": False,
    "complete": True,
    "attachments": [{"name": 'plan"><img src=x>.pdf', "type": "application/<pdf>", "size": 2048}],
    "more_attachments": 0,
}
SETTINGS = [
    {
        "name": "footer_note",
        "label": "Footer note",
        "group": "general",
        "type": "yes-no",
        "default": True,
        "least": None,
        "greatest": None,
        "choices": None,
        "of_site": None,
        "takes": "yes or no",
        "meaning": "A line in each post says who wrote it and what became of the signature.",
    },
    {
        "name": "replay_window_days",
        "label": "Replay window days",
        "group": "general",
        "type": "number",
        "default": None,
        "least": 1,
        "greatest": 30,
        "choices": None,
        "of_site": 30,
        "takes": "a whole number from 1 to 30",
        "meaning": "How many days old the signature of a post may be.",
    },
    {
        "name": "key_sign_by",
        "label": "Key sign by",
        "group": "general",
        "type": "choice",
        "default": "owners",
        "least": None,
        "greatest": None,
        "choices": ["nobody", "owners", "members"],
        "of_site": None,
        "takes": "`nobody` or `owners` or `members`",
        "meaning": "Whose certifications the list takes.",
    },
    {
        "name": "of_tomorrow",
        "label": "Of tomorrow",
        "group": "tomorrow",
        "type": "a kind that is not there yet",
        "default": "a word",
        "least": None,
        "greatest": None,
        "choices": None,
        "of_site": None,
        "takes": "a word",
        "meaning": "A setting <that> nobody knows.",
    },
]
