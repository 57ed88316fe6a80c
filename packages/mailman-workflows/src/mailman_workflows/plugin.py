"""The plugin: what Mailman starts in each of its processes.

[plugin.workflows]
class: mailman_workflows.plugin.WorkflowsPlugin
enabled: yes
component_package: mailman_workflows
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman.interfaces.mailinglist import IMailingList
from mailman.interfaces.plugin import IPlugin
from mailman.interfaces.subscriptions import ISubscriptionManager
from public import public
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from mailman_workflows.closed import ClosedManager

if TYPE_CHECKING:
    from collections.abc import Callable

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

        First of all the door is closed, and it opens at the end: core goes on without a plugin that fails here, by its own
        policies, which would let people pass by a workflow that their list has chosen.
        """
        self._use(ClosedManager)
        try:
            self._start()
        except Exception:
            log.exception("mailman-workflows could not start: nobody can join or leave")

    def _start(self) -> None:
        # Imported late: core's models have a database only now.
        from mailman.config import config  # noqa: PLC0415

        from mailman_workflows import cleanup, components, expected, rest  # noqa: PLC0415
        from mailman_workflows.confirmations.command import Confirm  # noqa: PLC0415
        from mailman_workflows.model.database import TABLES  # noqa: PLC0415

        TABLES.migrate()
        cleanup.install()
        cleanup.sweep()
        components.find()
        self.resource = rest.Root()
        config.commands["confirm"] = Confirm()
        self._use(expected.manager_for)

    @staticmethod
    def _use(manager: Callable[[Any], Any]) -> None:
        getGlobalSiteManager().registerAdapter(manager, (IMailingList,), ISubscriptionManager)
