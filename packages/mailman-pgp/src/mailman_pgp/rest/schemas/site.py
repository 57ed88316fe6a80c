"""What is answered about the site."""

from __future__ import annotations

from mailman_pgp.rest.schemas.forms import LINK, NUMBER, TEXT, YES_NO, many, maybe, record

SETTING = record(
    name=TEXT,
    label=TEXT,
    group={
        "description": "What it is about, `posts` (what becomes of those that are not authenticated) or `general`.",
        "type": "string",
    },
    type={"type": "string"},
    default={},
    least=maybe(NUMBER),
    greatest=maybe(NUMBER),
    choices=maybe(many(TEXT)),
    of_site={"description": "What counts where the value is null: the site's own setting."},
    takes=TEXT,
    meaning=TEXT,
)

INDEX = record(
    version=TEXT,
    healthy=YES_NO,
    problems=many(record(problem=TEXT, mend=TEXT)),
    links=record(lists=LINK, settings=LINK, openapi=LINK),
    self_link=LINK,
)
