"""Posts that are too large, as they travel or when they are opened; and what opening costs the machine."""

from __future__ import annotations

import base64
import os
import random
import smtplib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from messages import compressed, encrypted, literal
from people import EncryptedList
from refusals import Guarded, armored
from unopened import GIGABYTE, a_bomb

from mailman_pgp.sandbox import processes, until

if TYPE_CHECKING:
    from conftest import StartSandbox
    from people import Person

pytestmark = pytest.mark.deep

MIB = 1 << 20


def limit(guarded: Guarded, kilobytes: int) -> None:
    """Set the list's limit, as its owner does in the web interface."""
    guarded.list.sandbox.rest(f"lists/{guarded.list.list_id}/config", {"max_message_size": kilobytes}, "PATCH")


def text_of(guarded: Guarded, author: Person, size: int) -> bytes:
    """A post of exactly so many bytes, which are as good as random."""
    head = guarded.inside(author) + b"\n"
    return head + base64.b64encode(random.Random(1).randbytes(size))[: size - len(head)]


def test_limit_counts_what_the_author_wrote(guarded: Guarded) -> None:
    """A post as large as the list allows passes, though encryption makes it a third larger; one byte more is refused."""
    anne = guarded.anne
    limit(guarded, 40)
    whole, more = (anne.key.write(text_of(guarded, anne, size), guarded.list.certificate) for size in (40960, 40961))
    anne.send(anne.envelope(whole))
    guarded.bart.mail()
    guarded.refuses(anne, anne.envelope(more), "message-too-large", "larger than this list allows")
    guarded.takes_the_next()


def test_limit_counts_what_is_opened(guarded: Guarded) -> None:
    """A post that compression made a thousandth of its size is refused all the same."""
    limit(guarded, 40)
    anne = guarded.anne
    text = guarded.inside(anne) + b"\n" * 100_000
    small = armored(guarded.session_key + encrypted(compressed(literal(text))))
    assert len(small) < 5000
    guarded.refuses(anne, anne.envelope(small), "message-too-large", "larger than this list allows")
    guarded.takes_the_next()


def test_larger_than_the_list_allows_as_it_travels(guarded: Guarded) -> None:
    """A message above the limit is not even opened, whatever is in it."""
    limit(guarded, 40)
    post = guarded.anne.envelope(armored(os.urandom(60_000)))
    guarded.refuses(guarded.anne, post, "message-too-large", "larger than this list allows")
    guarded.takes_the_next()


def test_without_a_limit_of_the_list(guarded: Guarded) -> None:
    """The limit 0 means none to core: large posts pass, up to the 32 MiB at which core's own LMTP server refuses them."""
    limit(guarded, 0)
    anne = guarded.anne
    anne.send(anne.envelope(anne.key.write(text_of(guarded, anne, 12 * MIB), guarded.list.certificate)))
    guarded.bart.mail()
    with pytest.raises(smtplib.SMTPSenderRefused, match="message size exceeds"):
        anne.send(anne.envelope(armored(os.urandom(25 * MIB))))


def resident(pids: set[int]) -> int:
    """The memory that processes have now, in bytes; shared pages count for each."""
    pages = 0
    for pid in pids:
        try:
            pages += int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
        except OSError:
            continue  # it has ended
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_bomb_costs_little_memory(guarded: Guarded) -> None:
    """While two kilobytes that grow to a gigabyte are refused, no more than a third of that is ever in memory."""
    anne, sandbox = guarded.anne, guarded.list.sandbox
    guarded.takes_the_next()
    before = sandbox.mailbox.count(anne.address)
    message = anne.envelope(a_bomb(guarded, anne))
    assert len(message) < 5000
    seen: dict[int, int] = {}
    workers: set[int] = set()

    def answered() -> bool:
        for name, pid in sandbox.pids().items():
            if name not in ("sandbox", "smtp"):
                below = set(processes.descendants(pid)) if name == "in" else set()
                workers.update(below)
                seen[pid] = max(seen.get(pid, 0), resident({pid, *below}))
        return sandbox.mailbox.count(anne.address) > before

    anne.send(message)
    until(answered, "an answer to the bomb")
    assert workers, "The worker was looked at."
    assert max(seen.values()) < GIGABYTE // 3
    sandbox.wait_until_idle()
    assert guarded.refused_for() == {"too-large": 1}
    guarded.takes_the_next()


def test_many_bombs_cost_no_more_than_one(guarded: Guarded) -> None:
    """Fifty bombs from fifty senders leave the processes as large as the first one did, and posts pass."""
    sandbox = guarded.list.sandbox
    pid = sandbox.runner_pid("in")

    def throw(count: int) -> int:
        for number in range(count):
            stranger = guarded.list.person(f"Stan{number}")
            stranger.send(stranger.envelope(a_bomb(guarded, stranger)))
        sandbox.wait_until_idle(timeout=300)
        return resident({pid, *processes.descendants(pid)})

    first = throw(2)
    assert throw(50) < first + 32 * MIB
    assert guarded.refused_for() == {"too-large": 52}
    guarded.takes_the_next()


def test_settings_of_the_site_are_in_force(start_sandbox: StartSandbox) -> None:
    """`worker_memory_mb`: a post too large for little memory passes with more.  `max_message_bytes`: above every list's limit."""
    sandbox = start_sandbox(settings=["pgp.worker_memory_mb=128"])
    guarded = Guarded.make(EncryptedList.make(sandbox))
    limit(guarded, 0)
    anne = guarded.anne

    def large() -> bytes:
        return anne.envelope(anne.key.write(text_of(guarded, anne, 20 * MIB), guarded.list.certificate))

    guarded.refuses(anne, large(), "too-large", "could not open")
    sandbox.stop()
    sandbox.options = replace(sandbox.options, settings=["pgp.worker_memory_mb=2048"])
    sandbox.start()
    anne.send(large())
    guarded.bart.mail()
    sandbox.wait_until_idle()
    sandbox.stop()
    sandbox.options = replace(sandbox.options, settings=[f"pgp.max_message_bytes={MIB}"])
    sandbox.start()
    guarded.refuses(anne, large(), "message-too-large", "larger than this list allows")
    guarded.takes_the_next()
