"""Our texts in the language of whoever reads them; see `mailman_plugin_kit.i18n`."""

from __future__ import annotations

from typing import ClassVar

from public import public

from mailman_plugin_kit import i18n
from mailman_plugin_kit.i18n import Catalogue, using

_ = Catalogue("mailman_workflows")

__all__ = ["_", "using"]  # and what is marked below


@public
class Text(i18n.Text):
    """See `mailman_plugin_kit.i18n.Text`."""

    catalogue: ClassVar[Catalogue] = _
