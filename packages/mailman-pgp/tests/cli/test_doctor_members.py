"""The doctor counts members who get nothing, on the real tables of core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.keys.registry import COUNTING
from mailman_pgp.lists import core_settings
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Choice, EncryptedList, ListKey, StoredCertificate
from mailman_pgp.site import doctor_lists
from mailman_workflows.model.tables import Choice as ListChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


@pytest.fixture
def encrypted(store: Session, mlist: Any) -> Any:
    store.add(EncryptedList(list_id=mlist.list_id, enabled_at=now(), restore="{}"))
    core_settings.set_needed(mlist)
    store.add(ListChoice(list_id=mlist.list_id, purpose="subscription", workflow="pgp-join"))
    store.add(
        ListKey(
            fingerprint="A" * 40,
            list_id=mlist.list_id,
            certificate=b"",
            secret=b"",
            revocation=b"",
            sealed_by="00000000",
            created=now(),
            expires=None,
            state="current",
        )
    )
    store.commit()
    return mlist


@pytest.fixture
def give(store: Session, encrypted: Any) -> Callable[..., None]:
    """Give an address a certificate on the list."""
    letters = iter("BCDEF")

    def add(address: str, *, usable: bool = True, state: str | None = None) -> None:
        fingerprint = next(letters) * 40
        store.add(
            StoredCertificate(
                fingerprint=fingerprint,
                data=b"",
                version=4,
                algorithm="",
                created=now(),
                expires=None,
                revoked=False,
                usable=usable,
                problem=None,
                usable_until=None,
                seipd=1,
                recipients="",
                updated=now(),
            )
        )
        store.add(
            Choice(
                list_id=encrypted.list_id,
                address=address,
                fingerprint=fingerprint,
                state=state or min(COUNTING),
                since=now(),
                until=None,
                origin="test",
            )
        )
        store.commit()

    return add


def sentences(store: Session) -> list[str]:
    return [finding.sentence for finding in doctor_lists.examine(store.connection())]


def test_members_without_certificate_are_counted(
    store: Session, encrypted: Any, members: Any, give: Callable[..., None]
) -> None:
    """Members with no certificate, an unusable one, or one that does not count are counted; owners are not."""
    for address in ("Anne@example.com", "bart@example.com", "cris@example.com", "dave@example.com"):
        members.add(encrypted, address)
    members.add(encrypted, "elle@example.com", as_user=True)
    members.add(encrypted, "owner@example.com", role="owner")
    give("anne@example.com")
    give("elle@example.com")
    give("bart@example.com", usable=False)
    give("cris@example.com", state="offered")
    sentence, _ = sentences(store)
    assert sentence.startswith(f"3 of 5 members of {encrypted.list_id} ")


def test_list_whose_members_all_have_one_is_not_mentioned(
    store: Session, encrypted: Any, members: Any, give: Callable[..., None]
) -> None:
    """Nothing is said of a list that reaches everybody."""
    members.add(encrypted, "anne@example.com")
    members.add(encrypted, "anne@example.com", role="owner")
    give("anne@example.com")
    assert sentences(store) == []


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_list_whose_owners_can_read_nothing(
    store: Session, encrypted: Any, members: Any, give: Callable[..., None], role: str
) -> None:
    """A list on which no owner or moderator has a usable certificate is named, until one of them has."""
    warning = f"No owner or moderator of {encrypted.list_id} has a usable certificate: mail to its owners is refused."
    assert sentences(store) == [warning]
    members.add(encrypted, "olga@example.com", role="owner")
    members.add(encrypted, "mona@example.com", role="moderator")
    give("olga@example.com", usable=False)
    assert sentences(store) == [warning]
    members.add(encrypted, "otto@example.com", role=role)
    give("otto@example.com")
    assert sentences(store) == []
