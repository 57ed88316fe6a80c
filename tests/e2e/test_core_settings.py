"""Mailman's own settings that an encrypted list leaves to its owners do there what they do on any list.

What it keeps is tested in `test_settings_by_rest`; the table of all of them stands in docs/operations.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList

CROWD = ", ".join(f"anybody{number}@example.net" for number in range(12))


def change(encrypted: EncryptedList, **settings: str) -> None:
    """Change settings as the web interface does."""
    encrypted.sandbox.rest(f"lists/{encrypted.list_id}/config", settings, "PATCH")


@pytest.mark.parametrize(
    ("settings", "to"),
    [
        ({"emergency": "yes"}, "{list}"),
        ({"default_member_action": "hold"}, "{list}"),
        ({"max_num_recipients": "10"}, "{list}, " + CROWD),
        ({"require_explicit_destination": "yes"}, "somebody@example.net"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_hold_posts(encrypted_list: EncryptedList, settings: dict[str, str], to: str) -> None:
    """A post is held that passes without the setting."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    off = {"max_num_recipients": "0", "require_explicit_destination": "no"}
    line, other = f"\nTo: {encrypted_list.address}\n", f"\nTo: {to.format(list=encrypted_list.address)}\n"
    change(encrypted_list, **off)
    anne.send(anne.write("Without").replace(line.encode(), other.encode(), 1))
    bart.mail()
    change(encrypted_list, **(off | settings))
    anne.send(anne.write("With").replace(line.encode(), other.encode(), 1))
    path = f"lists/{encrypted_list.list_id}/held/count"
    until(lambda: encrypted_list.sandbox.rest(path)["count"], "the post is held")
    encrypted_list.sandbox.wait_until_idle()
    assert len(bart.mail()) == 1


def test_settings_that_write_headers(encrypted_list: EncryptedList) -> None:
    """List-* fields stand outside each copy until they are switched off, and the prefix; the subject stands inside."""
    anne = encrypted_list.member("Anne")
    change(encrypted_list, subject_prefix="[ants] ", include_rfc2369_headers="yes", allow_list_posts="no")
    anne.post(subject="One")
    (kept,) = anne.mail()
    assert kept.message["list-post"] == "NO"
    assert kept.message["subject"] == "[...]"
    assert anne.open(kept)["subject"] == "[ants] One"
    change(encrypted_list, include_rfc2369_headers="no")
    anne.post("Again", subject="Two")
    kept = anne.mail(2)[-1]
    # List-Id always stands: by it a list knows its own mail.
    assert {name.lower() for name in kept.message if name.lower().startswith("list-")} == {"list-id"}


def test_replies_go_to_the_list(encrypted_list: EncryptedList) -> None:
    """Whatever the author asked for, a copy is from the list's address and asks for no other one to reply to."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    inside = anne.payload().replace(b"\nTo: ", b"\nReply-To: anne@elsewhere.example\nTo: ", 1)
    anne.send(anne.envelope(anne.key.write(inside, encrypted_list.certificate)))
    (kept,) = bart.mail()
    for message in (kept.message, bart.open(kept)):
        assert encrypted_list.address in message["from"]
        assert "reply-to" not in message
