"""Encrypted lists are closed where mailman-workflows is missing: core's own door asks nobody for a key."""

from __future__ import annotations

from typing import Any

from mailman.app.subscriptions import SubscriptionManager
from mailman.config import config
from mailman.interfaces.mailinglist import IMailingList
from mailman.interfaces.subscriptions import ISubscriptionManager
from public import public
from zope.component import getGlobalSiteManager

from mailman_pgp.lists.encryption import is_encrypted
from mailman_workflows.closed import ClosedManager
from mailman_workflows.plugin import WorkflowsPlugin


@public
def install() -> None:
    """Close the door of encrypted lists, unless the plugin is there (by whatever name) whose own door looks at each list's workflow."""
    if not any(isinstance(plugin, WorkflowsPlugin) for plugin in config.plugins.values()):
        getGlobalSiteManager().registerAdapter(_manager, (IMailingList,), ISubscriptionManager)


def _manager(mlist: Any) -> Any:
    return ClosedManager(mlist) if is_encrypted(mlist.list_id) else SubscriptionManager(mlist)
