"""Styles for new encrypted lists."""

from __future__ import annotations

from typing import Any

from mailman.core.i18n import _
from mailman.interfaces.action import Action
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.styles import IStyle
from mailman.styles.default import LegacyAnnounceOnly, PrivateDefaultStyle
from public import public
from zope.interface import implementer

from mailman_pgp.lists.creation import all_or_nothing
from mailman_pgp.lists.encryption import enable

# Kilobytes.  Core's 40 holds every post with a picture, and encryption makes posts a third larger.
_MAX_MESSAGE_KB = 10_240


def _make_encrypted(mlist: Any) -> None:
    mlist.max_message_size = _MAX_MESSAGE_KB
    mlist.advertised = False
    mlist.subscription_policy = SubscriptionPolicy.confirm_then_moderate
    enable(mlist)


@public
@implementer(IStyle)
class EncryptedDiscussion(PrivateDefaultStyle):  # type: ignore[misc]  # core is untyped
    """Every member may post."""

    name = "pgp-discussion"
    description = _("Encrypted discussion mailing list: posts travel encrypted to each member's own key.")

    def apply(self, mailing_list: Any) -> None:
        """See `IStyle`."""
        with all_or_nothing(mailing_list.fqdn_listname):
            super().apply(mailing_list)
            _make_encrypted(mailing_list)


@public
@implementer(IStyle)
class EncryptedAnnouncements(LegacyAnnounceOnly):  # type: ignore[misc]  # core is untyped
    """Only those may post whom the moderators let; core's style of the same kind lets everybody."""

    name = "pgp-announce"
    description = _("Encrypted announcement mailing list: posts travel encrypted to each member's own key.")

    def apply(self, mailing_list: Any) -> None:
        """See `IStyle`."""
        with all_or_nothing(mailing_list.fqdn_listname):
            super().apply(mailing_list)
            mailing_list.default_member_action = Action.hold
            _make_encrypted(mailing_list)
