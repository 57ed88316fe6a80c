"""To whom something may be encrypted: the certificate that counts on this list, if it can be used now."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from mailman_pgp.model import tables
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from mailman_pgp.delivery.lookup import Lookup

pytestmark = pytest.mark.usefixtures("store")
ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, BART = "anne@example.com", "bart@example.com"


def _look_up(*addresses: str) -> Lookup:
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised

    return look_up(ANT, addresses)


def _choose(list_id: str, address: str, fingerprint: str = "AA", *, state: str = "approved", **columns: Any) -> None:
    """A certificate for an address: usable, unless the columns say otherwise."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised

    at = now()
    values: dict[str, Any] = {
        "data": fingerprint.encode(),
        "version": 4,
        "algorithm": "test",
        "created": at,
        "revoked": False,
        "usable": True,
        "seipd": 1,
        "recipients": "1111 2222",
        "updated": at,
        "judged": at,
    }
    store().add_all(
        [
            tables.Choice(
                list_id=list_id, address=address, fingerprint=fingerprint, state=state, since=at, origin="test"
            ),
            tables.StoredCertificate(fingerprint=fingerprint, **(values | columns)),
        ]
    )
    store().flush()


def test_usable() -> None:
    """A certificate that counts and can be used comes with all that the fan-out needs."""
    _choose(ANT, ANNE, seipd=2, usable_until=now() + dt.timedelta(days=1))
    found = _look_up("Anne@Example.com", BART)
    (recipient,) = found.recipients
    assert (recipient.address, recipient.fingerprint, recipient.certificate) == ("Anne@Example.com", "AA", b"AA")
    assert (recipient.seipd, recipient.recipients) == (2, ("1111", "2222"))
    assert found.problems == {BART: "no-certificate"}


def test_another_list() -> None:
    """What counts on another list counts there only."""
    _choose(BEE, ANNE)
    assert _look_up(ANNE).problems == {ANNE: "no-certificate"}


@pytest.mark.parametrize("state", ["offered", "suspended"])
def test_choice_that_does_not_count(state: str) -> None:
    """Nothing is encrypted to a choice that does not count; its state is the reason."""
    _choose(ANT, ANNE, state=state)
    assert _look_up(ANNE) == _nobody({ANNE: state})


def test_unusable_certificate() -> None:
    """The problem of a certificate is the reason."""
    _choose(ANT, ANNE, usable=False, problem="revoked")
    assert _look_up(ANNE) == _nobody({ANNE: "revoked"})


def test_history_does_not_count(store: Any) -> None:
    """What was chosen until some time ago does not count."""
    _choose(ANT, ANNE, "OLD")
    store.execute(sa.update(tables.Choice).values(until=now()))
    assert _look_up(ANNE) == _nobody({ANNE: "no-certificate"})
    _choose(ANT, ANNE, "NEW")
    assert [recipient.fingerprint for recipient in _look_up(ANNE).recipients] == ["NEW"]


def test_usability_is_never_outdated() -> None:
    """A usability whose time is over is computed again before anything is encrypted."""
    _choose(ANT, ANNE, usable_until=now() - dt.timedelta(seconds=1))
    assert _look_up(ANNE) == _nobody({ANNE: "broken"})  # the test's certificate is no certificate at all


@pytest.mark.parametrize(
    ("usable", "days"), [(True, 1), (True, -31), (False, 1), (False, -2), (True, None), (False, None)]
)
def test_a_judgement_does_not_last_for_ever(usable: bool, days: int | None) -> None:  # noqa: FBT001 - what the row says
    """One from the future, which a wrong clock made, is doubted at once; the others from time to time."""
    judged = None if days is None else now() + dt.timedelta(days=days)
    _choose(ANT, ANNE, usable=usable, problem=None if usable else "expired", judged=judged)
    assert _look_up(ANNE) == _nobody({ANNE: "broken"})


@pytest.mark.parametrize("usable", [True, False])
def test_a_judgement_lasts_for_a_while(usable: bool) -> None:  # noqa: FBT001 - what the row says
    """Else each post would judge again every certificate that it goes to."""
    judged = now() - dt.timedelta(hours=23)
    _choose(ANT, ANNE, usable=usable, problem=None if usable else "expired", judged=judged)
    assert _look_up(ANNE).problems == ({} if usable else {ANNE: "expired"})


def test_a_changed_certificate_is_read_again(store: Any) -> None:
    """Certificates are kept by the process for as long as they do not change."""
    _choose(ANT, ANNE)
    assert _look_up(ANNE).recipients[0].certificate == b"AA"
    later = now() + dt.timedelta(seconds=1)
    store.execute(sa.update(tables.StoredCertificate).values(data=b"merged", updated=later))
    assert _look_up(ANNE).recipients[0].certificate == b"merged"


def test_what_encrypting_needs(store: Any) -> None:
    """The compact form is handed on where there is one, and with another form of the certificate the one of that."""
    _choose(ANT, ANNE, compact=b"A")
    assert _look_up(ANNE).recipients[0].certificate == b"A"
    later = now() + dt.timedelta(seconds=1)
    store.execute(sa.update(tables.StoredCertificate).values(data=b"merged", compact=b"m", updated=later))
    assert _look_up(ANNE).recipients[0].certificate == b"m"


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, for people choose how large their certificates are; what is not kept is read again."""
    from mailman_pgp.delivery import lookup  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp import Kept  # noqa: PLC0415

    kept: Kept[str, Any] = Kept(10_000)
    monkeypatch.setattr(lookup, "_certificates", kept)
    for number in range(20):
        _choose(ANT, f"p{number}@example.com", f"F{number}", data=b"x" * 1000)
    people = [f"p{number}@example.com" for number in range(20)]
    assert len(_look_up(*people).recipients) == 20
    assert 0 < len(kept._values) < 10
    assert len(_look_up(*people).recipients) == 20


def test_many() -> None:
    """However many are asked for, each gets the answer that is theirs."""
    for number in range(3):
        _choose(ANT, f"p{number}@example.com", f"F{number}")
    found = _look_up(*(f"p{number}@example.com" for number in range(1200)))
    assert {recipient.address: recipient.certificate for recipient in found.recipients} == {
        "p0@example.com": b"F0",
        "p1@example.com": b"F1",
        "p2@example.com": b"F2",
    }
    assert len(found.problems) == 1197


def _nobody(problems: dict[str, str]) -> Lookup:
    from mailman_pgp.delivery.lookup import Lookup  # noqa: PLC0415 - core must be initialised

    return Lookup(recipients=(), problems=problems)
