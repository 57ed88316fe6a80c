"""The text of a new settings file: what there is to set, with the defaults, for people."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mailman_pgp.site.settings import SiteSettings

if TYPE_CHECKING:
    from pathlib import Path

# What each option means, in the order of the file; `key_file` is the only one that must be given.
DESCRIPTIONS: dict[str, str] = {
    "key_file": "The site's key file: outside Mailman's var directory, and in a backup of its own.",
    "work_dir": "Where deliveries note who has a copy already, on a local disk.  Default: mailman-pgp/ in Mailman's data directory.",
    "chunk_recipients": "Recipients in one chunk of a post: what one process of `out` sends at a time.",
    "chunk_bytes": "A post of n times this size has n times as many recipients in a chunk: its body is encrypted once a chunk.",
    "max_message_bytes": "The largest message that is opened, in bytes.",
    "replay_window_days": "How old a signature may be, in days, for a post to be accepted.",
    "worker_memory_mb": "Memory that opening one message may take, in MiB.",
    "worker_seconds": "Time that opening one message may take, in seconds.",
}

_HEAD = """\
# Settings of mailman-pgp.  mailman.cfg names this file: [plugin.pgp] configuration.
# After a change restart Mailman; `mailman-pgp check` tells what is wrong with it.
[pgp]
"""


def settings_text(key_file: Path) -> str:
    """A settings file for a site whose key is `key_file`; all else stands there as a comment with its default."""
    blocks = [_HEAD]
    for field in sorted(dataclasses.fields(SiteSettings), key=lambda field: list(DESCRIPTIONS).index(field.name)):
        if field.name == "key_file":
            line = f"key_file: {key_file}"
        else:
            default = "" if field.default is None else f" {field.default}"
            line = f"#{field.name}:{default}"
        blocks.append(f"# {DESCRIPTIONS[field.name]}\n{line}\n")
    return "\n".join(blocks)
