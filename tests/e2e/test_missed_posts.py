"""Who did not get a post is known by name, each once, also when `out` was killed in the middle of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crowd import Crowd
from keys import forge_usable
from people import EncryptedList

from mailman_pgp.sandbox import Behaviour, Options, Refusal, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.deep

MEMBERS = 40
CHUNK = 4
_KILLED_AT = (2, 9)
_LIFE = 100 * 24 * 3600
_SECONDS = 6


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman whose posts have many chunks."""
    options = Options(database_url=new_database(), settings=[f"pgp.chunk_recipients={CHUNK}"])
    with Sandbox(tmp_path_factory.mktemp("missed"), options) as running:
        yield running


def test_by_name(place: Sandbox) -> None:
    """No certificate, an expired one, refused for good, still waiting: exactly these, before and after the last attempt."""
    crowd = Crowd.join(EncryptedList.make(place), MEMBERS)
    ants = crowd.list
    bart = ants.member_without_certificate("Bart")
    cris, dora, ella = ants.person("Cris"), ants.member("Dora"), ants.member("Ella")
    ants.join(cris, forge_usable(f"<{cris.address}>", age=_LIFE, lifetime=_LIFE + _SECONDS).public)
    until(lambda: ants.rest("members?state=expired")["total_size"], "the certificate to expire")
    ants.wait_until_told()
    refused = (
        Refusal(dora.address, reply="550 5.1.1 There is nobody of that name"),
        Refusal(ella.address, reply="450 4.2.1 Later"),
    )
    place.receive(Behaviour(refuse=refused, delay_seconds=0.05))
    crowd.post()
    for point in _KILLED_AT:
        crowd.wait_for(point)
        place.kill("out")
    crowd.wait_for(MEMBERS)
    everybody = MEMBERS + 4

    def of_the_post() -> dict[str, int]:
        (latest, *_) = ants.rest("posts").get("entries", [{}])
        return {name: latest.get(name, 0) for name in ("recipients", "delivered", "skipped", "failed", "tried_again")}

    until(lambda: of_the_post()["recipients"] == everybody, "all chunks to be tried")
    message_id = ants.rest("posts")["entries"][0]["message_id"]

    def missed() -> list[tuple[str, str, str | None]]:
        found = ants.rest(f"posts/{message_id}/missed").get("entries", [])
        return [(one["address"], one["reason"], one["answer"]) for one in found]

    known = [
        (bart.address, "no-certificate", None),
        (cris.address, "expired", None),
        (dora.address, "refused", "5.1.1"),
    ]
    assert missed() == [*known, (ella.address, "waiting", "4.2.1")]
    place.receive()
    place.wait_until_idle()
    assert missed() == known
    assert of_the_post() == {
        "recipients": everybody,
        "delivered": MEMBERS + 1,
        "skipped": 2,
        "failed": 1,
        "tried_again": 0,
    }
    assert ants.rest(f"posts/{message_id}")["unknown"] == 0
