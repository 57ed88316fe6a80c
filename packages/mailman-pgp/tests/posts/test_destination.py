"""Which addresses are the list's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from queries import counted

from mailman_pgp.posts.record import Kind


def destination(mlist: Any, *recipients: str) -> Any:
    """For whom somebody wrote a post who names these under their signature."""
    from mailman_pgp.posts.destination import destination_of  # noqa: PLC0415 - core must be initialised

    payload: Any = SimpleNamespace(addressed=True, recipients=frozenset(recipients))
    return destination_of(mlist, Kind.POST, payload, ())


def test_the_list_is_known_by_its_address(mlist: Any) -> None:
    """A post that names the list by its usual address costs no look at its domain, for which core asks three queries."""
    from mailman_pgp.posts.destination import Destination  # noqa: PLC0415 - core must be initialised

    address = mlist.posting_address
    with counted() as statements:
        assert destination(mlist, address) is Destination.HERE
    assert statements == []


@pytest.mark.parametrize(("domain", "found"), [("alias.example.net", "here"), ("other.example.net", "elsewhere")])
def test_the_list_is_known_by_the_other_name_of_its_domain(mlist: Any, domain: str, found: str) -> None:
    """An alias of the domain is the list's as well, and no other domain is."""
    mlist.domain.alias_domain = "alias.example.net"
    assert destination(mlist, f"{mlist.list_name}@{domain}").value == found
