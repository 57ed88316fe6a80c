"""The kind of key that a list is to have, as fields of requests; an experimental one for those alone who say that it is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.openpgp import Profile
from mailman_pgp.overview.list_key_kinds import WORDS, effects
from mailman_pgp.rest.fields import choice, yes_no

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_pgp.rest.fields import Field

_PROFILE, _MEANT = "profile", "allow_experimental"


@public
def kind_fields(which: str) -> tuple[Field, Field]:
    """The fields for it; `which` says whose kind it is, and what it is when it is left out."""
    return (
        choice(
            _PROFILE,
            f"{which} Not every program can read what `v6` signs, and write to it; only those that know ML-KEM can write to `post-quantum`. "
            f"Both are experimental, and want `{_MEANT}`.",
            Profile,
            required=False,
        ),
        yes_no(
            _MEANT,
            f"To say that an experimental `{_PROFILE}` is meant; else it is refused, with what comes of it (409).",
        ),
    )


@public
def kind_asked(mlist: Any, asked: Mapping[str, Any]) -> Profile | None:
    """The kind that a request names, None where it names none.

    :param asked: The values of `kind_fields`, and others.
    :raises Refusal: when it is experimental, and nobody has said that this is meant; the sentence tells what comes of it.
    """
    kind: Profile | None = asked.get(_PROFILE)
    if kind is None or not kind.experimental or asked.get(_MEANT):
        return kind
    raise Refusal(
        "confirmation",
        f"The key of {mlist.fqdn_listname} would be {WORDS[kind]}. {' '.join(effects(mlist, kind).sentences)} Nothing was changed. If it is "
        f"meant, say so: {_MEANT}=yes.",
    )
