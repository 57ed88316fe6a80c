"""The doctor's remarks about the host: by which ways decrypted mail could get out behind our back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mailman_pgp.site.doctor_findings import Area, Finding, information

if TYPE_CHECKING:
    from collections.abc import Iterator

# Swap that stays in memory, or that device mapper may encrypt.
_HARMLESS_SWAP = ("/dev/zram",)
_PERHAPS_ENCRYPTED_SWAP = ("/dev/dm-", "/dev/mapper/")


def examine(proc: Path = Path("/proc")) -> Iterator[Finding]:
    """Remarks only: whether a host may swap is the operator's decision.  `proc` is where procfs is mounted."""
    devices = [line.split()[0] for line in _read(proc / "swaps").splitlines()[1:] if line.strip()]
    clear = [device for device in devices if not device.startswith((*_HARMLESS_SWAP, *_PERHAPS_ENCRYPTED_SWAP))]
    if clear:
        yield information(
            Area.HOST,
            f"The host swaps to {', '.join(clear)}: parts of opened posts and keys may reach that disk.",
            "Encrypt the swap, or run Mailman's service with `MemorySwapMax=0` (systemd).",
        )
    pattern = _read(proc / "sys/kernel/core_pattern").strip()
    if pattern:
        kept = "a program" if pattern.startswith("|") else "a file"
        yield information(
            Area.HOST,
            f"When a process crashes, the kernel may give its memory to {kept} (core_pattern is {pattern.split()[0]!r}).",
            "Run Mailman's service with `LimitCORE=0` (systemd), or `ulimit -c 0` before its start.",
        )
    # Without Yama there is no such file, and the same is allowed.
    if _read(proc / "version") and _read(proc / "sys/kernel/yama/ptrace_scope").strip() in ("", "0"):
        yield information(
            Area.HOST,
            "Processes of one user may read each other's memory here (no kernel.yama.ptrace_scope, or 0): what takes over the "
            "process that opens a message could read keys from Mailman's own.",
            "Set kernel.yama.ptrace_scope=1 in /etc/sysctl.d/, on a kernel with Yama.",
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # no such thing on this host: nothing to remark
