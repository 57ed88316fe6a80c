"""`mailman pgp posts LIST [--post MESSAGE-ID]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mailman_pgp.administration.answering import answering
from mailman_pgp.administration.arguments import encrypted_list, named
from mailman_pgp.administration.output import Answer
from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.overview import data, posts, reasons
from mailman_plugin_kit.texts import count, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_pgp.model.missed import Missed

_LATEST = 20
_MOST = 1000


@click.command("posts", short_help="Show how many got each post, and who did not.")
@click.argument("spec", metavar="LIST")
@click.option("--post", "message_id", metavar="MESSAGE-ID", help="Show who did not get this post, and why.")
@click.option("--reason", help="With --post: only those of this reason, such as no-certificate or waiting.")
@click.option(
    "--latest",
    type=click.IntRange(1, _MOST),
    default=_LATEST,
    show_default=True,
    help="How many posts are shown, the latest first.",
)
@answering
def show_posts(spec: str, message_id: str | None, reason: str | None, latest: int) -> Answer:
    """Show what became of the posts to LIST in the last weeks: how many got each; or who did not get one of them."""
    mlist, _ = encrypted_list(spec)
    if message_id is not None:
        return _one(mlist, posts.the_one(mlist, message_id), reason)
    if reason is not None:
        raise click.UsageError("--reason goes with --post: it chooses among those who did not get one post.")
    found = posts.latest(mlist.list_id, limit=latest, offset=0)
    total = posts.total(mlist.list_id)
    return Answer(
        data={"list": named(mlist), "total": total, "posts": [data.post(post) for post in found]},
        text=paragraphs(
            f"{mlist.fqdn_listname}: {count(total, 'post')} in the last weeks{_how_many(len(found), total)}.",
            table(
                [
                    (
                        moment(post.at),
                        *(str(number) for number in (post.delivered, post.skipped, post.failed, post.tried_again)),
                        plain(post.message_id),
                    )
                    for post in found
                ],
                head=("TRIED LAST", "GOT IT", "NOT ENCRYPTED TO", "REFUSED", "WAITING", "MESSAGE-ID"),
            ),
            steps([f"See who did not get one: mailman pgp posts {mlist.list_id} --post MESSAGE-ID"] if found else []),
        ),
    )


def _how_many(shown: int, total: int) -> str:
    return f", the latest {shown} of which are" if shown < total else ""


def _one(mlist: Any, post: posts.Post, reason: str | None) -> Answer:
    missed = posts.missed(mlist.list_id, post.message_id)
    chosen = {address: one for address, one in missed.items() if reason in {None, one.miss.reason}}
    unknown = posts.unknown(post, missed)
    return Answer(
        data={
            "list": named(mlist),
            **data.post(post),
            "missed": [_person(address, one) for address, one in chosen.items()],
            "unknown": unknown,
        },
        text=paragraphs(
            f"{mlist.fqdn_listname}: {post.delivered} of {post.recipients} got the post {plain(post.message_id)}.",
            fields([("Tried last", f"{moment(post.at)}, {count(post.attempts, 'attempt')}")]),
            _people(chosen),
            f"{unknown} more did not get it, of whom nothing is known: an earlier release sent it, or they were erased."
            if unknown
            else "",
            steps(
                f"{one}: {reasons.missed(one).typed}"
                for one in dict.fromkeys(each.miss.reason for each in chosen.values())
            ),
        ),
    )


def _people(chosen: Mapping[str, Missed]) -> str:
    rows = [(address, one.miss.reason, _words(one), f"since {moment(one.since)}") for address, one in chosen.items()]
    return f"Did not get it:\n{table(rows)}" if rows else "Nobody to name."


def _words(one: Missed) -> str:
    words = reasons.missed(one.miss.reason).words
    return f"{words} ({one.miss.answer})" if one.miss.answer else words


def _person(address: str, one: Missed) -> dict[str, object]:
    why = reasons.missed(one.miss.reason)
    return {
        "address": address,
        "reason": one.miss.reason,
        "words": why.words,
        "mend": why.typed,
        "answer": one.miss.answer or None,
        "since": one.since,
    }
