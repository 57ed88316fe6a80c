"""Whose certifications a list takes by `key sign`: those of the roles that its owners allow, when they are asked and when they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import POSITIVE, certified, forge_usable, now, signature
from talkers import Talker
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.openpgp.packets import walk

if TYPE_CHECKING:
    from keys import Forged
    from sqlalchemy.orm import Session

_USER_ID = 13  # the tag of its packet

ROLES = [
    ("nobody", "owner", False),
    ("nobody", "member", False),
    ("owners", "owner", True),
    ("owners", "moderator", True),
    ("owners", "member", False),
    ("members", "owner", True),
    ("members", "member", True),
    ("members", "nonmember", False),
]


@pytest.fixture
def gina() -> Forged:
    """A key whose parts are at hand."""
    return forge_usable("Gina <gina@example.net>")


def allow(mlist: Any, whom: str, store: Session) -> None:
    """Set it as an owner does."""
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.settings import change  # noqa: PLC0415

    row = settings_of(mlist.list_id)
    assert row is not None
    change(row, {"key_sign_by": whom})
    store.commit()


def certifying(gina: Forged, mlist: Any, members: Any, role: str) -> tuple[Talker, bytes]:
    """Gina in a role, and her command with a copy of the list's certificate that she has certified."""
    talker = Talker("gina@example.net", mlist, MemberKey(gina.secret))
    talker.counts()
    members.add(mlist, talker.address, role=role)
    told()
    whole = talker.list_certificate
    primary, *rest = walk(whole)
    first = next(packet for packet in rest if packet.tag == _USER_ID)
    made = signature(gina.primary, POSITIVE, certified(primary.body, first.body.decode()), at=now())
    return talker, talker.command("key sign", attached=whole[: first.end] + made + whole[first.end :])


def taken(mlist: Any) -> list[str]:
    """Whose certifications the list gives out."""
    from mailman_pgp.keys import certifications  # noqa: PLC0415 - core must be initialised

    return [held.address for held in certifications.by_signer(mlist.list_id).values()]


@pytest.mark.parametrize(("setting", "role", "may"), ROLES)
def test_roles(
    encrypted: Any, gina: Forged, members: Any, store: Session, setting: str, role: str, *, may: bool
) -> None:
    """Whoever may is asked, and it is given out by their answer; anybody else is told so, and is not asked."""
    allow(encrypted, setting, store)
    talker, mail = certifying(gina, encrypted, members, role)
    if not may:
        (refused,) = talker.tell(mail)
        assert (refused.template, refused.recipient) == ("command-refused", talker.address)
        assert "do not take certifications from you" in " ".join(refused.text.split())
        assert taken(encrypted) == []
        return
    question = talker.asked(mail)
    assert taken(encrypted) == []
    assert "with your certification" in talker.answers(talker.reply(question))
    assert taken(encrypted) == [talker.address]


@pytest.mark.parametrize("how", ["setting", "role"])
def test_no_more_when_they_answer(encrypted: Any, gina: Forged, members: Any, store: Session, how: str) -> None:
    """Who may no more when they answer has certified nothing here, whatever they were asked."""
    allow(encrypted, "members", store)
    talker, mail = certifying(gina, encrypted, members, "member")
    question = talker.asked(mail)
    if how == "setting":
        allow(encrypted, "owners", store)
    else:
        encrypted.members.get_member(talker.address).unsubscribe()
        talker.counts()  # as who is on another list, or comes again, has it
        store.commit()
        told()
    assert "do not take certifications from you" in talker.answers(talker.reply(question))
    assert taken(encrypted) == []
