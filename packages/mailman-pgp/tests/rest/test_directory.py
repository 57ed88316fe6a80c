"""Mail programs find the certificates of lists by a Web Key Directory, and nothing else there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from queries import counted

from mailman_pgp import openpgp
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import Tag
from mailman_pgp.openpgp.packets import packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate

ANNE = "anne@example.com"
OCTETS = "application/octet-stream"


def named(local_part: str, domain: str = "example.com") -> str:
    """The path of an address."""
    from mailman_pgp.lists.directory import hashed  # noqa: PLC0415 - core must be initialised

    return f"/directory/{domain}/{hashed(local_part)}"


def test_name(core: Any) -> None:  # noqa: ARG001 - core must be initialised
    """It is that of the draft, whose example this is."""
    from mailman_pgp.lists.directory import hashed  # noqa: PLC0415

    assert hashed("Joe.Doe") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q"


def test_certificate(door: Door, encrypted: str) -> None:
    """It is the list's, binary, and has the user ID of the posting address alone; all can encrypt to it."""
    whole = openpgp.read_certificate(door.good("GET", f"{encrypted}/certificate.asc").content)
    answer = door.good("GET", named("ant"))
    assert answer.headers["content-type"] == OCTETS
    found = openpgp.inspect(answer.content)
    assert found.data == answer.content
    assert len(whole.addresses) == 3
    assert (found.fingerprint, found.addresses) == (whole.fingerprint, {"ant@example.com"})
    openpgp.require_usable(found, "ant@example.com")
    assert found.expires == whole.expires
    assert door.good("GET", named("ANT", "EXAMPLE.COM")).content == answer.content


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize(
    ("local_part", "domain"),
    [("ant-owner", "example.com"), ("ant-request", "example.com"), ("ant", "example.org"), ("plain", "example.com")],
)
def test_nothing_else(door: Door, make_list: Callable[[str], Any], local_part: str, domain: str) -> None:
    """No other address of a list, no other domain, no list that is not encrypted."""
    make_list("plain")
    assert "No encrypted list" in door.refused(404, "GET", named(local_part, domain))


@pytest.mark.usefixtures("encrypted")
@pytest.mark.parametrize("name", ["x", "%_", "' or 1=1", "é", "a" * 5000])
def test_no_name(door: Door, name: str) -> None:
    """What is no name at all is not found."""
    door.refused(404, "GET", f"/directory/example.com/{name}")


def test_comes_and_goes(door: Door, encrypted: str, make_list: Callable[[str], Any]) -> None:
    """A list is there as soon as it is encrypted, and is gone as soon as it is not; another one stays."""
    make_list("bee")
    door.good("GET", named("ant"))
    door.refused(404, "GET", named("bee"))
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    door.good("GET", named("bee"))
    fingerprint = door.get(f"{encrypted}/certificate")["fingerprint"]
    door.good("DELETE", f"{encrypted}?confirm={fingerprint}")
    door.refused(404, "GET", named("ant"))
    door.good("GET", named("bee"))


def test_certified_by_others(door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Who has certified it is nothing for strangers."""
    from mailman_pgp.keys import certifications  # noqa: PLC0415 - core must be initialised

    fingerprint, armored = make()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    word = packet(Tag.SIGNATURE, b"what was verified before")
    found = openpgp.Certification(word, "Ant <ant@example.com>", fingerprint, now(), revokes=False)
    certifications.add("ant.example.com", ANNE, [found])
    door.store.commit()
    handed_out = openpgp.dearmor(door.good("GET", f"{encrypted}/certificate.asc").content)
    assert word in handed_out
    assert word not in door.good("GET", named("ant")).content


def test_cost(door: Door, make_list: Callable[[str], Any], encrypted: str) -> None:  # noqa: ARG001 - a list to find
    """However many lists there are, a name that is there and one that is not are looked for with a few queries."""

    def cost(local_part: str, status: int) -> int:
        with counted() as queries:
            assert door("GET", named(local_part)).status_code == status
        return len(queries)

    cost("ant", 200)  # the first look reads the names
    few = (cost("ant", 200), cost("cat", 404))
    for number in range(5):
        door.good("POST", "/lists", {"list_id": make_list(f"bee{number}").list_id})
    cost("ant", 200)
    assert (cost("ant", 200), cost("cat", 404)) == few
