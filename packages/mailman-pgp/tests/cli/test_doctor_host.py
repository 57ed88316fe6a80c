"""The doctor's remarks about swap: what could carry opened posts to a disk, and what could not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mailman_pgp.cli import main
from mailman_pgp.site import doctor_host

if TYPE_CHECKING:
    from pathlib import Path

SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


class Host:
    """The part of a host that the doctor looks at, in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put("proc/swaps", SWAPS)
        for name in ("sda2", "zram0", "zram1", "dm-0", "dm-1", "dm-2", "dm-3"):
            (root / "sys/class/block" / name / "slaves").mkdir(parents=True)
        self.put("sys/class/block/zram0/backing_dev", "none\n")
        self.put("sys/class/block/zram1/backing_dev", "/dev/sda2\n")
        self.put("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-0123-swap\n")
        for upper, *lower in (("dm-1", "dm-0"), ("dm-2", "sda2"), ("dm-3", "dm-0", "sda2")):
            self.put(f"sys/class/block/{upper}/dm/uuid", "LVM-0123\n")
            for name in lower:
                (root / "sys/class/block" / upper / "slaves" / name).symlink_to(root / "sys/class/block" / name)

    def put(self, path: str, text: str) -> None:
        """Write a file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def swaps_to(self, device: str, kind: str = "partition") -> None:
        """Have it swap there, and nowhere else."""
        self.put("proc/swaps", f"{SWAPS}{device.replace(' ', chr(92) + '040')} {kind} 1 0 -2\n")

    def remarks(self, pid_file: Path | None = None) -> list[str]:
        """What the doctor says; each time the mend, too."""
        found = list(doctor_host.examine(pid_file, self.root))
        assert all(remark.severity == "information" and "MemorySwapMax=0" in remark.mend for remark in found)
        return [remark.sentence for remark in found]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


@pytest.mark.parametrize(
    ("device", "remarked"),
    [
        ("/dev/sda2", True),
        ("/dev/zram0", False),
        ("/dev/zram1", True),
        ("/dev/dm-0", False),
        ("/dev/dm-1", False),
        ("/dev/dm-2", True),
        ("/dev/dm-3", True),
        ("/dev/unheard-of", True),
    ],
    ids=["disk", "memory", "memory-with-a-disk", "encrypted", "lvm-on-encrypted", "lvm", "lvm-on-both", "unknown"],
)
def test_swap(host: Host, device: str, *, remarked: bool) -> None:
    """What is swapped to a disk in the clear is a remark; what stays in memory, or is encrypted in any depth, is none."""
    assert host.remarks() == []
    host.swaps_to(device)
    assert [f"swaps to {device}:" in sentence for sentence in host.remarks()] == [True] * remarked


def test_swap_file(host: Host, tmp_path: Path) -> None:
    """A file is as good as the device of its file system; one that is not there, as a disk in the clear."""
    file = tmp_path / "a swap"
    file.touch()
    host.swaps_to(str(file), "file")
    assert [f"swaps to {file}:" in sentence for sentence in host.remarks()] == [True]
    number = file.stat().st_dev
    devices = host.root / "sys/dev/block"
    devices.mkdir(parents=True)
    (devices / f"{os.major(number)}:{os.minor(number)}").symlink_to(host.root / "sys/class/block/dm-0")
    assert host.remarks() == []
    file.unlink()
    assert len(host.remarks()) == 1


def test_service_that_never_swaps(host: Host, tmp_path: Path) -> None:
    """Where Mailman's service, or a slice around it, may not swap, the host may; without a running Mailman nobody knows."""
    host.swaps_to("/dev/sda2")
    pid_file = tmp_path / "master.pid"
    pid_file.write_text("4711\n")
    host.put("proc/4711/cgroup", "0::/system.slice/mailman3.service\n")
    group = "sys/fs/cgroup/system.slice"
    for limit, text in (("mailman3.service/memory.swap.max", "max\n"), ("memory.swap.max", "1048576\n")):
        host.put(f"{group}/{limit}", text)
    assert len(host.remarks(pid_file)) == 1
    host.put(f"{group}/memory.swap.max", "0\n")
    assert host.remarks(pid_file) == []
    assert len(host.remarks()) == 1
    host.put(f"{group}/memory.swap.max", "max\n")
    host.put(f"{group}/mailman3.service/memory.swap.max", "0\n")
    assert host.remarks(pid_file) == []
    pid_file.write_text("")
    assert len(host.remarks(pid_file)) == 1


def test_swap_is_in_the_report(site: Any, monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    """The doctor looks at the host, and where the master of this Mailman writes its number."""
    host.swaps_to("/dev/sda2")
    usual = doctor_host.examine
    asked: list[Path | None] = []

    def examine(pid_file: Path | None = None) -> Any:
        asked.append(pid_file)
        return usual(pid_file, host.root)

    monkeypatch.setattr(doctor_host, "examine", examine)
    output = CliRunner().invoke(main, ["check", "--config", str(site.config)]).output
    assert "note: The host swaps to /dev/sda2:" in output
    assert asked == [site.config.parents[1] / "var" / "master.pid"]
