"""What core lets past the workflows: each is known, and stands in docs/workflows.md."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session


def members(mlist: Any) -> set[str]:
    """The addresses of the list's members."""
    return {member.address.email for member in mlist.members.members}


def asked(mlist: Any) -> list[Any]:
    """The requests that wait at the list."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    return [token for token, _ in getUtility(IPendings).find(mlist=mlist)]


def test_importer(mlist: Any, store: Session, tmp_path: Path) -> None:
    """``mailman import21`` makes members of a list whose moderator would have to be asked."""
    from click.testing import CliRunner  # noqa: PLC0415 - core must be initialised
    from mailman.commands.cli_import import import21  # noqa: PLC0415
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415

    mlist.subscription_policy = SubscriptionPolicy.moderate
    store.commit()
    saved = tmp_path / "config.pck"
    saved.write_bytes(pickle.dumps({"members": {"anne@example.org": 0}, "archive": True}))
    done = CliRunner().invoke(import21, [mlist.fqdn_listname, str(saved)])
    assert done.exit_code == 0, done.output
    assert (members(mlist), asked(mlist)) == ({"anne@example.org"}, [])


def test_bounces(mlist: Any, store: Session, person: Callable[..., Any]) -> None:
    """Whose mail comes back for weeks is removed from a list where a moderator would have to be asked."""
    from mailman.interfaces.bounce import IBounceProcessor  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415
    from mailman.interfaces.member import DeliveryStatus  # noqa: PLC0415
    from mailman.utilities.datetime import now  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    mlist.unsubscription_policy = SubscriptionPolicy.moderate
    member = mlist.subscribe(person())
    member.preferences.delivery_status = DeliveryStatus.by_bounces
    member.total_warnings_sent = mlist.bounce_you_are_disabled_warnings
    member.last_warning_sent = now() - mlist.bounce_you_are_disabled_warnings_interval - dt.timedelta(days=1)
    store.commit()
    getUtility(IBounceProcessor).send_warnings_and_remove()
    assert (members(mlist), asked(mlist)) == (set(), [])
