"""The way of a post through its pipeline, beside all others who use the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from outgoing import encrypt, waiting
from rivals import rival

if TYPE_CHECKING:
    from conftest import Members

pytestmark = pytest.mark.usefixtures("healthy", "chains")
ANNE, BART = "anne@example.com", "bart@example.com"


def accept(mlist: Any) -> None:
    """Put a post of Anne's into the queue `pipeline`, as the gate does."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    record = Record(kind=Kind.POST, author=ANNE, message_id="<kestrel@x>", claim="kestrel")
    entity = b'Subject: Kestrels\r\nContent-Type: text/plain; hp="cipher"\r\n\r\nNoon\r\n'
    post = seal_message(Message(), mlist.list_id, record, Content(entity, {}))
    config.switchboards["pipeline"].enqueue(post, listid=mlist.list_id, **record.to_kws())


def test_a_large_post_keeps_nobody_from_the_database(
    core: Any, mlist: Any, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While copies of a post are written into the queue `out`, others can write: SQLite has one lock for all of them."""
    from mailman.core.switchboard import Switchboard  # noqa: PLC0415 - core must be initialised
    from mailman.model.mailinglist import MailingList  # noqa: PLC0415

    from mailman_pgp.runners.pipeline import PipelineRunner  # noqa: PLC0415

    encrypt(mlist, [ANNE, BART])
    members.add(mlist, ANNE)
    members.add(mlist, BART)
    accept(mlist)
    before, kept_out, queued = mlist.post_id, [], []
    same = sa.update(MailingList.__table__).values(post_id=MailingList.post_id)
    with rival(core, same) as is_kept_out:

        def enqueue(_switchboard: Any, _message: Any, metadata: dict[str, Any], **_keywords: Any) -> None:
            kept_out.append(is_kept_out())
            queued.append(metadata["recipients"])

        monkeypatch.setattr(Switchboard, "enqueue", enqueue)
        PipelineRunner("pipeline")._one_iteration()
    assert (queued, kept_out) == ([[ANNE, BART]], [False])
    assert mlist.post_id == before + 1
    assert mlist.last_post_at is not None


def test_what_can_not_be_written_down_is_not_handed_on(core: Any, mlist: Any, members: Members) -> None:
    """Where the database takes no change, the post is shunted with no copy on its way: put back, it goes to each member once."""
    from mailman_pgp.runners.pipeline import PipelineRunner  # noqa: PLC0415 - core must be initialised

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE mailinglist"):
            raise sa.exc.OperationalError(statement, {}, Exception("database is locked"))

    encrypt(mlist, [ANNE])
    members.add(mlist, ANNE)
    for name in core.switchboards["virgin"].files:
        core.switchboards["virgin"].dequeue(name)
        core.switchboards["virgin"].finish(name)
    accept(mlist)
    sa.event.listen(core.db.engine, "before_cursor_execute", fail)
    try:
        PipelineRunner("pipeline")._one_iteration()
    finally:
        sa.event.remove(core.db.engine, "before_cursor_execute", fail)
    assert waiting() == {"shunt": 1}
