"""Joining with a key, and leaving by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public
from zope.interface import implementer

from mailman_pgp.lists.passage import OURS
from mailman_pgp.steps.encrypted import AsPlainList
from mailman_pgp.steps.key import HasKey
from mailman_pgp.steps.leaving import LeaveByProof, LeaveEncrypted, ModerateLeavingOnce
from mailman_pgp.steps.moderation import ModerateWithKey, SameKey
from mailman_pgp.steps.proof import Proves
from mailman_workflows import IWorkflow, Purpose, Workflow
from mailman_workflows.anew import Anew
from mailman_workflows.steps.confirmation import ConfirmJoining, ConfirmLeaving
from mailman_workflows.steps.eligibility import MayJoin
from mailman_workflows.steps.membership import IsMember, Join
from mailman_workflows.steps.moderation import ModerateJoining

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_workflows import Step


@public
@implementer(IWorkflow)
class JoinWithKey(Workflow):
    """A key that counts, its person's proof, and a moderator who has seen it."""

    name = OURS[Purpose.JOIN]
    description = "Join an encrypted list: with a key, and as its subscription policy says."
    purpose = Purpose.JOIN
    asides = frozenset({ConfirmJoining.name, ModerateJoining.name, Anew.name})

    def steps(self) -> Sequence[Step]:
        """See `Workflow`."""
        return (
            MayJoin(),
            HasKey(),
            Proves(),
            ModerateWithKey(),
            SameKey(),
            AsPlainList(ConfirmJoining.name, ModerateJoining.name),
            Join(),
            ConfirmJoining(),
            ModerateJoining(),
            Anew(),
        )


@public
@implementer(IWorkflow)
class LeaveByKey(Workflow):
    """A proof by the key, or the protection of who has lost it."""

    name = OURS[Purpose.LEAVE]
    description = "Leave an encrypted list: by a proof, or as its setting lost_key_leave says."
    purpose = Purpose.LEAVE
    asides = frozenset({ConfirmLeaving.name})

    def steps(self) -> Sequence[Step]:
        """See `Workflow`."""
        return (
            IsMember(),
            LeaveByProof(),
            ModerateLeavingOnce(),
            LeaveEncrypted(),
            ConfirmLeaving(),
        )
