"""The doctor's look at the kinds of list keys: which are experimental, and whether mail to them is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import Profile, profile_of
from mailman_pgp.openpgp.hybrid import is_supported
from mailman_pgp.site.doctor_findings import Area, Finding, error, information

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_KINDS = {Profile.V6: "of version 6", Profile.POST_QUANTUM: "post-quantum"}


def examine(connected: Connection) -> Iterator[Finding]:
    """Look at the key of each list, and at the keys of before that open mail."""
    lacks = not is_supported()
    rows = connected.execute(select(ListKey.list_id, ListKey.certificate, ListKey.state).order_by(ListKey.list_id))
    for list_id, certificate, state in rows.all():
        kind = profile_of(certificate)
        if kind is Profile.POST_QUANTUM and lacks:
            yield error(
                Area.LISTS,
                f"A key of {list_id} is post-quantum, and the `cryptography` that is installed has no ML-KEM: mail to it can't be opened.",
                "Install it from its wheel: `pip install --force-reinstall --only-binary :all: cryptography`.",
            )
        elif kind.experimental and state == "current":
            yield information(
                Area.LISTS,
                f"The key of {list_id} is {_KINDS[kind]}, which is experimental: not every program can deal with it.",
                f"`mailman pgp list-key rotate {list_id} --profile usual` gives it one that every program knows.",
            )
