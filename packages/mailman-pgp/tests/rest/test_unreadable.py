"""A stored certificate that the library accepts no longer keeps nobody from seeing the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

if TYPE_CHECKING:
    from conftest import Door, MakeCertificate

ANNE, BART = "anne@example.com", "bart@example.com"


@pytest.fixture
def unreadable(door: Door, encrypted: str, make: MakeCertificate) -> str:
    """Anne's certificate was accepted when it came, and is not any more, and Bart has a good one; Anne's fingerprint."""
    from mailman_pgp.model.tables import StoredCertificate  # noqa: PLC0415 - after the fixtures of core

    fingerprint, armored = make(ANNE)
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    door.good("POST", f"{encrypted}/certificates", {"address": BART, "certificate": make(BART)[1]})
    broken = update(StoredCertificate).where(StoredCertificate.fingerprint == fingerprint)
    door.store.execute(broken.values(data=b"\x99\x00\x01\x04", judged=None))
    door.store.commit()
    return fingerprint


def ask(door: Door, address: str) -> None:
    """Somebody asks to join."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    ISubscriptionManager(door.mlist()).register(getUtility(IUserManager).create_address(address))
    door.store.commit()


def test_requests(door: Door, encrypted: str, unreadable: str) -> None:
    """All that wait are shown, with what is known of each key."""
    ask(door, ANNE)
    ask(door, BART)
    shown: list[Any] = door.get(f"{encrypted}/requests")["entries"]
    anne, bart = (entry["certificate"] for entry in shown)
    assert (anne["fingerprint"], anne["usable"], anne["user_ids"]) == (unreadable, False, [])
    assert bart["usable"]


def test_certificate(door: Door, encrypted: str, unreadable: str) -> None:
    """It is shown, with its problem, and can be removed."""
    path = f"{encrypted}/certificates/{ANNE}"
    shown = door.get(path)
    assert (shown["usable"], shown["certificate"]["fingerprint"]) == (False, unreadable)
    assert shown["next_step"].endswith(".")
    assert len(door.get(f"{encrypted}/certificates")["entries"]) == 2
    door.good("DELETE", f"{path}?fingerprint={unreadable}")
