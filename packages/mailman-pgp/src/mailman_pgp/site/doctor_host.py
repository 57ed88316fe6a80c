"""The doctor's look at the host: whether what is in the memory of Mailman's processes could reach a disk.

Core dumps are no question here: Mailman's processes make none (`mailman_pgp.site.memory`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_pgp.site.doctor_findings import Area, Finding, information

if TYPE_CHECKING:
    from collections.abc import Iterator


def examine(pid_file: Path | None = None, root: Path = Path("/")) -> Iterator[Finding]:
    """Look for swap in the clear.  Remarks only: whether a host may swap is the operator's decision.

    :param pid_file: Where Mailman's master writes its process ID, to see whether its service may swap at all.
    :param root: The directory below which are ``proc`` and ``sys``.
    """
    clear = [device for device, kind in _swaps(root) if not _kept_secret(root, device, kind)]
    if clear and not _never_swaps(root, _process(pid_file)):
        yield information(
            Area.HOST,
            f"The host swaps to {', '.join(clear)}: parts of opened posts and keys may reach that disk.",
            "Encrypt the swap, or run Mailman's service with `MemorySwapMax=0` (systemd).",
        )


def _swaps(root: Path) -> Iterator[tuple[str, str]]:
    """Where this host swaps to: path and kind (proc(5), /proc/swaps)."""
    for line in _read(root / "proc/swaps").splitlines()[1:]:
        path, kind, *_ = line.split()
        yield path.replace("\\040", " "), kind


def _kept_secret(root: Path, device: str, kind: str) -> bool:
    """Whether what is swapped out stays in memory, or is encrypted before it reaches a disk."""
    try:
        # A file lies on the device of its file system.
        block = root / "sys/dev/block" / _number(device) if kind == "file" else root / "sys/class/block" / _name(device)
    except OSError:
        return False
    if block.name.startswith("zram"):
        # What does not fit there may go on to a disk.
        return _read(block / "backing_dev").strip() in ("", "none")
    return _encrypted(block)


def _encrypted(block: Path) -> bool:
    """Whether a block device is one of dm-crypt's, or is made of such alone (LVM, RAID)."""
    if _read(block / "dm/uuid").startswith("CRYPT-"):
        return True
    try:
        below = list((block / "slaves").iterdir())
    except OSError:
        return False  # a disk or a partition
    return bool(below) and all(map(_encrypted, below))


def _name(device: str) -> str:
    return Path(os.path.realpath(device)).name


def _number(file: str) -> str:
    number = Path(file).stat().st_dev
    return f"{os.major(number)}:{os.minor(number)}"


def _process(pid_file: Path | None) -> int | None:
    """Mailman's master, where it runs."""
    found = "" if pid_file is None else _read(pid_file).strip()
    return int(found) if found.isdecimal() else None


def _never_swaps(root: Path, process: int | None) -> bool:
    """Whether a process is in a control group that may not swap (version 2, memory.swap.max)."""
    paths = [line[3:] for line in _read(root / f"proc/{process}/cgroup").splitlines() if line.startswith("0::/")]
    if process is None or not paths:
        return False
    group = Path(paths[0])
    return any(
        _read(root / "sys/fs/cgroup" / one.relative_to("/") / "memory.swap.max").strip() == "0"
        for one in (group, *group.parents)
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # no such thing on this host: nothing to remark
