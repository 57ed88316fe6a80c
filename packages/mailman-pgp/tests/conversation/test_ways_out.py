"""Who can be sent nothing reads which command mends it, at which address; and it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, ENCRYPT, Key, forge, now
from talkers import Talker, entity
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Members
    from keys import Forged
    from told import Told

ANNE = "anne@example.net"
_COMMAND = re.compile(r"`(key \w+)`")


def skipped(mlist: Any, reason: str) -> Told:
    """What Anne is told who is sent no post for this reason."""
    from mailman_pgp.notices.unsent import send_skipped  # noqa: PLC0415 - core must be initialised

    send_skipped(mlist, ANNE, reason)
    (notice,) = told()
    return notice


def commands_in(notice: Told, mlist: Any) -> set[str]:
    """The commands that a notice names; there is an address to write them to, and an answer goes there, too."""
    text = " ".join(notice.text.split())
    assert mlist.request_address in text
    assert mlist.request_address in notice.headers
    return set(_COMMAND.findall(text))


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        ("no-certificate", "key set"),
        ("expired", "key refresh"),
        ("no-encryption-subkey", "key refresh"),
        ("wrong-address", "key refresh"),
        ("refused-by-library", "key refresh"),
        ("revoked", "key change"),
        ("refused-by-policy", "key change"),
        ("not-yet-valid", "key change"),
        ("anything-else", "key change"),
    ],
)
def test_each_reason(encrypted: Any, reason: str, command: str) -> None:
    """There is one thing to do."""
    assert commands_in(skipped(encrypted, reason), encrypted) == {command}


@pytest.mark.parametrize("reason", ["suspended", "digest-mode"])
def test_what_only_owners_mend(encrypted: Any, reason: str) -> None:
    """No command is named that would not help."""
    notice = skipped(encrypted, reason)
    assert encrypted.owner_address in notice.text
    assert _COMMAND.findall(notice.text) == []


def test_other_notices(encrypted: Any) -> None:
    """Who is reminded, or who can't be sent a notice or mail to the owners, is told how, too."""
    from mailman_pgp.model.database import now as at  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices import reminding, unsent  # noqa: PLC0415

    reminding.send_ending(encrypted, ANNE, at(), at())
    unsent.send_unread(encrypted, ANNE, "no-certificate", unsent.Fate.REFUSED)
    unsent.send_waiting(encrypted, ANNE)
    named = {one.template: commands_in(one, encrypted) for one in told()}
    assert named == {
        "ending": {"key refresh", "key change"},
        "unread": {"key set"},
        "waiting": {"key set", "key refresh", "key change"},
    }


def test_where_a_key_waits(encrypted: Any) -> None:
    """Who looks after the list, and is told that something waits, reads where keys wait that the web interface does not show."""
    from mailman_pgp.notices.unsent import send_waiting  # noqa: PLC0415 - core must be initialised

    send_waiting(encrypted, ANNE)
    (notice,) = told()
    assert "keys of members by `mailman pgp change`" in " ".join(notice.text.split())


def test_a_member_without_a_key(encrypted: Any, members: Members) -> None:
    """Does what is written, and can be sent posts."""
    members.add(encrypted, ANNE)
    told()
    anne = Talker.make(ANNE, encrypted)
    (command,) = commands_in(skipped(encrypted, "no-certificate"), encrypted)
    question = anne.asked(anne.clear(entity(command, attached=anne.key.certificate)))
    anne.tell(anne.reply(question))
    assert problem(encrypted) == ""


def test_a_key_that_has_expired(encrypted: Any, members: Members) -> None:
    """The extended copy counts at once."""
    expired = forge(f"Anne <{ANNE}>")
    subkey = Key.encrypting(now() - 100 * DAY)
    expired.bind(subkey, ENCRYPT, lifetime=DAY)
    anne = talker(encrypted, expired)
    anne.counts()
    members.add(encrypted, ANNE)
    told()
    reason = problem(encrypted)
    (command,) = commands_in(skipped(encrypted, reason), encrypted)
    expired.bind(subkey, ENCRYPT, at=now() - DAY)
    anne.tell(anne.clear(entity(command, attached=expired.public)))
    assert problem(encrypted) == ""


def talker(mlist: Any, made: Forged) -> Talker:
    """Anne, with a key of which a test has chosen the dates."""
    return Talker(ANNE, mlist, MemberKey(made.secret))


def problem(mlist: Any) -> str:
    """Why Anne can be sent nothing; empty when she can."""
    from mailman_pgp.exchange.counting import counting  # noqa: PLC0415 - core must be initialised

    return counting(mlist.list_id, ANNE).problem
