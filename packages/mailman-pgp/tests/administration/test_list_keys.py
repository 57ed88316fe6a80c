"""What is shown and given away of a list's key."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from keys import POSITIVE, Forged, certified, forge_usable, now, packet, signature
from sqlalchemy import select

from mailman_pgp import openpgp
from mailman_pgp.keys import certifications
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import Tag, walk

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Files
    from sqlalchemy.orm import Session


def key_of(store: Session) -> ListKey:
    """The only list key."""
    return store.scalars(select(ListKey)).one()


def test_show(encrypted: Any, run: CommandLine, store: Session) -> None:
    """The fingerprint in groups of four, all user IDs, and the expiry with its time zone."""
    key = key_of(store)
    text = run.ok("list-key", "show", encrypted.list_id)
    assert openpgp.grouped(key.fingerprint) in text
    for address in ("ant@example.com", "ant-request@example.com", "ant-owner@example.com"):
        assert f"<{address}>" in text
    assert key.expires is not None
    assert f"{key.expires:%Y-%m-%d %H:%M} UTC" in text
    answer = run.json("list-key", "show", encrypted.list_id)
    assert answer["list_key"]["fingerprint"] == key.fingerprint
    assert answer["retired"] == []


def test_show_retired_keys(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Keys of before are shown apart, with what they are still for."""
    key = key_of(store)
    old = ListKey(
        fingerprint="F" * 40,
        list_id=encrypted.list_id,
        certificate=key.certificate,
        secret=key.secret,
        revocation=key.revocation,
        sealed_by=key.sealed_by,
        created=key.created,
        expires=key.expires,
        state="retired",
    )
    store.add(old)
    store.commit()
    assert "Keys of before:\n  FFFF FFFF" in run.ok("list-key", "show", encrypted.list_id)


def test_export_to_standard_output(encrypted: Any, run: CommandLine, store: Session) -> None:
    """Standard output holds the armored certificate and nothing else; nothing of it is secret."""
    text = run.ok("list-key", "export", encrypted.list_id)
    assert text.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    assert text.endswith("-----END PGP PUBLIC KEY BLOCK-----\n")
    found = openpgp.read_certificate(text.encode())
    assert found.fingerprint == key_of(store).fingerprint
    answer = run.json("list-key", "export", encrypted.list_id)
    assert answer["certificate"] == text
    assert run.ok("list-key", "export", encrypted.list_id, "-o", "-") == text


def test_export_to_a_file(encrypted: Any, run: CommandLine, store: Session, tmp_path: Path) -> None:
    """A new file gets the certificate; a file that is there is left alone."""
    path = tmp_path / "ant.asc"
    text = run.ok("list-key", "export", encrypted.list_id, "--output", str(path))
    assert openpgp.grouped(key_of(store).fingerprint) in text
    exported = path.read_text()
    assert exported == run.ok("list-key", "export", encrypted.list_id)
    path.write_text("something else")
    assert "exists already" in run.refused("list-key", "export", encrypted.list_id, "-o", str(path))
    assert path.read_text() == "something else"
    assert "can't be written" in run.refused(
        "list-key", "export", encrypted.list_id, "-o", str(tmp_path / "no" / "where")
    )


@pytest.fixture
def anne(encrypted: Any, run: CommandLine, files: Files, store: Session) -> Forged:
    """A member who has certified the first user ID of the list's key."""
    made = forge_usable("Anne <anne@example.com>")
    path = files.write("anne.asc", openpgp.armor(made.public, "PGP PUBLIC KEY BLOCK"))
    run.ok("certificate", "add", encrypted.list_id, "anne@example.com", path)
    own = key_of(store).certificate
    parts = list(walk(own))
    user_id = next(part.body for part in parts if part.tag == Tag.USER_ID)
    copy = b"".join(
        [
            packet(Tag.PUBLIC_KEY, parts[0].body),
            packet(Tag.USER_ID, user_id),
            signature(made.primary, POSITIVE, certified(parts[0].body, user_id.decode()), at=now()),
        ]
    )
    certifications.add(encrypted.list_id, "anne@example.com", openpgp.certifications(own, copy, made.public))
    store.commit()
    return made


def test_who_has_certified(encrypted: Any, run: CommandLine, anne: Forged) -> None:
    """`show` names who has certified the key, and `export` gives it away with that."""
    text = run.ok("list-key", "show", encrypted.list_id)
    assert "Certified by, and handed out so:" in text
    assert openpgp.grouped(anne.fingerprint) in text
    assert "anne@example.com" in text
    (by,) = run.json("list-key", "show", encrypted.list_id)["list_key"]["certified_by"]
    assert (by["fingerprint"], by["address"]) == (anne.fingerprint, "anne@example.com")
    exported = openpgp.dearmor(run.ok("list-key", "export", encrypted.list_id).encode())
    own = openpgp.read_certificate(exported).data
    assert openpgp.certifications(own, exported, anne.public)[0].signer == anne.fingerprint


def test_uncertify(encrypted: Any, run: CommandLine, anne: Forged, store: Session) -> None:
    """What a key has certified is taken out, by its fingerprint as it is shown; of another key there is nothing to take."""
    assert "No key" in run.refused("list-key", "uncertify", encrypted.list_id, "A" * 40)
    assert "already keep them" in run.ok("list-key", "uncertify", encrypted.list_id, openpgp.grouped(anne.fingerprint))
    assert "Certified" not in run.ok("list-key", "show", encrypted.list_id)
    assert run.json("list-key", "show", encrypted.list_id)["list_key"]["certified_by"] == []
    exported = openpgp.dearmor(run.ok("list-key", "export", encrypted.list_id).encode())
    assert exported == key_of(store).certificate


def test_certified_in_notices_and_bare_in_headers(encrypted: Any, anne: Forged, store: Session) -> None:
    """A notice brings the certificate as it is handed out; the Autocrypt header of each post stays short."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.lists.outward import outward_for  # noqa: PLC0415
    from mailman_pgp.notices.answering import answer_by  # noqa: PLC0415

    answer_by(encrypted, "bart@example.com", "key-get", None, None)
    (name,) = config.switchboards["virgin"].files
    notice, _ = config.switchboards["virgin"].dequeue(name)
    config.switchboards["virgin"].finish(name)
    attached = notice.get_payload()[1].get_payload(decode=True)
    own = key_of(store).certificate
    assert openpgp.certifications(own, attached, anne.public)[0].signer == anne.fingerprint
    assert base64.b64decode("".join(outward_for(encrypted, {}).autocrypt.split())) == own


def test_plain_lists_have_no_key(mlist: Any, run: CommandLine) -> None:
    """A plain list has nothing to show."""
    for command in ("show", "export"):
        assert "is not an encrypted list" in run.refused("list-key", command, mlist.list_id)


def test_extend(encrypted: Any, run: CommandLine, store: Session, caplog: pytest.LogCaptureFixture) -> None:
    """It expires later, is the same key, and is never made to end earlier."""
    before = key_of(store)
    fingerprint, expires = before.fingerprint, before.expires
    assert expires is not None
    caplog.set_level("INFO")
    answer = run.json("list-key", "extend", encrypted.list_id, "--years", "5")
    assert f"the list's key lives longer ({fingerprint}), by cli" in caplog.text
    assert answer["fingerprint"] == fingerprint
    store.expire_all()
    after = key_of(store)
    assert (after.fingerprint, after.expires is not None and after.expires > expires) == (fingerprint, True)
    assert openpgp.inspect(after.certificate).expires == after.expires
    assert "already, so nothing was changed" in run.refused("list-key", "extend", encrypted.list_id)
    assert f"expires on {after.expires.year + 5:d}-" in run.ok("list-key", "extend", encrypted.list_id, "--years", "10")
