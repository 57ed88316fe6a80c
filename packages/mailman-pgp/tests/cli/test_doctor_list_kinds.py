"""The doctor says which lists have a key of an experimental kind, and where mail to one can't be opened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.model.database import now
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import Profile, generate, inspect
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.site import doctor_list_kinds
from mailman_pgp.site.doctor_findings import Severity

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.fixture
def lists(store: Session) -> None:
    """A list of each kind, and some that had a post-quantum key before."""
    for profile in Profile:
        add(store, str(profile), profile)
    day = timedelta(days=1)
    add(store, "former", Profile.POST_QUANTUM, state="retired", opens_until=now() + day)
    add(store, "over", Profile.POST_QUANTUM, state="retired", opens_until=now() - day)
    add(store, "ended", Profile.POST_QUANTUM, state="retired", revoked=True)
    store.commit()


def add(store: Session, name: str, kind: Profile | bytes, **values: Any) -> None:
    """A list with a key of a kind, or with this certificate."""
    made = inspect(kind) if isinstance(kind, bytes) else generate("", [f"{name}@example.com"], profile=kind).certificate
    columns = {"secret": b"", "revocation": b"", "sealed_by": "00000000", "created": now(), "state": "current"}
    store.add(
        ListKey(
            fingerprint=made.fingerprint,
            list_id=f"{name}.example.com",
            certificate=made.data,
            **{**columns, **values},
        )
    )


def test_experimental_kinds_are_named(store: Session, lists: None) -> None:  # noqa: ARG001 - there they must be
    """For information, and with the way back; nothing is said of others."""
    found = list(doctor_list_kinds.examine(store.connection()))
    assert [one.severity for one in found] == [Severity.INFORMATION] * 2
    assert [one.sentence.split()[3] for one in found] == ["post-quantum.example.com", "v6.example.com"]
    assert all("--profile usual" in (one.mend or "") for one in found)


def test_mail_that_can_not_be_opened(store: Session, lists: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - as above
    """Where `cryptography` has no ML-KEM, each key that needs it is an error, of whatever kind, also one of before that opens mail."""
    add(store, "both", MemberKey.generate("<both@example.com>", KeyKind.POST_QUANTUM).certificate)
    store.commit()
    monkeypatch.setattr(doctor_list_kinds, "is_supported", lambda: False)
    found = [one for one in doctor_list_kinds.examine(store.connection()) if one.severity is Severity.ERROR]
    assert [one.sentence.split()[3] for one in found] == [
        "both.example.com",
        "former.example.com",
        "post-quantum.example.com",
    ]
    assert all("wheel" in (one.mend or "") for one in found)
