"""Chunks: their names, their sizes, and where their progress is kept."""

from __future__ import annotations

import errno
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.delivery.progress import Beginning, Progress
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Delivery, Dropped, Seen
from mailman_pgp.runners import housekeeping
from mailman_pgp.site import health
from mailman_pgp.site.settings import SiteSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from mailman_pgp.site.sitekey import SiteKey


@pytest.fixture
def configure(healthy: SiteKey, tmp_path: Path) -> Callable[..., None]:
    """Choose settings of the site: ``configure(chunk_bytes=5)``."""

    def choose(**settings: Any) -> None:
        chosen = SiteSettings(key_file=tmp_path / "site.key", **settings)
        health._state = health._State(started=True, finished=True, settings=chosen, key=healthy)

    return choose


def sizes(recipients: int, payload_bytes: int) -> list[int]:
    """How many recipients are in each chunk; all of them in their order."""
    names = [f"member{number}@example.com" for number in range(recipients)]
    cut = list(chunks.cut(names, payload_bytes))
    assert [name for chunk in cut for name in chunk] == names
    return [len(chunk) for chunk in cut]


def test_a_name_is_of_its_message_and_recipients() -> None:
    """The same message to the same recipients has the same name, and nothing else has it."""
    name = chunks.name("ant.example.com", "1.5+abc", ["a@x", "b@x"])
    assert name == chunks.name("ant.example.com", "1.5+abc", ["a@x", "b@x"])
    others = [
        chunks.name("bee.example.com", "1.5+abc", ["a@x", "b@x"]),
        chunks.name("ant.example.com", "1.6+abc", ["a@x", "b@x"]),
        chunks.name("ant.example.com", "1.5+abc", ["a@x"]),
        chunks.name("ant.example.com", "1.5+abc", ["a@x", "c@x"]),
        chunks.name("ant.example.com", "1.5+abc\0a@x", ["b@x", "c@x"]),
    ]
    assert len({name, *others}) == 6


def test_without_a_claim_no_name_comes_twice() -> None:
    """A message without a claim is never taken for another one."""
    assert chunks.name("ant.example.com", "", ["a@x"]) != chunks.name("ant.example.com", "", ["a@x"])


def test_chunks_are_as_large_as_the_settings_say(configure: Callable[..., None]) -> None:
    """Up to `chunk_bytes`, and below twice that, a chunk has `chunk_recipients`; then it grows with the post."""
    configure(chunk_recipients=10, chunk_bytes=1000)
    assert sizes(25, 1) == sizes(25, 1000) == sizes(25, 1999) == [10, 10, 5]
    assert sizes(25, 2000) == [20, 5]
    assert sizes(25, 3000) == [25]
    assert sizes(0, 1) == []
    configure()
    assert sizes(1200, 10_000) == [500, 500, 200]
    assert sizes(10_000, 10 * 2**20) == [10_000]


def test_progress_lies_where_the_settings_say(configure: Callable[..., None], core: Any, tmp_path: Path) -> None:
    """`work_dir` is where progress is noted; without it that is below Mailman's data directory."""
    configure(work_dir=tmp_path / "work")
    chunks.progress("c").mark(["anne@example.com"])
    assert (tmp_path / "work" / "progress" / "c").read_text() == "chunk c\nanne@example.com\n"
    configure()
    assert str(chunks.directory()) == f"{core.DATA_DIR}/mailman-pgp/progress"


def test_a_finished_chunk_is_forgotten_when_core_is_done(configure: Callable[..., None], tmp_path: Path) -> None:
    """The file of a finished chunk stays until its queue entry is gone."""
    configure(work_dir=tmp_path)
    progress = chunks.progress("c")
    progress.begin()
    chunks.finished(progress)
    assert (tmp_path / "progress" / "c").exists()
    chunks.forget_finished()
    assert not (tmp_path / "progress" / "c").exists()


def test_a_file_that_can_not_be_removed_stops_nothing(
    configure: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The runner calls this between two messages, outside of all that it catches: the log tells what to do."""
    configure(work_dir=tmp_path)
    progress = chunks.progress("c")
    progress.begin()
    chunks.finished(progress)

    def fail(*_arguments: object, **_keywords: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fail)
    chunks.forget_finished()
    assert "Mailman's user may write there" in caplog.text


def test_a_chunk_has_one_row(store: Session) -> None:
    """However often a chunk is tried there is one row, with what became of its recipients in the end."""
    assert ledger.known("c") == ledger.Known(attempts=0, complete=False)
    common: dict[str, Any] = {"chunk": "c", "recipients": 5, "skipped": 1}
    ledger.delivered("ant.example.com", "<m>", copies=1, refused=1, waiting=2, **common)
    assert ledger.known("c") == ledger.Known(attempts=1, complete=False)
    ledger.delivered("ant.example.com", "<m>", copies=3, refused=1, attempts=2, **common)
    assert ledger.known("c") == ledger.Known(attempts=2, complete=True)
    (row,) = store.query(Delivery).all()
    assert (row.recipients, row.delivered, row.skipped, row.failed) == (5, 3, 1, 1)


def test_what_a_killed_process_left_goes(configure: Callable[..., None], store: Session, tmp_path: Path) -> None:
    """The file of a complete chunk is removed, unless a process has it: that one still has to remove its queue entry."""
    configure(work_dir=tmp_path)
    left, taken, unknown = (Progress(tmp_path / "progress" / name, name) for name in ("left", "taken", "unknown"))
    for progress in (left, taken, unknown):
        progress.mark(["anne@example.com"])
    for name in ("left", "taken"):
        ledger.delivered("ant.example.com", "<m>", chunk=name, recipients=1, copies=1, skipped=0)
    store.commit()
    left.close()
    assert taken.begin() is Beginning.RESUMED
    chunks.prune()
    assert sorted(path.name for path in (tmp_path / "progress").iterdir()) == ["taken", "unknown"]


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Do the daily housekeeping now."""

    def do() -> None:
        monkeypatch.setattr(housekeeping, "_due", 0.0)
        housekeeping.when_due()

    return do


@pytest.mark.usefixtures("mlist")
def test_old_records_go(
    configure: Callable[..., None], store: Session, tmp_path: Path, due: Callable[[], None]
) -> None:
    """Rows and files of chunks older than ninety days are removed, once a day; newer ones stay while somebody waits."""
    configure(work_dir=tmp_path)
    long_ago = timedelta(days=91)
    for name in ("old", "new"):
        Progress(tmp_path / "progress" / name, name).mark(["anne@example.com"])
        ledger.delivered("ant.example.com", "<m>", chunk=name, recipients=2, copies=1, skipped=0, waiting=1)
    store.flush()
    store.query(Delivery).filter_by(chunk="old").one().at = now() - long_ago
    store.commit()
    os.utime(tmp_path / "progress" / "old", (time.time() - long_ago.total_seconds(),) * 2)
    due()
    assert [path.name for path in (tmp_path / "progress").iterdir()] == ["new"]
    assert [row.chunk for row in store.query(Delivery).all()] == ["new"]
    os.utime(tmp_path / "progress" / "new", (time.time() - long_ago.total_seconds(),) * 2)
    housekeeping.when_due()
    assert (tmp_path / "progress" / "new").exists()


@pytest.mark.usefixtures("mlist", "healthy")
@pytest.mark.parametrize("queue", ["in", "command", "shunt"])
def test_half_a_queue_file_goes(due: Callable[[], None], queue: str) -> None:
    """What was never whole, and may be in the clear, is removed when nobody can be writing it any more; nothing else is."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    directory = Path(config.switchboards[queue].queue_directory)
    old, young, whole = (directory / f"{name}" for name in ("1.0+aa.pck.tmp", "2.0+bb.pck.tmp", "3.0+cc.pck"))
    for path in (old, young, whole):
        path.write_bytes(b"The kestrel flies")
    for path in (old, whole):
        os.utime(path, (time.time() - 90_000,) * 2)
    due()
    left = sorted(path.name for path in directory.iterdir())
    for path in (young, whole):
        path.unlink()
    assert left == [young.name, whole.name]


@pytest.mark.usefixtures("mlist", "healthy")
def test_a_part_that_fails(due: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The other parts of the daily work are done all the same."""
    done = []

    def fail() -> None:
        raise RuntimeError

    monkeypatch.setattr(housekeeping.ledger, "prune", fail)
    monkeypatch.setattr(housekeeping, "remind", fail)
    monkeypatch.setattr(housekeeping, "look_again_everywhere", lambda: done.append("requests"))
    due()
    assert done == ["requests"]


def test_signatures_are_forgotten_a_year_after_they_count(
    configure: Callable[..., None], mlist: Any, store: Session, due: Callable[[], None]
) -> None:
    """So a clock that was set ahead for some months lets no old post in again."""
    configure(replay_window_days=30)
    for days in (31, 390, 400):
        seen = now() - timedelta(days=days)
        store.add(Seen(list_id=mlist.list_id, digest=f"{days}", claim="c", seen_at=seen))
    store.commit()
    due()
    assert sorted(row.digest for row in store.query(Seen)) == ["31", "390"]


def test_rows_of_a_list_that_is_gone_go(
    configure: Callable[..., None], mlist: Any, store: Session, due: Callable[[], None]
) -> None:
    """Also of one that a process without the plugin has removed."""
    configure()
    for list_id in (mlist.list_id, "gone.example.com"):
        ledger.dropped(list_id, kind="post", recipient="anne@example.com", reason="unsigned")
    store.commit()
    due()
    assert [row.list_id for row in store.query(Dropped)] == [mlist.list_id]
