"""The site's key file: made once, read strictly, never shown."""

from __future__ import annotations

import os
import pickle
import stat
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.site.sitekey import SiteKey, SiteKeyError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "site.key"


def test_created_and_loaded(key_file: Path) -> None:
    """The key that is loaded is the one that was created, and only its owner may read the file."""
    made = SiteKey.create(key_file)
    loaded = SiteKey.load(key_file)
    assert loaded.key_id == made.key_id
    assert loaded.derive("seal") == made.derive("seal")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_mode_does_not_depend_on_the_umask(key_file: Path) -> None:
    """A strange umask makes the file neither wider nor unreadable to its owner."""
    before = os.umask(0o777)
    try:
        SiteKey.create(key_file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_file_format(key_file: Path) -> None:
    """The file is one line: a magic word, the id of the key, the key."""
    made = SiteKey.create(key_file)
    magic, key_id, _ = key_file.read_text().split()
    assert magic == "mailman-pgp-site-key-v1"
    assert key_id == made.key_id
    assert key_file.read_text().count("\n") == 1


def test_never_overwritten(key_file: Path) -> None:
    """Creating a key where there is a file leaves the file alone."""
    SiteKey.create(key_file)
    before = key_file.read_bytes()
    with pytest.raises(SiteKeyError, match="left alone"):
        SiteKey.create(key_file)
    assert key_file.read_bytes() == before


def test_purposes_and_keys_are_separate(key_file: Path, tmp_path: Path) -> None:
    """Each purpose, and each site, has keys of its own."""
    key, other = SiteKey.create(key_file), SiteKey.create(tmp_path / "other.key")
    keys = {key.derive("a"), key.derive("b"), other.derive("a"), other.derive("b")}
    assert len(keys) == 4
    assert all(len(derived) == 32 for derived in keys)


def test_shows_nothing(key_file: Path) -> None:
    """The repr shows the key's id only, and the key can't be pickled."""
    key = SiteKey.create(key_file)
    assert repr(key) == f"<SiteKey {key.key_id}>"
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_a_key_that_is_being_replaced(key_file: Path) -> None:
    """The file has the new key in its first line, and the one of before in its second; the new one is the site's."""
    before = SiteKey.create(key_file)
    new = SiteKey.new(retired=before)
    key_file.chmod(0o400)
    new.replace_in(key_file)
    loaded = SiteKey.load(key_file)
    assert [key.key_id for key in loaded.generations] == [new.key_id, before.key_id]
    assert loaded.derive("seal") == new.derive("seal") != before.derive("seal")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o400
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]
    loaded.alone().replace_in(key_file)
    assert SiteKey.load(key_file).generations[1:] == ()


@pytest.mark.parametrize("lines", [(), ("x",), ("a", "x"), ("a", "b", "c"), ("a", "")], ids=str)
def test_no_other_lines(key_file: Path, lines: tuple[str, ...]) -> None:
    """A file with anything but one key or two is damaged, and what is in it is not shown."""
    keys = {name: SiteKey.new().as_text().rstrip() for name in "abc"}
    key_file.write_text("".join(f"{keys.get(line, line)}\n" for line in lines))
    key_file.chmod(0o600)
    with pytest.raises(SiteKeyError, match="damaged") as caught:
        SiteKey.load(key_file)
    assert not any(text.split()[2] in str(caught.value) for text in keys.values())


def test_replaced_where_a_link_leads(key_file: Path, tmp_path: Path) -> None:
    """Where the named file is a link, what it leads to is replaced; a file that was left by a killed process is in no way."""
    before = SiteKey.create(key_file)
    link = tmp_path / "link"
    link.symlink_to(key_file)
    (tmp_path / ".site.key.new").write_text("left behind")
    new = SiteKey.new(retired=before)
    new.replace_in(link)
    assert link.is_symlink()
    assert SiteKey.load(key_file).key_id == new.key_id


def test_not_replaced_in_a_directory_that_can_not_be_written(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it can't be replaced, the key file is as it was, and the sentence says what is needed."""
    before = SiteKey.create(key_file).as_text()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(SiteKeyError, match="can't be replaced"):
        SiteKey.new().replace_in(key_file)
    assert key_file.read_text() == before
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


def test_missing(key_file: Path) -> None:
    """Without a file the sentence names `mailman-pgp init` and the backup."""
    with pytest.raises(SiteKeyError, match=r"mailman-pgp init.*backup"):
        SiteKey.load(key_file)


def test_no_directory(tmp_path: Path) -> None:
    """A directory that does not exist is a sentence, not an OSError."""
    with pytest.raises(SiteKeyError, match="Create its directory"):
        SiteKey.create(tmp_path / "missing" / "site.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_open_to_others(key_file: Path, mode: int) -> None:
    """A file that anybody but its owner may touch is refused, with the command that mends it."""
    SiteKey.create(key_file)
    key_file.chmod(mode)
    with pytest.raises(SiteKeyError, match="chmod 0600"):
        SiteKey.load(key_file)


def damaged_forms() -> dict[str, bytes]:
    key = b"A" * 43 + b"="
    return {
        "empty": b"",
        "binary": bytes(range(256)),
        "other magic": b"mailman-pgp-site-key-v9 00000000 " + key,
        "short": b"mailman-pgp-site-key-v1 00000000 QUJD",
        "other id": b"mailman-pgp-site-key-v1 00000000 " + key,
        "second line": b"mailman-pgp-site-key-v1 00000000 " + key + b"\nmore\n",
        "huge": b"x" * 100_000,
    }


@pytest.mark.parametrize("form", damaged_forms())
def test_damaged(key_file: Path, form: str) -> None:
    """A file that does not hold exactly one whole key is refused, and nothing of it is quoted."""
    key_file.write_bytes(damaged_forms()[form])
    key_file.chmod(0o600)
    with pytest.raises(SiteKeyError, match="damaged") as caught:
        SiteKey.load(key_file)
    assert "AAAA" not in str(caught.value)


def test_one_changed_letter(key_file: Path) -> None:
    """A key whose id does not fit it is damaged, and is never used."""
    SiteKey.create(key_file)
    text = key_file.read_text()
    place = text.rindex(" ") + 5
    key_file.write_text(text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :])
    with pytest.raises(SiteKeyError, match="damaged"):
        SiteKey.load(key_file)


def test_not_a_file(tmp_path: Path) -> None:
    """A directory or a named pipe is refused at once, instead of being waited for."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for place in (pipe, tmp_path):
        with pytest.raises(SiteKeyError, match="not a regular file"):
            SiteKey.load(place)


def test_below_var(tmp_path: Path) -> None:
    """A key below Mailman's var directory is refused, also when a link leads there or hides it."""
    var, etc = tmp_path / "var", tmp_path / "etc"
    (var / "deep").mkdir(parents=True)
    etc.mkdir()
    SiteKey.create(var / "deep" / "site.key")
    SiteKey.create(etc / "good.key")
    (etc / "link.key").symlink_to(var / "deep" / "site.key")
    (var / "outward.key").symlink_to(etc / "good.key")
    (tmp_path / "var2").symlink_to(var)
    assert SiteKey.load(etc / "good.key", outside=var)
    for place in (var / "deep" / "site.key", etc / "link.key", var / "outward.key", tmp_path / "var2/deep/site.key"):
        with pytest.raises(SiteKeyError, match="var directory"):
            SiteKey.load(place, outside=var)
