"""The questions that this plugin asks, registered where their answers come in: in every process."""

from __future__ import annotations

from mailman_pgp.conversation.commanded import Commanded
from mailman_pgp.conversation.moderating import Moderation
from mailman_pgp.conversation.proving import ProveKey, ProveLeaving
from mailman_workflows.confirmations import register


def install() -> None:
    """Register them."""
    for action in (Commanded(), Moderation(), ProveKey(), ProveLeaving()):
        register(action)
