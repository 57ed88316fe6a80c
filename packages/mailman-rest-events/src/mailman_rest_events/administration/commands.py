"""The command group `mailman events`."""

from __future__ import annotations

import base64
import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from mailman_plugin_kit.texts import count
from mailman_rest_events import site
from mailman_rest_events.administration import deeds, deliveries, overview, reports
from mailman_rest_events.administration.mistakes import MistakeError
from mailman_rest_events.administration.pinging import ping as ping_endpoint
from mailman_rest_events.administration.tailing import followed
from mailman_rest_events.outbox.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECRET_BYTES = 32
_PAGE = 50
_MOST = 1000
_NUMBERS = re.compile(r"([0-9]{1,18})(?:(-)([0-9]{1,18})?)?")

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
_ENDPOINT = click.option("--endpoint", metavar="NAME", help="Only what is for this endpoint.")


@click.group("events", context_settings={"help_option_names": ["-h", "--help"]})
def events() -> None:
    """See which endpoint is told of what happens in Mailman, and have it told again.

    NAME is the name of an endpoint's section, [endpoint.NAME]. ID names an event (evt_…). A command ends with status 0 when
    all is well, 1 when it is not or when it was refused (nothing was changed then), 2 when the command line is not right.
    """


@contextmanager
def _sentences() -> Iterator[None]:
    """Whatever goes wrong is said in a sentence; core rolls back then."""
    try:
        yield
    except (MistakeError, site.NotStartedError) as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"The database failed ({type(error).__name__}), and nothing was changed. Is it busy? Try again."
        ) from None


@events.command("status", short_help="Show which endpoint is behind, by how much, and why.")
@_AS_JSON
def status(*, as_json: bool) -> None:
    """Show which endpoint is behind, by how much, and why.

    For monitoring, the exit status is 0 when all is well, and 1 when an endpoint is stopped, is behind by more than a minute,
    has events that are not tried any more, or a pattern that fits no event; when events wait for one that has no section; and when nothing sends events.
    """
    try:
        with _sentences():
            found = overview.overview()
            click.echo(reports.as_json({"started": True, **found.as_data()}) if as_json else reports.of_all(found))
    except click.ClickException as error:
        if not as_json:
            raise
        click.echo(reports.as_json({"started": False, "well": False, "attention": [error.message], "endpoints": []}))
        raise click.exceptions.Exit(1) from None
    if not found.well:
        raise click.exceptions.Exit(1)


@events.command("list", short_help="Show events, and what has become of them.")
@_ENDPOINT
@click.option("--state", type=click.Choice([*map(str, State)]), help="Only what is in this state.")
@click.option("--name", metavar="CLASS", help="Only events of this class, such as SubscriptionEvent.")
@click.option("--list", "list_id", metavar="LIST", help="Only events about this list.")
@click.option("--page", type=click.IntRange(1, 10**6), default=1, show_default=True, help="Which page.")
@click.option(
    "--count", "most", type=click.IntRange(1, _MOST), default=_PAGE, show_default=True, help="Events on a page."
)
@_AS_JSON
def list_events(
    *,
    endpoint: str | None,
    state: str | None,
    name: str | None,
    list_id: str | None,
    page: int,
    most: int,
    as_json: bool,
) -> None:
    """Show events, the latest first, and what has become of them for each endpoint."""
    wanted = deliveries.Wanted(endpoint, None if state is None else State(state), name, list_id)
    with _sentences():
        total, start = deliveries.number_of(wanted), (page - 1) * most
        found = deliveries.page_of(wanted, start, most)
    if as_json:
        click.echo(reports.as_json({"start": start, "total_size": total, "entries": found}))
    else:
        click.echo(reports.of_events(found, start, total))


@events.command("show", short_help="Show one event, and all about its deliveries.")
@click.argument("uid", metavar="ID")
@_AS_JSON
def show(uid: str, *, as_json: bool) -> None:
    """Show the event ID, what has become of it for each endpoint, and the body as it is sent."""
    with _sentences():
        found = deliveries.one(uid)
    click.echo(reports.as_json(found) if as_json else reports.of_event(found))


def _choosing(*states: State) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that say which deliveries are meant."""
    options = (
        click.argument("uids", metavar="[ID]...", nargs=-1),
        _ENDPOINT,
        click.option("--state", type=click.Choice([*map(str, states)]), help="Only what is in this state."),
        click.option("--sequence", metavar="FIRST-LAST", help="Only these numbers of an endpoint: 10-20, 10- or 10."),
        click.option("--all", "everything", is_flag=True, help="All of an endpoint."),
    )

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _which(
    uids: tuple[str, ...], endpoint: str | None, state: str | None, sequence: str | None, *, everything: bool
) -> deeds.Which:
    numbers = _NUMBERS.fullmatch(sequence) if sequence is not None else None
    if sequence is not None and numbers is None:
        raise MistakeError(
            "--sequence takes two numbers, like 10-20; or one, 10, or the first one and all after it, 10-."
        )
    first, last = None, None
    if numbers is not None:
        first = int(numbers[1])
        last = int(numbers[3]) if numbers[3] else (None if numbers[2] else first)
    return deeds.Which(endpoint, uids, first, last, None if state is None else State(state), everything)


@events.command("replay", short_help="Send events again.")
@_choosing(*deeds.REPLAYABLE)
def replay(
    uids: tuple[str, ...], endpoint: str | None, state: str | None, sequence: str | None, *, everything: bool
) -> None:
    """Send events again: those with these IDs, or those of an endpoint with these numbers, or all in a state.

    They keep their IDs, and get new numbers, by which receivers know that they are to do the work again. An endpoint that was
    stopped is started.
    """
    with _sentences():
        done = deeds.replay(_which(uids, endpoint, state, sequence, everything=everything))
    click.echo(f"To be sent again: {count(done.deliveries, 'delivery', 'deliveries')}.")
    for name in done.started:
        click.echo(f"{name} was stopped, and is started again.")


@events.command("skip", short_help="Give up events that wait.")
@_choosing(*deeds.SKIPPABLE)
def skip(
    uids: tuple[str, ...], endpoint: str | None, state: str | None, sequence: str | None, *, everything: bool
) -> None:
    """Give up events that wait, were put aside, or are parked: those with these IDs, these numbers of an endpoint, or this state.

    They are not sent; `replay` brings them back for 30 days.
    """
    with _sentences():
        done = deeds.skip(_which(uids, endpoint, state, sequence, everything=everything))
    click.echo(f"Skipped: {count(done.deliveries, 'delivery', 'deliveries')}.")


@events.command("ping", short_help="Try whether an endpoint takes events.")
@click.argument("name", metavar="NAME")
def ping(name: str) -> None:
    """Send a PingEvent to the endpoint NAME at once, and say what came of it.

    When it is taken, what waits is sent at once, also to an endpoint that was stopped. The exit status is 1 when it is not.
    """
    with _sentences():
        found = ping_endpoint(name)
    if not found.taken:
        raise click.ClickException(f"{name} did not take it, after {found.seconds:.2f} seconds. {found.problem}")
    click.echo(f"{name} took it, after {found.seconds:.2f} seconds.")
    if found.started:
        click.echo(f"{name} was stopped, and is started again.")


@events.command("tail", short_help="Show the latest deliveries.")
@_ENDPOINT
@click.option("-n", "--last", type=click.IntRange(0, _MOST), default=20, show_default=True, help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on with those to come, until Ctrl-C.")
def tail(endpoint: str | None, last: int, *, follow: bool) -> None:
    """Show the latest deliveries, a line each."""
    with _sentences(), suppress(KeyboardInterrupt):
        for line in followed(endpoint, last) if follow else deliveries.latest(last, endpoint):
            click.echo(reports.of_delivery(line))


@events.command("secret", short_help="Make a secret for signatures.")
def secret() -> None:
    """Print a new secret, for `secret:` in the section of an endpoint, and for its receiver."""
    click.echo("whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii"))
