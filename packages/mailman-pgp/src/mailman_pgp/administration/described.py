"""A certificate as a command shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.i18n import _
from mailman_pgp.layout import moment
from mailman_pgp.model.cleanup import UNSUBSCRIBED_GRACE_DAYS
from mailman_pgp.openpgp import grouped
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from mailman_pgp.openpgp import Certificate


@public
def not_a_member(mlist: Any, address: str) -> str:
    """That somebody who has a certificate now is no member yet."""
    return (
        f"{address} is not a member of {mlist.fqdn_listname} yet: the certificate is there when they join. "
        f"It is kept for {UNSUBSCRIBED_GRACE_DAYS} days until then."
    )


@public
def shown(known: Certificate) -> list[tuple[str, str | list[str]]]:
    """A certificate as `fields` for people, in the language of the `using` around it: moderators read it by mail, too."""
    return [
        (_("Fingerprint"), grouped(known.fingerprint)),
        (_("User IDs"), [plain(user_id.text) for user_id in known.user_ids] or _("none")),
        (_("Algorithm"), known.algorithm),
        (_("Created"), moment(known.created)),
        (_("Expires"), moment(known.expires) if known.expires is not None else _("never")),
    ]
