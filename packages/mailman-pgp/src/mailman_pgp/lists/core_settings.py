"""What an encrypted list needs of core's own settings: kept as they were before, set, compared, and put back.

Nothing here keeps content from leaving while the plugin is healthy; runners and delivery do.  It is for the day on which a
line of ``mailman.cfg`` is missing, or the whole plugin is: then core's runners meet settings with which they keep mail.  And
it keeps settings true: what core's chains would still obey, or what an encrypted list does not do, can't be switched on.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.interfaces.archiver import ArchivePolicy
from mailman.interfaces.autorespond import ResponseAction
from mailman.interfaces.mailinglist import DMARCMitigateAction, IListArchiverSet, Personalization, ReplyToMunging
from public import public

from mailman_pgp.archiving.archivers import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Mapping

GATE = "pgp-gate"
POSTING_PIPELINE = "pgp-posting-pipeline"
OWNER_PIPELINE = "pgp-owner-pipeline"

# What core itself answers to mail for -request, -join, -leave and -confirm, where our runner is not in its place.  With
# core's placeholders.
REQUEST_AUTORESPONSE = """\
This is an encrypted mailing list. Its server is not set up completely at present, so it takes no commands by mail.

Send your message again later, or write to ${owneremail}, encrypted to the list's certificate.
"""

NEEDED: dict[str, Any] = {
    # Names that only our plugin gives a meaning.  A core without it finds nothing by them and shunts the message; with it,
    # but not healthy, they refuse to work, which shunts it too.
    "posting_chain": GATE,
    "owner_chain": GATE,
    "posting_pipeline": POSTING_PIPELINE,
    "owner_pipeline": OWNER_PIPELINE,
    # Core's incoming runner answers before anything else, and may be set to discard what it has answered: a post that waits
    # for the plugin would be lost.  Ours never asks for these.
    "autorespond_postings": ResponseAction.none,
    "autorespond_owner": ResponseAction.none,
    # Core's command runner would echo the mail.  This makes it say so, and do nothing.
    "autorespond_requests": ResponseAction.respond_and_discard,
    "autoresponse_request_text": REQUEST_AUTORESPONSE,
    # Not `never`: HyperKitty takes whatever is not private for public, and would show the posts it has from before, to
    # everybody.  That nothing is archived is the archivers' switch, see below.
    "archive_policy": ArchivePolicy.private,
    # News would be plaintext; and authors of news would be told that the list takes encrypted mail only.
    "gateway_to_news": False,
    "gateway_to_mail": False,
    # They would rewrite headers that our own composition writes.
    "personalize": Personalization.none,
    # Core's rule stands in chains behind the gate, and discards or rejects by what the DNS says of the author.  Each copy is
    # From the list's own address, so nothing needs to be mitigated.
    "dmarc_mitigate_action": DMARCMitigateAction.no_mitigation,
    "dmarc_mitigate_unconditionally": False,
    # Each copy says who wrote it.  A list that was anonymous is not made an encrypted one, see `encryption.obstacles`.
    "anonymous_list": False,
    # Core's filter would see a placeholder.
    "filter_content": False,
    # Copies are from the list's own address without the author's Reply-To, so this is what happens.
    "reply_goes_to_list": ReplyToMunging.point_to_list,
    "first_strip_reply_to": True,
}

OURS = {name: NEEDED[name] for name in ("posting_chain", "owner_chain", "posting_pipeline", "owner_pipeline")}
"""Those with which no plain list works."""

FREE = ("posting_chain", "owner_chain", "autoresponse_request_text")
"""Those that may be something else all the same: a chain is then the one behind the gate, and the text is but a text."""

PINNED = tuple(name for name in NEEDED if name not in FREE)
"""Those that an encrypted list keeps, whoever sets them; see `mailman_pgp.lists.pinning`."""

# What earlier versions have switched off, and put back all the same.
_ONCE_NEEDED = ("digests_enabled",)

# Beside the names above: the archivers that were switched on.
_ARCHIVERS = "archivers"

_DEFAULT_CHAINS = {"posting_chain": "default-posting-chain", "owner_chain": "default-owner-chain"}
_STOCK = {
    **_DEFAULT_CHAINS,
    "posting_pipeline": "default-posting-pipeline",
    "owner_pipeline": "default-owner-pipeline",
}


@public
def current(mlist: Any) -> dict[str, Any]:
    """The settings that `set_needed` would change, as they are now, JSON-plain."""
    return {
        **{name: _plain(getattr(mlist, name)) for name in NEEDED},
        _ARCHIVERS: sorted(archiver.name for archiver in _archivers(mlist) if archiver.is_enabled),
    }


@public
def set_needed(mlist: Any) -> None:
    """Set all that an encrypted list needs."""
    for name, value in NEEDED.items():
        setattr(mlist, name, value)
    for archiver in _archivers(mlist):
        archiver.is_enabled = False


@public
def to_be_set(mlist: Any) -> list[tuple[str, Any, Any]]:
    """What `set_needed` would change: name, value now, value then; JSON-plain."""
    now = current(mlist)
    needed = {**{name: _plain(value) for name, value in NEEDED.items()}, _ARCHIVERS: []}
    return [(name, value, needed[name]) for name, value in now.items() if value != needed[name]]


@public
def put_back(mlist: Any, before: Mapping[str, Any]) -> None:
    """Set everything as `current` said it was.

    Names that were not kept are left as they are, but for our chains and pipelines: no plain list works with them, also where
    they were set before.
    """
    for name, value in OURS.items():
        if before.get(name, value) == value and getattr(mlist, name) == value:
            setattr(mlist, name, _STOCK[name])
    for name, value in before.items():
        if name in NEEDED and value != OURS.get(name):
            setattr(mlist, name, _restored(name, value))
        elif name in _ONCE_NEEDED:
            setattr(mlist, name, value)
    for archiver in _archivers(mlist):
        if archiver.name in before.get(_ARCHIVERS, ()):
            archiver.is_enabled = True
        elif archiver.name in ALLOWED:
            archiver.is_enabled = False  # they take nothing of a plain list


@public
def changes(mlist: Any, before: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What differs between `before` and now: name, value before, value now."""
    now = current(mlist)
    return [(name, value, now[name]) for name, value in before.items() if name in now and value != now[name]]


@public
def onward_chain(mlist: Any, name: str, before: Mapping[str, Any]) -> str:
    """The chain behind the gate: the one that the list is set to, or was when it became an encrypted one.

    :param name: ``posting_chain`` or ``owner_chain``.
    :param before: What `current` said then.
    :return: The name of a chain that core knows, never the gate's.
    """
    for chain in (getattr(mlist, name), before.get(name)):
        if chain != GATE and chain in config.chains:
            return str(chain)
    return _DEFAULT_CHAINS[name]


def _archivers(mlist: Any) -> list[Any]:
    """The list's switch for each archiver of the site; core keeps rows of archivers that are gone, and trips over them."""
    known = {archiver.name for archiver in config.archivers}
    return [archiver for archiver in IListArchiverSet(mlist).archivers if archiver.name in known]


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else value


def _restored(name: str, value: Any) -> Any:
    needed = NEEDED[name]
    return type(needed)[value] if isinstance(needed, Enum) and value is not None else value
