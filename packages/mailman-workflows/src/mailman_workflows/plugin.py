"""The plugin: what Mailman starts in each of its processes.

[plugin.workflows]
class: mailman_workflows.plugin.WorkflowsPlugin
enabled: yes
component_package: mailman_workflows
"""

from __future__ import annotations

import logging
from typing import Any

from mailman.interfaces.plugin import IPlugin
from public import public
from zope.interface import implementer

log = logging.getLogger("mailman.plugins")


@public
@implementer(IPlugin)
class WorkflowsPlugin:
    """Ways to join and to leave, chosen per list."""

    name = "workflows"  # core sets it to the name of the section
    resource: Any = None

    def pre_hook(self) -> None:
        """See `IPlugin`."""

    def post_hook(self) -> None:
        """See `IPlugin`.

        First of all the door is ours: whatever fails after that keeps people waiting, and lets nobody pass by a workflow
        that their list has chosen.
        """
        # Imported late: core's models have a database only now.
        from mailman.config import config  # noqa: PLC0415
        from mailman.interfaces.mailinglist import IMailingList  # noqa: PLC0415
        from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415
        from zope.component import getGlobalSiteManager  # noqa: PLC0415

        from mailman_workflows import cleanup, components, rest  # noqa: PLC0415
        from mailman_workflows.confirmations.command import Confirm  # noqa: PLC0415
        from mailman_workflows.database import TABLES  # noqa: PLC0415
        from mailman_workflows.manager import SubscriptionManager  # noqa: PLC0415

        config.commands["confirm"] = Confirm()
        getGlobalSiteManager().registerAdapter(SubscriptionManager, (IMailingList,), ISubscriptionManager)
        try:
            TABLES.migrate()
            cleanup.install()
            components.find()
            self.resource = rest.Root()
        except Exception:  # core goes on without us, and says nothing
            components.forget()
            log.exception("mailman-workflows could not finish its start: nobody can join or leave")
