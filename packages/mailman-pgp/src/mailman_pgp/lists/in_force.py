"""What the settings of a list are at present, for those who go by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from public import public

from mailman_pgp.lists.settings import Certifiers, LeaveProtection
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site import health


@public
def replay_window(list_id: str) -> timedelta:
    """How old a signature may be on a list: as the list says, and no longer than the site remembers signatures.

    :raises mailman_pgp.site.health.NotHealthy: where the site's settings could not be read.
    """
    of_site = health.settings().replay_window_days
    row = store().get(EncryptedList, list_id)
    of_list = row.replay_window_days if row is not None else None
    return timedelta(days=of_site if of_list is None else min(of_list, of_site))


@public
@dataclass(frozen=True, slots=True)
class Form:
    """What a list's posts have beside their text; see the settings of these names."""

    footer_note: bool = True
    keep_signature: bool = False
    legacy_display: bool = False


@public
def form_of_posts(list_id: str) -> Form:
    """What the posts of a list have beside their text."""
    row = store().get(EncryptedList, list_id)
    return Form() if row is None else Form(row.footer_note, row.keep_signature, row.legacy_display)


@public
def shows_held(list_id: str) -> bool:
    """Whether those who look after a list may read held posts in the web."""
    row = store().get(EncryptedList, list_id)
    return row is not None and row.show_held


@public
def leave_protection(list_id: str) -> tuple[LeaveProtection, timedelta]:
    """What protects the members of a list when somebody asks that they leave without a proof, and how long a delay is."""
    row = store().get(EncryptedList, list_id)
    if row is None:
        return LeaveProtection.MODERATOR, timedelta(days=7)
    return LeaveProtection(row.lost_key_leave), timedelta(days=row.leave_delay_days)


@public
def certifiers(list_id: str) -> Certifiers:
    """Whose certifications a list gives out with its certificate."""
    row = store().get(EncryptedList, list_id)
    return Certifiers.NOBODY if row is None else Certifiers(row.key_sign_by)
