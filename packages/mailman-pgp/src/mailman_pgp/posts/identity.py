"""The Message-IDs that are ours to give.

Core keys what it stores by Message-ID, for all lists of a site together, and whoever writes to a list may write any.  So
what core handles has ids that are made here: an HMAC of the list and the claim under the site key.  They can't be foreseen
or met by chance, and a queue file that is taken up again after a crash has the same one.
"""

from __future__ import annotations

import hmac
from enum import StrEnum

from public import public

from mailman_pgp.site import health

_DIGITS = 40


@public
class Use(StrEnum):
    """What a Message-ID of ours names.  Distinct ids, as core may store a placeholder and a delivery of the same post."""

    PLACEHOLDER = "placeholder"  # the message as core's chains and moderators see it
    DELIVERY = "delivery"  # an entry of the queue `out`
    COPY = "copy"  # what members receive of a post whose own id can't be used


@public
def identify(list_id: str, claim: str, use: Use) -> str:
    """The Message-ID for one use of one message, with angle brackets.

    :param claim: See `mailman_pgp.posts.replay`: what a message keeps through crashes, and no other message has.
    :raises mailman_pgp.site.health.NotHealthy: when this process may not have the site key.
    """
    name = f"{use}\0{list_id}\0{claim}"
    digest = hmac.digest(health.site_key().derive("message ids"), name.encode(), "sha256").hex()
    return f"<{digest[:_DIGITS]}@{list_id}>"
