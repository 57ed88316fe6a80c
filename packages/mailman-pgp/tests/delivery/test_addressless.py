"""Somebody is on a list as a user, and has no preferred address any more: nobody else suffers from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

OLGA, OTTO, MONA, ANNE = (f"{name}@example.com" for name in ("olga", "otto", "mona", "anne"))


@pytest.fixture
def addressless(mlist: Any, members: Any, healthy: Any, store: Session) -> Any:  # noqa: ARG001 - it makes a list key
    """The list, encrypted, with Olga and Mona, who look after it, Anne, a member, and Otto, who has gone out of reach."""
    encrypt(mlist, [])
    members.add(mlist, OLGA, role="owner", as_user=True)
    members.add(mlist, MONA, role="moderator")
    members.add(mlist, ANNE)
    gone = [members.add(mlist, OTTO, role=role, as_user=True) for role in ("owner", "moderator", "member")]
    del gone[0].user.preferred_address
    store.commit()
    return mlist


def test_status(addressless: Any) -> None:
    """Who gets nothing is shown."""
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415
    from mailman_pgp.overview.survey import survey  # noqa: PLC0415

    row = settings_of(addressless.list_id)
    assert row is not None
    found = survey(addressless, row, now())
    assert [person.address for person in found.staff] == [MONA, OLGA]
    assert [person.address for person in found.unserved] == [ANNE]


def test_certificates(addressless: Any) -> None:
    """They are listed on the command line."""
    from click.testing import CliRunner  # noqa: PLC0415

    from mailman_pgp.administration.group import pgp  # noqa: PLC0415 - core must be initialised

    result = CliRunner().invoke(pgp, ["certificate", "list", addressless.list_id])
    assert (result.exit_code, result.stderr) == (0, "")


def test_mail_to_the_owners(addressless: Any) -> None:
    """It goes to the others, as far as they can read it; a list that nobody looks after any more is the site owner's."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.pipeline import DiscardMessage  # noqa: PLC0415
    from mailman.testing.helpers import get_queue_messages, specialized_message_from_string  # noqa: PLC0415

    from mailman_pgp.handlers.owner_recipients import OwnerRecipients  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415

    def written_to() -> set[str]:
        msgdata: dict[str, Any] = {}
        Record(kind=Kind.OWNER, author=ANNE, message_id="<1@example.com>", claim="one").put(msgdata)
        message = specialized_message_from_string(f"From: {ANNE}\n\n")
        with pytest.raises(DiscardMessage):  # nobody has a certificate
            OwnerRecipients().process(addressless, message, msgdata)
        return {address for item in get_queue_messages("virgin") for address in item.msgdata["recipients"]} - {ANNE}

    get_queue_messages("virgin")
    assert written_to() == {OLGA, MONA}
    for member in list(addressless.administrators.members):
        if member.address is not None:
            member.unsubscribe()
    get_queue_messages("virgin")
    assert written_to() == {config.mailman.site_owner}
