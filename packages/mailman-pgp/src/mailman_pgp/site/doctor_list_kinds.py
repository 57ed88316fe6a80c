"""The doctor's look at the kinds of list keys: which are experimental, and whether mail to them is opened here."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import Profile, has_ml_kem, profile_of
from mailman_pgp.openpgp.hybrid import is_supported
from mailman_pgp.site.doctor_findings import Area, Finding, error, information

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_KINDS = {Profile.V6: "of version 6", Profile.POST_QUANTUM: "post-quantum"}


def examine(connected: Connection) -> Iterator[Finding]:
    """Look at the key of each list, and at the keys of before that open mail."""
    lacks, at = not is_supported(), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    columns = (ListKey.list_id, ListKey.certificate, ListKey.state, ListKey.revoked, ListKey.opens_until)
    rows = connected.execute(select(*columns).order_by(ListKey.list_id))
    for list_id, certificate, state, revoked, until in rows.all():
        kind = profile_of(certificate)
        opens = not revoked and (until is None or until > at)
        if lacks and opens and has_ml_kem(certificate):
            yield error(
                Area.LISTS,
                f"A key of {list_id} has ML-KEM, and the `cryptography` that is installed has none: mail to it can't be opened.",
                "Install it from its wheel: `pip install --force-reinstall --only-binary :all: cryptography`. What came meanwhile: `mailman unshunt`.",
            )
        elif kind.experimental and state == "current":
            yield information(
                Area.LISTS,
                f"The key of {list_id} is {_KINDS[kind]}, which is experimental: not every program can deal with it.",
                f"`mailman pgp list-key rotate {list_id} --profile usual` gives it one that every program knows.",
            )
