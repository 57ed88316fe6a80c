"""What it will do to turn encryption on or off, for whoever is about to."""

from __future__ import annotations

from typing import Any

from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.overview import turning
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import any_list, encrypted_list
from mailman_pgp.rest.schemas.lists import PLAN


@public
class Enabling(Resource):
    """Of a plain list."""

    @operation("Show what it will do to encrypt a plain list: what stands in its way, and what will change.", PLAN)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist = any_list(self.names["list"])
        if is_encrypted(mlist.list_id):
            raise Refusal("not-possible", f"{mlist.fqdn_listname} is an encrypted list already.")
        return Reply(_shown(mlist, turning.to_encrypted(mlist)))


@public
class Disabling(Resource):
    """Of an encrypted list."""

    @operation(
        "Show what it will do to make an encrypted list a plain one: what stands in its way, and what will be lost.",
        PLAN,
    )
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, row = encrypted_list(self.names["list"])
        return Reply(_shown(mlist, turning.to_plain(mlist, row)))


def _shown(mlist: Any, plan: turning.Plan) -> dict[str, Any]:
    return {
        "list_id": mlist.list_id,
        "address": mlist.fqdn_listname,
        "possible": not plan.obstacles,
        "obstacles": list(plan.obstacles),
        "effects": list(plan.effects),
        "settings": [{"name": name, "now": now, "then": then} for name, now, then in plan.settings],
        "members": {
            "total": plan.members,
            "receiving": plan.receiving,
            "getting_nothing": plan.getting_nothing,
        },
    }
