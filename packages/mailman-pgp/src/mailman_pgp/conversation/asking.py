"""A person is asked by a code that only they can read, and answers by a letter that only they can sign."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation import codes
from mailman_pgp.conversation.letters import Letter
from mailman_pgp.i18n import _, language_of, using
from mailman_pgp.lists.encryption import settings_of
from mailman_pgp.notices.attached import list_certificate
from mailman_pgp.notices.encrypted import letter as notice
from mailman_pgp.notices.encrypted import send_encrypted
from mailman_pgp.openpgp import OpenPGPError
from mailman_plugin_kit.database import whole
from mailman_workflows.confirmations import Action, Asked, NotConfirmedError, ask, open_questions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from email.mime.base import MIMEBase

    from mailman_pgp.openpgp import Recipient
    from mailman_workflows.confirmations import OpenQuestion
    from mailman_workflows.request import JSON

# In the data of a question: what is kept of its code, and the certificates that must sign the answer.
_CODE, _SIGNED_BY = "code", "signed_by"


@public
class Challenge(Action):
    """Something that is done when a person answers by a signed letter with the code in it.

    What is done is in the data, and the code is good for just this.
    """

    @abstractmethod
    def question(self, asked: Asked) -> tuple[str, str]:
        """Subject and text of the question; how to answer is added to the text."""

    def how(self, _asked: Asked) -> str:
        """How to answer, without the code.

        No word that is an answer stands alone on a line: a program that quotes without marks would say it for its user.
        """
        confirm = _(
            "To confirm, reply to this message, encrypted and signed with the same key: write the word `yes` on a line of its own "
            "above everything else, and leave the code below in your reply."
        )
        return f"{confirm}\n\n{self.otherwise()}"

    def otherwise(self) -> str:
        """What comes of it when the person says no, or nothing."""
        return _(
            "If you did not ask for this, do nothing, and it is forgotten after {days} days; with the word `no` it is forgotten "
            "at once."
        ).format(days=self.lifetime.days)

    def declined(self, asked: Asked) -> None:
        """Do what follows when the person says no, beside that the question is forgotten; the default is nothing.

        :raises NotConfirmedError: when their no does not count; then the question is not forgotten.
        """

    def check(self, asked: Asked, message: Any) -> None:
        """See `Action`: only a letter counts, encrypted, and signed by all who must."""
        if not isinstance(message, Letter) or not message.encrypted:
            raise NotConfirmedError(_("An answer counts only by mail, encrypted to the list."))
        if not must_sign(asked.data) or not set(must_sign(asked.data)) <= message.signed_by:
            raise NotConfirmedError(
                _(
                    "Your answer was not signed by the key that it must be signed by. Reply once more to the message with the "
                    "code, encrypted and signed."
                )
            )


@public
def challenge(
    mlist: Any,
    action: Challenge,
    address: str,
    data: Mapping[str, JSON],
    *,
    signed_by: Sequence[str],
    readers: Sequence[Recipient],
    attachments: Sequence[MIMEBase] = (),
    while_they_count: bool = False,
) -> list[str]:
    """Ask a person; the caller commits.

    :param data: What is to be done.
    :param signed_by: The fingerprints of the certificates that must all have signed the answer.
    :param readers: Who can read the question.
    :param while_they_count: Whether it may leave only as long as their certificates are those that count for them.
    :return: The addresses of readers to whom it can't be encrypted, where it can be to others.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can be encrypted to none of them; then nothing was asked.
    """
    code = codes.new()
    signers: list[JSON] = list(signed_by)
    bound: dict[str, JSON] = {**data, _SIGNED_BY: signers}
    kept = codes.digest(code, _use(mlist, address, action, bound))
    refused: list[str] = []

    def send(_mlist: Any, _address: str, subject: str, text: str, _token: str) -> None:
        how = action.how(Asked(mlist, address, bound))
        # Nothing of the code stands in the subject, which mail programs may write outside the encryption of a reply.
        text = f"{text}\n\n{how}\n\n    code {code}\n"
        written = notice(mlist.request_address, subject, text, [*attachments, list_certificate(mlist)])
        for one in readers:
            try:
                send_encrypted(mlist, written, [one], while_it_counts=while_they_count)
            except OpenPGPError:  # one reader's certificate is nobody else's matter
                refused.append(one.address)
                if len(refused) == len(readers):
                    raise

    with using(language_of(mlist, address)), whole():
        ask(mlist, action, address, {**bound, _CODE: kept}, send=send)
    return refused


def _use(mlist: Any, address: str, action: Action, data: Mapping[str, JSON]) -> codes.Use:
    row = settings_of(mlist.list_id)
    return codes.Use(mlist.list_id, address, action.name, data, "" if row is None else row.enabled_at.isoformat())


def to_be_done(data: Mapping[str, JSON]) -> dict[str, JSON]:
    """What a question with these data is about: all but its code, and who must sign the answer."""
    return {name: value for name, value in data.items() if name not in {_CODE, _SIGNED_BY}}


def must_sign(data: Mapping[str, JSON]) -> list[str]:
    """The fingerprints of the certificates that must all have signed the answer to a question with these data."""
    found = data.get(_SIGNED_BY)
    return [str(each) for each in found] if isinstance(found, list) else []


@public
def answered_question(mlist: Any, addresses: Sequence[str], text: str) -> OpenQuestion | None:
    """The question that a text has the code of, among those that were asked of these addresses at this list."""
    candidates = codes.found_in(text)
    found = None
    for address in addresses:
        for question in open_questions(mlist, address):
            kept = question.data.get(_CODE)
            bound = {name: value for name, value in question.data.items() if name != _CODE}
            use = _use(mlist, address, question.action, bound)
            if isinstance(kept, str) and any([codes.fits(code, kept, use) for code in candidates]):  # noqa: C419 - all of them
                found = question
    return found
