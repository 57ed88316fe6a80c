"""What tells of a list's new key is signed by the key that its readers know."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable
from outgoing import encrypt, run, waiting

from mailman_pgp import openpgp
from mailman_pgp.keys import revoking, succession, vault
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.runners import housekeeping

if TYPE_CHECKING:
    from conftest import Members
    from scripted import ScriptedServer
    from sqlalchemy.orm import Session

ANNE, BART = "anne@example.com", "bart@example.com"

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def anne() -> MemberKey:
    """The key of a member."""
    return MemberKey(forge_usable(f"Anne <{ANNE}>").secret)


@pytest.fixture
def club(mlist: Any, members: Members, anne: MemberKey, store: Session) -> Any:
    """An encrypted list with a member who has a key, and one who has none."""
    encrypt(mlist, [ANNE], lambda _: openpgp.inspect(anne.certificate))
    members.add(mlist, ANNE)
    members.add(mlist, BART)
    store.commit()
    _taken()
    return mlist


def _taken() -> list[Any]:
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    return list(get_queue_messages("virgin"))


def announced(mlist: Any, store: Session, mta: ScriptedServer) -> dict[str, bytes]:
    """Give a list another key; what its members are sent, by their addresses."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    succession.succeed(mlist.list_id, openpgp.generate("Ant", [mlist.posting_address]))
    store.commit()
    housekeeping.tell_of_changes()
    for item in _taken():
        config.switchboards["out"].enqueue(item.msg, item.msgdata)
    run()
    assert waiting() == {}
    return {sent.recipient: sent.data for sent in mta.accepted}


def good(sent: bytes, certificate: bytes) -> bool:
    """Whether a mail that is signed, and not encrypted, has a good signature."""
    message = email.message_from_bytes(sent)
    boundary = f"--{message.get_boundary()}".encode()
    signed = sent.split(boundary)[1].removeprefix(b"\r\n").removesuffix(b"\r\n")
    (verdict,) = openpgp.verify_detached(signed, message.get_payload(1).get_payload(decode=True), [certificate])
    return verdict.good


def test_by_the_former_key(club: Any, anne: MemberKey, store: Session, mta: ScriptedServer) -> None:
    """Encrypted to whom that can be done, and in the clear to others, in which nothing is but keys and days."""
    former = vault.certificate(club.list_id)
    sent = announced(club, store, mta)
    assert anne.read(openpgp.dearmor(sent[ANNE]), former.certificate).signed_by == former.fingerprint
    assert good(sent[BART], former.certificate)
    assert not good(sent[BART], vault.certificate(club.list_id).certificate)


def test_by_the_new_one_after_a_revocation(club: Any, anne: MemberKey, store: Session, mta: ScriptedServer) -> None:
    """Nobody is to believe a key that is revoked."""
    revoking.revoke(revoking.key_of(club.list_id, None), openpgp.Reason.COMPROMISED, "")
    sent = announced(club, store, mta)
    new = vault.certificate(club.list_id)
    assert anne.read(openpgp.dearmor(sent[ANNE]), new.certificate).signed_by == new.fingerprint
    assert good(sent[BART], new.certificate)
