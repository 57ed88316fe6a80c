"""Mail to the owners: whoever must reach them does, and they read what the signature is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keys import forge_usable
from messages import encrypted, literal, made_by, one_pass
from refusals import armored

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import Person
    from refusals import Guarded


@pytest.fixture
def owner(guarded: Guarded) -> Person:
    """An owner of the list, who is a member too."""
    olga = guarded.list.member("Olga")
    query = {"list_id": guarded.list.list_id, "subscriber": olga.address, "role": "owner"}
    guarded.list.sandbox.rest("members", query)
    return olga


def new_key(guarded: Guarded, inside: bytes) -> bytes:
    """By a key that a member has made since."""
    return guarded.list.person("Anne").key.write(inside, guarded.list.certificate)


def other_key(guarded: Guarded, inside: bytes) -> bytes:
    """By a key that counts, but for somebody else."""
    return guarded.bart.key.write(inside, guarded.list.certificate)


def changed(guarded: Guarded, inside: bytes) -> bytes:
    """By the key that counts, but over something else."""
    key = forge_usable(f"<{guarded.anne.address}>")
    guarded.list.certify(guarded.anne, key.public)
    packets = one_pass(key.primary) + literal(inside) + made_by(key.primary, b"Something else")
    return armored(guarded.session_key + encrypted(packets))


@pytest.mark.parametrize(("write", "said"), [(new_key, "unknown key"), (other_key, "unknown key"), (changed, "bad")])
def test_no_signature_keeps_a_member_out(
    guarded: Guarded, owner: Person, write: Callable[[Guarded, bytes], bytes], said: str
) -> None:
    """Whoever is refused is sent to the owners, so mail to them passes whatever its signature is, and they read what it is."""
    anne, address = guarded.anne, guarded.list.sub_address("owner")
    anne.send(anne.envelope(write(guarded, guarded.canary.inside(anne, address))), address)
    heard = guarded.canary.heard_in
    # The owner may read of a change of Anne's key, too.
    (read,) = until(lambda: [mail for mail in owner.read(0) if heard(mail)], "the mail came to the owner")
    text = " ".join(read.get_payload(0).get_payload(decode=True).decode().split())
    assert f"not authenticated ({said}): anybody may have written this" in text
    guarded.list.sandbox.wait_until_idle()
    assert guarded.refused_for() == {}
    assert guarded.list.sandbox.mailbox.count(guarded.bart.address) == 0
