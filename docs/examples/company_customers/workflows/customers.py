"""Joining for customers only: they confirm, the company's service is asked, and then a moderator."""

import json
from configparser import ConfigParser
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import requests
from mailman.config import config
from public import public
from zope.interface import implementer

from mailman_workflows import (
    PROCEED,
    IWorkflow,
    NotYetError,
    Outcome,
    Party,
    Purpose,
    RefusedError,
    Request,
    Step,
    Wait,
    Workflow,
)
from mailman_workflows.steps.confirmation import ConfirmJoining
from mailman_workflows.steps.eligibility import MayJoin
from mailman_workflows.steps.membership import Join
from mailman_workflows.steps.moderation import ModerateJoining

#: Mailman waits meanwhile, with its database: on SQLite others give up after five seconds.
TIMEOUT_SECONDS = 3
MOST_BYTES = 10_000


class ServiceDownError(Exception):
    """The company's service gives no answer."""


class IsCustomer(Step):
    """Ask the company's service; while it is down, wait for it."""

    name = "is-customer"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        try:
            number = customer_number(request.email)
        except ServiceDownError:
            return Wait(Party.OUTSIDE, "waits for the customer service", lifetime=timedelta(days=7))
        if number is None:
            raise RefusedError(
                request.mlist,
                request.email,
                "This list is for our customers; write from the address that you have given us.",
            )
        request.notes[self.name] = number
        return PROCEED

    def resumed(self, request: Request) -> Outcome:
        """See `Step`: by ``mailman workflows resume LIST``, which cron may call."""
        outcome = self.run(request)
        if isinstance(outcome, Wait):
            raise NotYetError(request.mlist, request.email, "The customer service is still down; try again later.")
        return outcome


class ModerateCustomer(ModerateJoining):
    """As the list's policy says; whoever decides sees the customer's number beside the request."""

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        outcome = super().run(request)
        if isinstance(outcome, Wait):
            return replace(outcome, shown={"customer": str(request.notes[IsCustomer.name])})
        return outcome


@public
@implementer(IWorkflow)
class Customers(Workflow):
    """See `IWorkflow`."""

    name = "customers"
    description = "Only customers join: confirmed by mail, known to the company, accepted by a moderator."
    purpose = Purpose.JOIN

    def steps(self) -> tuple[Step, ...]:
        """See `Workflow`."""
        return MayJoin(), ConfirmJoining(), IsCustomer(), ModerateCustomer(), Join()


def customer_number(email: str) -> str | None:
    """The number under which the company knows an address, None when it does not.

    :raises ServiceDownError:
    """
    settings = ConfigParser(interpolation=None)
    settings.read(dict(config.plugin_configs)["company_customers"]["configuration"])
    service = settings["customers"]
    try:
        return _ask(service["url"], service["key"], email)
    except (requests.RequestException, ValueError) as error:
        # Not `from error`: its text, which may come to a log, holds the address.
        raise ServiceDownError(type(error).__name__) from None


def _ask(url: str, key: str, email: str) -> str | None:
    ends = monotonic() + TIMEOUT_SECONDS
    with requests.Session() as session:
        session.trust_env = False  # or a ~/.netrc would take the place of the key
        with session.get(
            url,
            params={"email": email},
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code == requests.codes.not_found:
                return None
            if answer.status_code != requests.codes.ok:
                raise ServiceDownError(str(answer.status_code))
            body = b""
            for part in answer.iter_content(1024):
                body += part
                if len(body) > MOST_BYTES or monotonic() > ends:
                    raise ServiceDownError("The answer is too long.")
    # Whatever is not clearly a customer is none.
    match json.loads(body):
        case {"number": str(number)} if number:
            return number
        case {"number": int(number)} if number is not True and number is not False:
            return str(number)
        case _:
            raise ServiceDownError("The answer holds no number.")
