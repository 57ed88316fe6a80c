"""What the chains would do with a received message: they are followed to where they would act, and nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.core import i18n
from mailman.core.i18n import format_reasons
from mailman.interfaces.chain import LinkAction
from public import public

from mailman_pgp.lists.core_settings import GATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

# Chains that lead to each other would be followed without end; core does not end there either.
_MOST_LINKS = 1000


@public
@dataclass(frozen=True, slots=True)
class End:
    """Where a message comes to.

    :ivar chain: The name of the chain that would act: ``hold``, ``accept`` and so on; empty where none would.
    :ivar rules: The names of core's rules, and of ours, that the message meets on its way there.
    :ivar reasons: As moderators read them, in English.
    """

    chain: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]


@public
def follow(mlist: Any, message: Message, msgdata: dict[str, Any]) -> End:
    """Follow the chains as `mailman.core.chains.process` does, from the gate on.

    Rules may write: whoever calls this aborts the transaction afterwards.  Core's rules, and those of others, raise what they like.

    :param message: As it was received.
    :param msgdata: With its record; it is changed.
    """
    way = _Way(mlist, message, msgdata)
    chain = way.end()
    with i18n._.using("en"):
        reasons = tuple(format_reasons(msgdata.get("moderation_reasons", [])))
    return End(chain, tuple(way.hits), reasons)


class _Way:
    """The way of one message: the chains that it is in, the innermost last, each with its links that are left."""

    def __init__(self, mlist: Any, message: Message, msgdata: dict[str, Any]) -> None:
        self._met = mlist, message, msgdata
        self.hits: list[str] = []
        self._misses: list[str] = []
        # Rules look at what others have found.
        msgdata["rule_hits"], msgdata["rule_misses"] = self.hits, self._misses
        self._chains: list[tuple[str, Iterator[Any]]] = []

    def end(self) -> str:
        """The name of the chain that would act; empty where none would."""
        self._enter(config.chains[GATE])
        for _ in range(_MOST_LINKS):
            if not self._chains:
                break
            name, links = self._chains[-1]
            link = next(links, None)
            if link is None:
                self._chains.pop()
            elif self._hits(link):
                if link.action is LinkAction.run:
                    return name
                self._follow(link)
        return ""

    def _enter(self, chain: Any) -> None:
        self._chains.append((chain.name, iter(chain.get_links(*self._met))))

    def _hits(self, link: Any) -> bool:
        hit = bool(link.rule.check(*self._met))
        if link.rule.record:
            (self.hits if hit else self._misses).append(link.rule.name)
        return hit

    def _follow(self, link: Any) -> None:
        match link.action:
            case LinkAction.stop:
                self._chains.clear()
            case LinkAction.jump:
                self._chains.pop()
                self._enter(link.chain)
            case LinkAction.detour:
                self._enter(link.chain)
