"""What is known of a stored certificate is judged again, and never against what it says of itself."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY, ENCRYPT, Key, forge_usable
from keys import now as now_in_seconds

from mailman_pgp import openpgp
from mailman_pgp.keys import registry, upkeep
from mailman_pgp.model import tables
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import CertificateProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANT, ANNE = "ant.example.com", "anne@example.com"
_STORED: Any = tables.StoredCertificate.__table__
_INSPECT = openpgp.inspect

pytestmark = pytest.mark.usefixtures("store")


def usability() -> openpgp.Usability:
    """What is known of Anne's certificate."""
    found = registry.current(ANT, ANNE)
    assert found is not None
    return found.usability


def look_up() -> dict[str, str]:
    """Why Anne would get nothing of a post that is sent now."""
    from mailman_pgp.delivery import lookup  # noqa: PLC0415 - core must be initialised

    return lookup.look_up(ANT, [ANNE]).problems


@pytest.fixture
def clock_ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Set the clock ahead, for our times and for the judgement of a certificate that expires; zero sets it right."""

    def ahead(by: dt.timedelta) -> None:
        def inspect(data: bytes) -> openpgp.Certificate:
            found = _INSPECT(data)
            if found.expires is None or found.expires > now() + by:
                return found
            expired = openpgp.Usability(usable=False, problem=CertificateProblem.EXPIRED, until=None)
            return replace(found, usability=expired)

        monkeypatch.setattr(openpgp, "inspect", inspect)
        for module in ("mailman_pgp.delivery.lookup", "mailman_pgp.keys.upkeep"):
            monkeypatch.setattr(f"{module}.now", lambda: now() + by)

    return ahead


def test_a_clock_that_was_ahead(clock_ahead: Callable[[dt.timedelta], None]) -> None:
    """A certificate that expired by a clock which ran ahead is used again when the clock is right."""
    given = openpgp.inspect(forge_usable(f"<{ANNE}>", lifetime=130 * DAY).public)
    registry.add(ANT, ANNE, given, origin="cli")
    assert look_up() == {}
    clock_ahead(dt.timedelta(days=31))
    assert look_up() == {ANNE: "expired"}
    clock_ahead(dt.timedelta())
    assert look_up() == {}
    assert usability() == given.usability


def test_added_again_is_judged_again(store: Any) -> None:
    """Adding a certificate mends what is known of it, also when nothing in it is new."""
    given = openpgp.inspect(forge_usable(f"<{ANNE}>").public)
    registry.add(ANT, ANNE, given, origin="cli")
    store.execute(sa.update(_STORED).values(usable=False, problem="expired", usable_until=None))
    registry.add(ANT, ANNE, given, origin="cli")
    assert usability() == given.usability


def test_judged_again(store: Any) -> None:
    """Only what was named is judged, and it is known when."""
    given = {address: openpgp.inspect(forge_usable(f"<{address}>").public) for address in (ANNE, "bart@example.com")}
    for address, certificate in given.items():
        registry.add(ANT, address, certificate, origin="cli")
    before = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as in the database
    store.execute(sa.update(_STORED).values(usable=False, problem="expired", judged=before))
    upkeep.judge_again([given[ANNE].fingerprint, "UNKNOWN"])
    rows = store.execute(sa.select(_STORED.c.fingerprint, _STORED.c.usable, _STORED.c.judged)).all()
    assert {row.fingerprint for row in rows if row.usable} == {given[ANNE].fingerprint}
    assert [row.judged == before for row in rows if not row.usable] == [True]
    assert all(now() - row.judged < dt.timedelta(minutes=1) for row in rows if row.usable)


def test_what_encrypting_needs(store: Any) -> None:
    """It is found out with each judgement, for rows from before, too, and is that of the form that is stored now."""

    def form() -> tuple[bytes, bytes | None]:
        return tuple(store.execute(sa.select(_STORED.c.data, _STORED.c.compact)).one())

    made = forge_usable(f"<{ANNE}>")
    given = openpgp.inspect(made.public)
    registry.add(ANT, ANNE, given, origin="cli")
    assert form() == (given.data, given.compact)
    store.execute(sa.update(_STORED).values(compact=None, judged=None))
    assert look_up() == {}
    assert form() == (given.data, given.compact)
    made.bind(Key.encrypting(now_in_seconds() - DAY), ENCRYPT)
    newer = openpgp.inspect(made.public)
    registry.add(ANT, ANNE, newer, origin="cli")
    assert newer.compact != given.compact
    assert form() == (newer.data, newer.compact)
    made.revoke(at=now_in_seconds() - DAY)
    registry.add(ANT, ANNE, openpgp.inspect(made.public), origin="cli")
    assert look_up() == {ANNE: "revoked"}
    assert form()[1] is None


def test_what_the_library_refuses(forge: Callable[[str], openpgp.Certificate], monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that the library accepts no longer is not usable; it is still there, and judged again some day."""
    given = forge(ANNE)
    registry.add(ANT, ANNE, given, origin="cli")

    def refuse(_data: bytes) -> openpgp.Certificate:
        raise openpgp.CertificateError(CertificateProblem.POLICY)

    monkeypatch.setattr(openpgp, "inspect", refuse)
    upkeep.judge_again([given.fingerprint])
    assert (usability().usable, usability().problem) == (False, CertificateProblem.POLICY)
    monkeypatch.undo()
    upkeep.judge_again([given.fingerprint])
    assert usability() == given.usability


@pytest.fixture
def meanwhile(core: Any) -> Iterator[Callable[[openpgp.Certificate], None]]:
    """Let another process write a form of a certificate, once: ``meanwhile(certificate)``."""
    written = []

    def write(certificate: openpgp.Certificate) -> None:
        if not written:
            written.append(certificate)
            values = {**upkeep.columns(certificate), "data": certificate.data, "updated": now(), "judged": now()}
            with core.db.engine.begin() as other:
                other.execute(sa.update(_STORED).values(**values))

    yield write
    assert written


def test_a_revocation_while_judging(
    store: Any, meanwhile: Callable[[openpgp.Certificate], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judgement of what was stored before another process merged a revocation is not written over it."""
    made = forge_usable(f"<{ANNE}>")
    before = openpgp.inspect(made.public)
    made.revoke(at=int(time.time()) - 10)
    revoked = openpgp.inspect(made.public)
    registry.add(ANT, ANNE, before, origin="cli")
    store.commit()

    def slowly(data: bytes) -> openpgp.Certificate:
        judged = _INSPECT(data)
        meanwhile(revoked)
        return judged

    monkeypatch.setattr(openpgp, "inspect", slowly)
    upkeep.judge_again([before.fingerprint])
    assert usability().problem is CertificateProblem.REVOKED
    assert look_up() == {ANNE: "revoked"}


def test_a_revocation_while_merging(
    store: Any, meanwhile: Callable[[openpgp.Certificate], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two processes learn of a certificate at the same moment is known in the end, all of it."""
    made = forge_usable(f"<{ANNE}>")
    registry.add(ANT, ANNE, openpgp.inspect(made.public), origin="cli")
    store.commit()
    made.user_id("<new@example.com>")
    more = openpgp.inspect(made.public)
    made.user_ids.pop()
    made.revoke(at=int(time.time()) - 10)
    revoked = openpgp.inspect(made.public)
    merge = openpgp.merge

    def slowly(old: bytes, new: bytes) -> openpgp.Certificate:
        merged = merge(old, new)
        meanwhile(revoked)
        return merged

    monkeypatch.setattr(openpgp, "merge", slowly)
    known = upkeep.learn(more, now())
    assert known is not None
    assert (known.news, known.revoked) == (True, False)  # that it is revoked was the other's news
    assert (known.certificate.revoked, known.certificate.addresses) == (True, {ANNE, "new@example.com"})
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert (found.data, found.revoked) == (known.certificate.data, True)


def test_what_an_earlier_release_kept_is_cleaned(store: Any) -> None:
    """Junk that was stored before it was left out goes when the certificate is judged again."""
    made = forge_usable(f"<{ANNE}>")
    given = openpgp.inspect(made.public)
    registry.add(ANT, ANNE, given, origin="cli")
    made.forged_user_id("x" * 5000)
    store.execute(sa.update(_STORED).values(data=made.public))
    upkeep.judge_again([given.fingerprint])
    found = registry.current(ANT, ANNE)
    assert found is not None
    assert (found.data, found.usability) == (given.data, given.usability)
