"""Keys that wait for a moderator, since the one until now has not signed for them: seen, and decided about, by other doors than mail.

Each waits as the question that the moderators were asked by mail, and whoever is first decides.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import select

from mailman_pgp import openpgp
from mailman_pgp.conversation.matters import Decided, Decision, Subject, standing
from mailman_pgp.conversation.moderating import Moderation
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import registry
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists.encryption import settings_of
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem, OpenPGPError
from mailman_workflows.cleanup import is_pended
from mailman_workflows.confirmations import NotConfirmedError, confirm, open_questions
from mailman_workflows.model.tables import Question

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import StoredCertificate
    from mailman_workflows.confirmations import OpenQuestion


@public
@dataclass(frozen=True, slots=True, repr=False)
class KeyChange:
    """Somebody asks that another key counts for them.

    :ivar certificate: The new one.
    :ivar shown: What was chosen when they asked, as `mailman_pgp.conversation.matters.standing` has it.
    :ivar chosen: What is chosen now.
    :ivar since: When they asked, naive UTC.
    :ivar expires: When it is forgotten.
    """

    token: str
    address: str
    certificate: Certificate
    shown: str
    chosen: StoredCertificate | None
    since: dt.datetime
    expires: dt.datetime

    @property
    def earlier(self) -> str:
        """The fingerprint of what was chosen when they asked."""
        return self.shown.partition(":")[0]

    @property
    def counting(self) -> str:
        """The fingerprint of what counts now; empty where nothing does."""
        return self.chosen.fingerprint if self.chosen is not None and self.chosen.choice.counts else ""

    @property
    def suspended(self) -> bool:
        """Whether an owner has suspended what is chosen now: to accept the new one ends that."""
        return self.chosen is not None and self.chosen.choice.state is ChoiceState.SUSPENDED

    @property
    def outdated(self) -> bool:
        """Whether it can't be accepted any more, since what was chosen was changed meanwhile."""
        return self.shown != standing(self.chosen)

    @property
    def problem(self) -> CertificateProblem | None:
        """Why the new one can't be used."""
        try:
            openpgp.require_usable(self.certificate, self.address)
        except CertificateError as error:
            return error.problem
        return None


@public
def waiting_at(mlist: Any, address: str | None = None) -> list[KeyChange]:
    """Those that wait at a list, of one person (in lower case) or of all, the oldest first."""
    row = settings_of(mlist.list_id)
    if row is None:
        return []
    asked = asked_by(open_questions(mlist, mlist.owner_address), None if address is None else {address})
    chosen = registry.for_addresses(mlist.list_id, {found.address for found in asked})
    by_address = {found.choice.address: found for found in chosen}
    # What was asked before the encryption was switched off and on is about keys that are forgotten.
    return [replace(found, chosen=by_address.get(found.address)) for found in asked if found.since >= row.enabled_at]


@public
def asked_by(questions: Iterable[OpenQuestion], addresses: Collection[str] | None = None) -> list[KeyChange]:
    """What questions to moderators ask about keys of some people, or of all; without what is chosen now."""
    return [found for question in questions if (found := _asked(question, addresses)) is not None]


@public
def numbers(list_ids: Collection[str]) -> dict[str, int]:
    """How many wait at each of some lists, by list-id, without a look at the keys; those are left out at which none does."""
    query = (
        select(Question.list_id, Question.data, Question.expires, EncryptedList.enabled_at)
        .join(EncryptedList, EncryptedList.list_id == Question.list_id)
        .where(
            Question.list_id.in_(list_ids),
            Question.action == Moderation.name,
            Question.expires > now(),
            is_pended(Question.token),
        )
    )
    return Counter(
        row.list_id
        for row in store().execute(query)
        if row.expires - Moderation.lifetime >= row.enabled_at and _is_about_key(row.data)
    )


def _is_about_key(data: str) -> bool:
    try:
        return bool(json.loads(data).get("about") == Subject.KEY)
    except (AttributeError, ValueError):  # somebody has damaged it in the database
        return False


@public
def find(mlist: Any, token: str) -> KeyChange:
    """The one with this token.

    :raises Refusal: when there is none.
    """
    for change in waiting_at(mlist):
        if change.token == token:
            return change
    raise _gone(mlist)


@public
def decide(mlist: Any, token: str, decision: Decision, actor: Actor) -> KeyChange:
    """Decide about one, once, as a moderator's reply does; return what it was.  The caller commits.

    :raises Refusal: when it is not there any more, or can't be accepted; then it goes on waiting.
    """
    change = find(mlist, token)
    try:
        done = confirm(mlist, token, Decided(decision, actor))
    except NotConfirmedError as error:
        raise Refusal("not-decided", str(error)) from error
    if done is None:
        raise _gone(mlist)
    return change


def _gone(mlist: Any) -> Refusal:
    return Refusal(
        "no-such-change",
        f"No key waits for a moderator at {mlist.fqdn_listname} by this token; somebody has decided about it, or it has expired.",
    )


def _asked(question: OpenQuestion, addresses: Collection[str] | None) -> KeyChange | None:
    """What a question asks, without what is chosen now; None when it is about something else, or about somebody else."""
    data = question.data
    if not isinstance(question.action, Moderation) or data.get("about") != Subject.KEY:
        return None
    if addresses is not None and data.get("address") not in addresses:
        return None
    shown, _blank, certificate_data = str(data.get("what")).rpartition(" ")
    try:
        certificate = openpgp.inspect(base64.b64decode(certificate_data))
    except (ValueError, OpenPGPError):  # somebody has damaged it in the database
        return None
    return KeyChange(
        token=question.token,
        address=str(data.get("address")),
        certificate=certificate,
        shown=shown,
        chosen=None,
        since=question.asked_until - question.action.lifetime,
        expires=question.asked_until,
    )
