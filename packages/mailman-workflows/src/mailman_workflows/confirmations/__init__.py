"""Ask a person whether something is to be done, and do it once when they say so.

A plugin registers an `Action` under a name in its `post_hook`.  `ask` saves what is to be done as data under a token of its
own and mails the question to the person; the mail command `confirm TOKEN`, or a reply to ``LIST-confirm+TOKEN@…``, runs the
action once.  A token is good at its own list only, for the time that the action gives it.
"""

from mailman_workflows.confirmations.actions import Action, Asked, NotConfirmedError, register
from mailman_workflows.confirmations.service import (
    OpenQuestion,
    ask,
    confirm,
    discard,
    open_questions,
    open_questions_among,
)

__all__ = [
    "Action",
    "Asked",
    "NotConfirmedError",
    "OpenQuestion",
    "ask",
    "confirm",
    "discard",
    "open_questions",
    "open_questions_among",
    "register",
]
