"""Questions that wait for their answers."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import falcon
from lazr.config import as_boolean
from mailman.config import config
from mailman.core.i18n import _ as _core
from mailman.email.message import UserNotification
from mailman.interfaces.errors import MailmanError
from mailman.interfaces.pending import IPendable, IPendings
from mailman.utilities.string import wrap
from sqlalchemy import delete, false, or_, select
from zope.component import getUtility
from zope.interface import implementer

from mailman_plugin_kit.database import now, store, whole
from mailman_plugin_kit.failures import places_of
from mailman_workflows.cleanup import is_pended
from mailman_workflows.confirmations import actions
from mailman_workflows.confirmations.actions import Action, Asked, NotConfirmedError
from mailman_workflows.errors import ActionFailedError
from mailman_workflows.i18n import _, using
from mailman_workflows.model.tables import Question

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mailman_workflows.request import JSON

    #: Mails a question: list, address, subject, text, token.
    Send = Callable[[Any, str, str, str, str], None]

log = logging.getLogger("mailman.plugins")


@implementer(IPendable)
class _Pendable(dict):  # type: ignore[type-arg]  # as core's
    """What core knows of a question: that there is one."""

    PEND_TYPE = "confirmation"


def ask(mlist: Any, action: Action, email: str, data: Mapping[str, JSON], send: Send | None = None) -> str:
    """Save what is to be done, mail the question to `email`, and return its token.

    The caller's transaction commits it; the mail is queued at once.  Each question has a token of its own: who is asked twice
    can confirm twice.

    :param send: Mails the question in another way than in the clear with its token in it; a plugin that does so finds the
        question by `open_questions`.
    """
    # First of all, for it may fail.
    code = mlist.preferred_language.code
    # Who mails it in another way knows for whom, and in which language.
    with _core.using(code), using(code) if send is None else nullcontext():
        subject, text = action.question(Asked(mlist, email, data))
    token = cast(
        "str",
        getUtility(IPendings).add(_Pendable(list_id=mlist.list_id, action=action.name), lifetime=action.lifetime),
    )
    store().add(
        Question(
            token=token,
            list_id=mlist.list_id,
            action=action.name,
            version=action.version,
            email=email.lower(),
            data=json.dumps(data),
            expires=now() + action.lifetime,
        )
    )
    # The subject may hold what somebody wrote.
    (send or _send)(mlist, email, " ".join(subject.split()), text, token)
    return token


@dataclass(frozen=True, slots=True, repr=False)
class OpenQuestion:
    """A question that waits for its answer; `data` is in the form of today's release of its action."""

    token: str
    action: Action
    email: str
    data: Mapping[str, JSON]
    asked_until: dt.datetime
    list_id: str


def open_questions(mlist: Any, email: str) -> list[OpenQuestion]:
    """What a person was asked at a list and has not answered, the latest last.

    Without what is not installed any more, and what somebody has damaged in the database.
    """
    return open_questions_among([mlist.list_id], [email])


def open_questions_among(
    list_ids: Collection[str], emails: Collection[str], naming: Collection[str] | None = None
) -> list[OpenQuestion]:
    """The same of some people at some lists, in one query.

    :param naming: Only questions in whose data one of these texts stands, at whichever place.
    """
    where = [
        Question.list_id.in_(list_ids),
        Question.email.in_([email.lower() for email in emails]),
        Question.expires > now(),
        is_pended(Question.token),
    ]
    if naming is not None:
        # As they stand in JSON.
        where.append(
            or_(false(), *(Question.data.contains(json.dumps(text).strip('"'), autoescape=True) for text in naming))
        )
    rows = store().scalars(select(Question).where(*where).order_by(Question.expires))
    return [found for row in rows if (found := _open_question(row)) is not None]


def _open_question(row: Question) -> OpenQuestion | None:
    action = actions.named(row.action)
    if action is None:
        return None
    try:
        data = _data(action, row.version, row.data)
    except ValueError:
        log.warning("%s: what %s was asked (%s) can't be read", row.list_id, row.email, row.action)
        return None
    return OpenQuestion(row.token, action, row.email, data, row.expires, row.list_id)


def _data(action: Action, version: int, data: str) -> Mapping[str, JSON]:
    found: Mapping[str, JSON] = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("The data of a question is no object.")  # noqa: TRY004 - as of JSON that can't be read
    return found if version == action.version else action.upgraded(found, version)


def _send(mlist: Any, email: str, subject: str, text: str, token: str) -> None:
    verp = as_boolean(getattr(config.mta, "verp_confirmations", "yes"))
    reply_to = mlist.confirm_address(token) if verp else mlist.request_address
    with using(mlist.preferred_language.code):
        how = _("To confirm, reply to this message. If you did not ask for this, ignore it: nothing happens then.")
    message = UserNotification(
        email,
        reply_to,
        subject if verp else f"confirm {token}",
        f"{wrap(text)}\n\n{wrap(how)}\n",
        mlist.preferred_language,
    )
    del message["auto-submitted"]
    message["Auto-Submitted"] = "auto-generated"
    message.send(mlist, add_precedence=False)


def confirm(mlist: Any, token: str, message: Any = None) -> str | None:
    """Do what was asked under `token` at this list, once; return the action's sentence, None when there is no such question.

    `message` is what answers it: a mail, or what the plugin that has asked makes of one.

    Whatever it raises, nothing was done, and the question stays open.

    :raises NotConfirmedError: when the answer does not count.
    :raises ActionFailedError:
    """
    with whole():
        return _confirm(mlist, token, message)


def _confirm(mlist: Any, token: str, message: Any) -> str | None:
    session = store()
    table: Any = Question.__table__
    here = (table.c.token == token, table.c.list_id == mlist.list_id, table.c.expires > now(), is_pended(table.c.token))
    row = session.execute(select(table).where(*here)).mappings().first()
    if row is None:
        return None
    action = actions.named(row["action"])
    if action is None:
        raise NotConfirmedError(_("What you confirm is not installed here any more; write to the list's owners."))
    with _failures_of(action):
        asked = Asked(mlist, row["email"], _data(action, row["version"], row["data"]), message)
        action.check(asked, message)
        # Two processes may have come so far; the row goes for one of them only.
        if cast("Any", session.execute(delete(table).where(*here))).rowcount != 1:
            return None
        getUtility(IPendings).confirm(token)
        return action.run(asked)


@contextmanager
def _failures_of(action: Action) -> Iterator[None]:
    """Keep an action's own errors from the doors, as those of a step."""
    try:
        yield
    except (NotConfirmedError, MailmanError, falcon.HTTPError):  # what doors know
        raise
    except Exception as error:  # noqa: BLE001 - see above
        # Nor in a traceback: what is confirmed may have come encrypted.
        log.error("The action %s failed, as %s", action.name, places_of(error))  # noqa: TRY400 - see above
        raise ActionFailedError(action.name) from None


def discard(token: str) -> None:
    """Forget a question."""
    getUtility(IPendings).confirm(token)
