"""The keys of a list, and what is decided about them.

A secret key comes and goes by the command line alone, and there a key is revoked, too, which stops the list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange import list_keys
from mailman_pgp.keys import extending, vault
from mailman_pgp.keys.succession import DEFAULT_OVERLAP_DAYS, MOST_OVERLAP_DAYS
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import profile_of
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, actor_of, choice, fingerprint, number
from mailman_pgp.rest.list_key_kinds import kind_asked, kind_fields
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import encrypted_list, link
from mailman_pgp.rest.schemas.lists import KEY_CHANGED, LIST_KEY

if TYPE_CHECKING:
    import datetime as dt


class KeyAction(StrEnum):
    """What can be done with it."""

    EXTEND = "extend"
    ROTATE = "rotate"


@public
class ListKeys(Resource):
    """The key pairs of a list; their secret parts are never shown."""

    @operation("The key of a list, and those that it had before.", LIST_KEY)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        key, *former = vault.certificates(mlist.list_id)
        at = now()
        return Reply(
            {
                "list_id": mlist.list_id,
                "fingerprint": key.fingerprint,
                "created": key.created,
                "expires": key.expires,
                "revoked": key.revoked,
                "profile": profile_of(key.certificate),
                "former": [
                    {
                        "fingerprint": one.fingerprint,
                        "created": one.created,
                        "expires": one.expires,
                        "revoked": one.revoked,
                        "opens": one.opens_at(at),
                        "opens_until": one.opens_until,
                    }
                    for one in former
                ],
                "certificate_link": link("lists", mlist.list_id, "certificate"),
            }
        )

    @operation(
        "Let the key of a list live longer, which stays the same key; or give the list a new one, of which its members are told.",
        KEY_CHANGED,
        takes=[
            choice("action", "What is to be done.", KeyAction),
            number("years", f"`extend`: from now on; {extending.DEFAULT_YEARS} when left out.", extending.MOST_YEARS),
            number(
                "overlap",
                f"`rotate`: for how many days the key of now opens mail beside the new one; {DEFAULT_OVERLAP_DAYS} when left out.",
                MOST_OVERLAP_DAYS,
            ),
            *kind_fields("`rotate`: of which kind the new key is, that of the key of now when left out."),
            fingerprint(
                "follows",
                "`rotate`: the key of now, as it was seen; where the list has another one by now, nothing is done (409).",
                required=False,
            ),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        former: dict[str, Any] | None = None
        if asked["action"] == KeyAction.ROTATE:
            done = list_keys.succeed(
                mlist,
                None,
                asked.get("overlap", DEFAULT_OVERLAP_DAYS),
                asked.get("follows"),
                profile=kind_asked(mlist, asked),
            )
            before: dt.datetime | None = done.before.expires
            former = {"fingerprint": done.before.fingerprint, "opens_until": done.until}
        else:
            before = extending.extend(mlist.list_id, asked.get("years", extending.DEFAULT_YEARS)).expires
        key = vault.certificate(mlist.list_id)
        deed = Deed.KEY_EXTENDED if former is None else Deed.KEY_ROTATED
        deeds.record(mlist, deed, actor_of(asked), what=key.fingerprint)
        return Reply(
            {
                "list_id": mlist.list_id,
                "fingerprint": key.fingerprint,
                "action": asked["action"],
                "before": before,
                "expires": key.expires,
                "profile": profile_of(key.certificate),
                "former": former,
                "certificate_link": link("lists", mlist.list_id, "certificate"),
            }
        )
