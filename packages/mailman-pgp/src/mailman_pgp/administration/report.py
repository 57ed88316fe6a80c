"""The state of encrypted lists, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public

from mailman_pgp.layout import fields, moment, paragraphs, steps, table
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import grouped
from mailman_pgp.overview import reasons
from mailman_pgp.overview.list_key_kinds import WORDS
from mailman_plugin_kit.texts import count, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailman_pgp.overview.survey import KeyState, Survey, Unserved
    from mailman_pgp.site.health import Health

# When to speak of the end of a list key: members need the new certificate before the old one expires.
_WARN_DAYS = 60
# How many people an advice names.
_NAMED = 3


@public
def list_text(health: Health, found: Survey, weeks: int) -> str:
    """One list, in full."""
    return paragraphs(
        _headline(health, found),
        fields(
            [
                ("Plugin", _health_lines(health)),
                ("Encrypted", f"since {moment(found.enabled_at)}"),
                ("List key", _key_lines(found.key)),
                ("Members", _member_lines(found)),
                *_untold(found),
            ]
        ),
        _people("Members who get nothing", found.unserved),
        _people("Owners and moderators who get no notices", found.staff),
        _refused(found, weeks),
        _posts(found),
        steps(_next(found)),
    )


def _untold(found: Survey) -> list[tuple[str, str]]:
    if not found.untold:
        return []
    changes = count(found.untold, "change of a key is", "changes of keys are")
    return [("Notices", f"{changes} told nobody yet; if that stays so, Mailman's log `error` says why")]


@public
def overview_text(health: Health, surveys: Sequence[Survey]) -> str:
    """The whole site: a line for each list."""
    attention = [found for found in surveys if found.attention]
    if not health.healthy:
        headline = "The plugin is not healthy: mail of encrypted lists waits."
    elif not surveys:
        headline = "There is no encrypted list."
    elif attention:
        headline = f"On {len(attention)} of {count(len(surveys), 'encrypted list')} somebody gets nothing."
    else:
        headline = f"All is well on {count(len(surveys), 'encrypted list')}."
    rows = [
        (
            found.address,
            str(found.members),
            str(found.getting_nothing),
            _short_key(found.key),
            str(sum(tally.number for tally in found.refused)),
        )
        for found in surveys
    ]
    advice = [f"See who, and why: mailman pgp status {found.list_id}" for found in attention]
    if not surveys and health.healthy:
        advice = ["Turn a list into an encrypted one: mailman pgp enable LIST"]
    return paragraphs(
        headline,
        fields([("Plugin", _health_lines(health))]),
        table(rows, head=("LIST", "MEMBERS", "GET NOTHING", "LIST KEY", "REFUSED")),
        steps(advice),
    )


def _headline(health: Health, found: Survey) -> str:
    if not health.healthy:
        state = "the plugin is not healthy, so its mail waits."
    elif found.key is None:
        state = "it has no list key, so nobody gets anything."
    elif found.key.revoked:
        state = "its list key was revoked, so its mail waits."
    elif found.key.expired:
        state = "its list key has expired, so nobody gets anything."
    elif found.unserved:
        state = f"{len(found.unserved)} of {count(found.members, 'member')} {'gets' if len(found.unserved) == 1 else 'get'} nothing."
    else:
        state = "all is well."
    return f"{found.address}: {state}"


def _health_lines(health: Health) -> list[str]:
    return [str(problem) for problem in health.problems] or ["healthy"]


def _key_lines(key: KeyState | None) -> list[str]:
    if key is None:
        return ["none"]
    kind = [WORDS[key.profile]] if key.profile.experimental else []
    return [grouped(key.fingerprint), *kind, _expiry(key)]


def _expiry(key: KeyState) -> str:
    if key.revoked:
        return "revoked"
    days = key.days_left(now())
    if key.expires is None or days is None:
        return "does not expire"
    return (
        f"expired {moment(key.expires)}" if key.expired else f"expires {moment(key.expires)}, in {count(days, 'day')}"
    )


def _short_key(key: KeyState | None) -> str:
    if key is None or key.revoked:
        return "none" if key is None else "revoked"
    if key.expires is None:
        return "does not expire"
    return f"{'expired' if key.expired else 'until'} {key.expires:%Y-%m-%d}"


def _member_lines(found: Survey) -> list[str]:
    digests = sum(person.reason == "digest-mode" for person in found.unserved)
    without = len(found.unserved) - digests
    paused = found.members - found.receiving
    lines = [f"{found.members} in all", f"{found.receiving - len(found.unserved)} with a certificate that can be used"]
    if without:
        lines.append(f"{without} without")
    if digests:
        lines.append(f"{digests} with digests chosen, of which there are none")
    if paused:
        lines.append(f"{paused} with delivery switched off, by themselves, by a moderator or by bounces")
    return lines


def _people(title: str, people: Iterable[Unserved]) -> str:
    rows = [
        (
            person.address,
            reasons.unserved(person.reason).words,
            _missed(person),
        )
        for person in people
    ]
    return f"{title}:\n{table(rows)}" if rows else ""


def _missed(person: Unserved) -> str:
    if person.since is None:
        return ""
    since = f"since {moment(person.since)}"
    if not person.posts:  # what they have missed were notices
        return since
    return f"{since}, {count(person.posts, 'post')}, the last one {moment(person.last or person.since)}"


def _refused(found: Survey, weeks: int) -> str:
    span = "week" if weeks == 1 else f"{weeks} weeks"
    if not found.refused:
        return f"Nothing was refused in the last {span}."
    rows = [
        (str(tally.number), plain(tally.kind), plain(reasons.refused(tally.reason)), f"last {moment(tally.last)}")
        for tally in found.refused
    ]
    return f"Refused, or not sent, in the last {span}:\n{table(rows)}"


def _posts(found: Survey) -> str:
    if not found.posts:
        return "No post was sent yet."
    rows = [
        (
            moment(post.at),
            f"{post.delivered} delivered",
            f"{post.skipped} skipped",
            f"{post.failed} failed",
            plain(post.message_id),
        )
        for post in found.posts
    ]
    return f"Last posts:\n{table(rows)}"


def _next(found: Survey) -> list[str]:
    """What the owner can do, once for each reason."""
    advice = []
    days = found.key.days_left(now()) if found.key is not None else None
    if found.key is None:
        advice.append("See what the site's doctor says: mailman-pgp check")
    elif found.key.revoked:
        advice.append(f"Give the list another key: mailman pgp list-key rotate {found.list_id}")
    elif found.key.expired or (days is not None and days < _WARN_DAYS):
        ended = "has expired" if found.key.expired else f"expires in {count(days or 0, 'day')}"
        advice.append(f"The list key {ended}. Let it live longer: mailman pgp list-key extend {found.list_id}")
    for reason in dict.fromkeys(person.reason for person in (*found.unserved, *found.staff)):
        everybody = (*found.unserved, *found.staff)
        people = list(dict.fromkeys(person.address for person in everybody if person.reason == reason))
        names = ", ".join(people[:_NAMED]) + (f" and {len(people) - _NAMED} more" if len(people) > _NAMED else "")
        advice.append(f"{names}: {reasons.unserved(reason).typed}")
    return advice
