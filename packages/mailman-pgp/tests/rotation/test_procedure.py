"""Another site key: all that was sealed opens under it alone, and wherever this is interrupted, all opens and it goes on."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from outgoing import encrypt, post

from mailman_pgp.model.database import now
from mailman_pgp.model.tables import ListKey, Site
from mailman_pgp.openpgp import SignatureVerdict, Status
from mailman_pgp.site import health, naming, private_file
from mailman_pgp.site.settings import SiteSettings
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Members
    from sqlalchemy.orm import Session

ANNE = "anne@example.com"
TEXT = b"Content-Type: text/plain\r\n\r\nThe kestrel flies at noon.\r\n"
WINDOW = timedelta(days=30)
WRITES = 9


class Killed(BaseException):
    """The process ends here."""


def signed(content: str = "c") -> SignatureVerdict:
    """A good signature of just now, always the same one."""
    at = now().replace(microsecond=0) - timedelta(hours=1)
    return SignatureVerdict(Status.GOOD, "AB", "AB", at, text_mode=False, content_digest=content)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A list with something of every kind that is sealed, or named under the site's key; and the key file."""

    mlist: Any
    key_file: Path
    signature: SignatureVerdict
    code: tuple[str, str]
    number: int

    @classmethod
    def make(cls, mlist: Any, key_file: Path) -> Sealed:
        """All of it; `restart` gives a process the key as it is in the file."""
        from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
        from mailman.config import config  # noqa: PLC0415
        from mailman.email.message import Message  # noqa: PLC0415

        from mailman_pgp.conversation import codes  # noqa: PLC0415
        from mailman_pgp.digests import collection  # noqa: PLC0415
        from mailman_pgp.posts import replay  # noqa: PLC0415
        from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
        from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

        encrypt(mlist, [ANNE])
        for queue, suffix in (("out", "pck"), ("pipeline", "bak"), ("bad", "psv")):
            message, metadata = post(mlist, [ANNE], content=TEXT)
            switchboard = config.switchboards[queue]
            directory, name = Path(switchboard.queue_directory), switchboard.enqueue(message, metadata)
            (directory / f"{name}.pck").rename(directory / f"{name}.{suffix}")
        config.switchboards["in"].enqueue(Message(), {"listid": mlist.list_id})
        record = Record(kind=Kind.POST, author=ANNE, claim="held")
        metadata = {"original_size": 1, **record.to_kws()}
        number = hold_message(mlist, seal_message(Message(), mlist.list_id, record, Content(TEXT, {})), metadata, "why")
        collection.add(mlist.list_id, "digest", TEXT)
        signature = signed()
        assert replay.claim(mlist.list_id, Kind.POST, signature, "first", WINDOW) is replay.Claim.FIRST
        code = codes.new()
        kept = codes.digest(code, cls.use(mlist))
        config.db.commit()
        return cls(mlist, key_file, signature, (code, kept), number)

    @staticmethod
    def use(mlist: Any) -> Any:
        """What the code is good for."""
        from mailman_pgp.conversation.codes import Use  # noqa: PLC0415 - core must be initialised

        return Use(mlist.list_id, ANNE, "pgp-commands", {"commands": [["leave"]]}, "2030-01-01T00:00:00")

    def restart(self) -> None:
        """Be a process that has been started now."""
        from mailman.config import config  # noqa: PLC0415 - core must be initialised

        config.db.abort()
        settings = SiteSettings(key_file=self.key_file)
        health._state = health._State(started=True, settings=settings, key=SiteKey.load(self.key_file))
        assert health.finish(config).healthy, health.current().problems

    def queued(self) -> list[tuple[Path, Any, dict[str, Any]]]:
        """What is sealed in the queues."""
        from mailman.config import config  # noqa: PLC0415 - core must be initialised

        from mailman_pgp.posts.sealed import SealedMessage  # noqa: PLC0415

        found = []
        for switchboard in config.switchboards.values():
            for path in Path(switchboard.queue_directory).iterdir():
                with path.open("rb") as stream:
                    message, metadata = pickle.load(stream), pickle.load(stream)
                if isinstance(message, SealedMessage):
                    found.append((path, message, metadata))
        return found

    def assert_all_opens(self) -> None:
        """Everything opens, and is known again, in this process."""
        from mailman.interfaces.messages import IMessageStore  # noqa: PLC0415 - core must be initialised
        from zope.component import getUtility  # noqa: PLC0415

        from mailman_pgp.conversation import codes  # noqa: PLC0415
        from mailman_pgp.digests import collection  # noqa: PLC0415
        from mailman_pgp.keys import vault  # noqa: PLC0415
        from mailman_pgp.model.tables import DigestPost  # noqa: PLC0415
        from mailman_pgp.overview import held  # noqa: PLC0415
        from mailman_pgp.posts import replay  # noqa: PLC0415
        from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415

        list_id = self.mlist.list_id
        (secret,) = vault.all_secrets(list_id)
        assert secret
        assert vault.revocation(list_id).startswith(b"-----BEGIN")
        queued = self.queued()
        assert len(queued) == 3
        for _, message, metadata in queued:
            record = Record.of(metadata)
            assert record is not None
            assert message.unseal(list_id, record).entity == TEXT
        one = held.find(self.mlist, str(self.number))
        assert one is not None
        assert one.record is not None
        stored = getUtility(IMessageStore).get_message_by_id(one.placeholder)
        assert stored.unseal(list_id, one.record).entity == TEXT
        with health_store().begin_nested():
            health_store().execute(sa.update(DigestPost).values(issue="i", volume=1, number=1))
            assert collection.payloads(list_id, collection.Issue("i", 1, 1)) == ([TEXT], 0)
            health_store().execute(sa.update(DigestPost).values(issue=None, volume=None, number=None))
        for claim, expected in (("first", replay.Claim.FIRST), ("again", replay.Claim.REPLAYED)):
            assert replay.claim(list_id, Kind.POST, self.signature, claim, WINDOW) is expected
        assert codes.fits(*self.code, self.use(self.mlist))
        assert not codes.fits(codes.new(), self.code[1], self.use(self.mlist))
        health_store().rollback()


def health_store() -> Session:
    """Core's session."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised

    return store()


@pytest.fixture
def sealed(mlist: Any, members: Members, healthy: SiteKey, tmp_path: Path) -> Iterator[Sealed]:  # noqa: ARG001 - see `make`
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    made = Sealed.make(mlist, tmp_path / "site.key")
    yield made
    config.db.abort()
    for switchboard in config.switchboards.values():
        for path in Path(switchboard.queue_directory).iterdir():
            path.unlink()


def rotate(sealed: Sealed) -> Any:
    """Do it, as a process of its own."""
    from mailman_pgp.rotation.procedure import rotate as replace_key  # noqa: PLC0415 - core must be initialised

    sealed.restart()
    return replace_key(sealed.key_file, lambda _: None)


def test_all_opens_under_the_new_key_alone(sealed: Sealed, store: Session) -> None:
    """Keys of lists, queues, held posts and digests are sealed anew; a replay is still one, and codes still fit."""
    before = SiteKey.load(sealed.key_file)
    names = [path.name for path, _, _ in sealed.queued()]
    done = rotate(sealed)
    after = SiteKey.load(sealed.key_file)
    assert (done.before, done.now) == (before.key_id, after.key_id)
    assert (done.list_keys, done.digest_posts, done.queued, done.held, done.closed) == (1, 1, 3, 1, 0)
    assert after.retired is None
    assert before.key_id != after.key_id
    assert [path.name for path, _, _ in sealed.queued()] == names
    assert store.scalar(sa.select(Site.value).where(Site.name == "site_key")) == after.key_id
    assert set(store.scalars(sa.select(ListKey.sealed_by))) == {after.key_id}
    sealed.restart()
    sealed.assert_all_opens()


def test_twice(sealed: Sealed) -> None:
    """What was claimed two site keys ago is known still."""
    rotate(sealed)
    rotate(sealed)
    sealed.restart()
    sealed.assert_all_opens()


def test_the_key_of_before_opens_nothing(sealed: Sealed) -> None:
    """Whoever has stolen the old key opens nothing of what is there afterwards, and writes no code that fits."""
    from mailman_pgp.keys import vault  # noqa: PLC0415
    from mailman_pgp.keys.vault import VaultError  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.posts.record import Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import SealedError  # noqa: PLC0415

    before = SiteKey.load(sealed.key_file)
    rotate(sealed)
    health.take_key(before)
    with pytest.raises(VaultError, match="was sealed under the site key"):
        vault.all_secrets(sealed.mlist.list_id)
    for _, message, metadata in sealed.queued():
        record = Record.of(metadata)
        assert record is not None
        with pytest.raises(SealedError):
            message.unseal(sealed.mlist.list_id, record)
    assert not health.start([]).healthy


def test_half_a_queue_file(sealed: Sealed) -> None:
    """What a killed process has left of one is sealed under the key of before, and nobody's: it is gone, and nothing else."""
    (path, _, _), *_ = sealed.queued()
    torn = path.with_suffix(".pck.tmp")
    torn.write_bytes(path.read_bytes()[:-1])
    rotate(sealed)
    assert not torn.exists()
    sealed.restart()
    sealed.assert_all_opens()


def test_codes_end_with_their_time(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of before makes no code fit for longer than codes live; what was claimed under it stays known."""
    rotate(sealed)
    sealed.restart()
    later = now() + timedelta(days=71)
    (names,) = health._state.names
    assert names.key_for(naming.CONFIRM, later) is None
    assert names.key_for(naming.REPLAY, later) is not None
    assert names.key_for(naming.CONFIRM, now()) is not None
    monkeypatch.setattr(
        health, "_state", replace(health._state, names=(replace(names, until=now() - timedelta(days=71)),))
    )
    from mailman_pgp.conversation import codes  # noqa: PLC0415 - core must be initialised

    assert not codes.fits(*sealed.code, sealed.use(sealed.mlist))


def test_earlier_names_that_were_changed(sealed: Sealed, store: Session) -> None:
    """A process that can't read by which keys things were named does not begin: replays would pass."""
    rotate(sealed)
    name, value = store.execute(sa.select(Site.name, Site.value).where(Site.name.like("names %"))).one()
    changed = value.replace(value[:4], "2999", 1)  # a later end for codes
    store.execute(sa.update(Site).where(Site.name == name).values(value=changed))
    store.commit()
    with pytest.raises(AssertionError, match="can't be known again"):
        sealed.restart()


def _everywhere(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> Callable[[], int]:
    """End the process before (or after) the write with this number: of a file, or of a transaction; says how many there were."""
    from mailman_pgp.digests import collection  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.rotation import procedure  # noqa: PLC0415

    count = itertools.count()
    seen = 0

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> None:
            nonlocal seen
            seen += 1
            here = next(count) == at
            if here and not after:
                raise Killed
            write(*args)
            if here:
                raise Killed

        return run

    monkeypatch.setattr(private_file, "replace", counted(private_file.replace))
    monkeypatch.setattr(procedure, "commit", counted(procedure.commit))
    monkeypatch.setattr(collection, "commit", counted(collection.commit))
    return lambda: seen


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(WRITES))
def test_killed_anywhere(sealed: Sealed, at: int, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - pytest's way
    """Ended before or after any write, the site opens all that it has, with one new key from then on; done again, it is done."""
    with monkeypatch.context() as patch:
        _everywhere(patch, at, after=after)
        with pytest.raises(Killed):
            rotate(sealed)
    sealed.restart()
    sealed.assert_all_opens()
    begun = SiteKey.load(sealed.key_file)
    done = rotate(sealed)
    if begun.retired is not None:
        assert done.now == begun.key_id
    sealed.restart()
    assert SiteKey.load(sealed.key_file).retired is None
    sealed.assert_all_opens()


def test_writes(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are as many writes as the test above goes through, and those of the second look, which changes nothing."""
    with monkeypatch.context() as patch:
        seen = _everywhere(patch, -1, after=False)
        rotate(sealed)
    # The key file twice; rows, the digest, three queue files, a held post; the rows of the second look.
    assert seen() == WRITES == 2 + 6 + 1


def test_a_post_sealed_before_its_list_was_encrypted_anew(sealed: Sealed, store: Session) -> None:
    """What no key opens stays as it is, is counted, and keeps nothing from being done."""
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415 - core must be initialised

    store.execute(sa.update(EncryptedList).values(enabled_at=now() + timedelta(hours=1)))
    store.commit()
    done = rotate(sealed)
    assert (done.queued, done.held, done.digest_posts, done.closed) == (0, 0, 0, 5)
    assert SiteKey.load(sealed.key_file).retired is None


def test_a_list_key_that_does_not_open(sealed: Sealed, store: Session) -> None:
    """A list key that can't be opened is no reason to lose it: all stays as it was, and the key of before stays in the file."""
    from mailman_pgp.keys.vault import VaultError  # noqa: PLC0415 - core must be initialised

    before = SiteKey.load(sealed.key_file)
    store.execute(sa.update(ListKey).values(secret=b"x"))
    store.commit()
    with pytest.raises(VaultError, match="can't be opened"):
        rotate(sealed)
    begun = SiteKey.load(sealed.key_file)
    assert begun.retired is not None
    assert begun.retired.key_id == before.key_id


def test_a_list_key_that_lives_longer_meanwhile(
    sealed: Sealed, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there are two site keys, the key of a list is changed as ever: it opens then, and after the rest was done."""
    from mailman_pgp.keys import extending, vault  # noqa: PLC0415 - core must be initialised

    with monkeypatch.context() as patch:
        _everywhere(patch, 0, after=True)
        with pytest.raises(Killed):
            rotate(sealed)
    sealed.restart()
    extending.extend(sealed.mlist.list_id, 9)
    store.commit()
    longer = vault.current_secret(sealed.mlist.list_id)
    sealed.assert_all_opens()
    rotate(sealed)
    sealed.restart()
    assert vault.current_secret(sealed.mlist.list_id) == longer
    sealed.assert_all_opens()


def test_a_command_that_began_before(sealed: Sealed, store: Session) -> None:
    """A command that has waited for an answer meanwhile seals nothing under the key of before: nothing would open it."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import vault  # noqa: PLC0415

    new = openpgp.generate("Bee", ["bee@example.com"])
    before = SiteKey.load(sealed.key_file)
    done = rotate(sealed)
    health.take_key(before)
    with pytest.raises(vault.VaultError, match=f"{before.key_id} was replaced by {done.now}"):
        vault.store_list_key("bee.example.com", new)
    store.rollback()
    sealed.restart()
    vault.store_list_key("bee.example.com", new)
    assert vault.current_secret("bee.example.com") == new.secret


def test_a_list_key_that_is_changed_at_the_same_moment(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody writes between the look at a key and its being sealed anew is not undone; the next look finds it."""
    from mailman_pgp.keys import extending, vault  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.vault import changing  # noqa: PLC0415 - the same

    list_id = sealed.mlist.list_id
    opened, longer = changing.open_part, b""

    def opened_and_changed(*args: Any) -> bytes:
        nonlocal longer
        plain = opened(*args)
        if not longer:
            longer = b"begun"
            extending.extend(list_id, 9)
            longer = vault.current_secret(list_id)
        return plain

    monkeypatch.setattr(changing, "open_part", opened_and_changed)
    rotate(sealed)
    assert longer != b"begun"
    assert vault.current_secret(list_id) == longer
