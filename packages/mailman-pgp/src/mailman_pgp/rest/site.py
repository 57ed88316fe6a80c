"""What is the same for all lists: where everything is, and how lists can be set."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from public import public

from mailman_pgp.lists.setting import Kind, Setting
from mailman_pgp.lists.settings import SETTINGS
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import link
from mailman_pgp.rest.schemas.forms import many, record
from mailman_pgp.rest.schemas.site import INDEX, SETTING
from mailman_pgp.site import health


@public
class Index(Resource):
    """Where everything is."""

    @operation("Show the version, whether the plugin is healthy, and where everything is.", INDEX, needs_health=False)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        judged = health.current()
        return Reply(
            {
                "version": version("mailman-pgp"),
                "healthy": judged.healthy,
                "problems": [{"problem": problem.sentence, "mend": problem.mend} for problem in judged.problems],
                "links": {"lists": link("lists"), "settings": link("settings"), "openapi": link("openapi.json")},
                "self_link": link().rstrip("/"),
            }
        )


@public
class Settings(Resource):
    """How lists can be set."""

    @operation(
        "Describe every setting of a list, so that a form can be made of it.",
        record(settings=many(SETTING)),
    )
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        return Reply({"settings": [_described(setting) for setting in SETTINGS.values()]})


def _described(setting: Setting) -> dict[str, Any]:
    bounded = setting.kind is Kind.NUMBER
    return {
        "name": setting.name,
        "label": setting.label or setting.name.replace("_", " ").capitalize(),
        "group": setting.group,
        "type": setting.kind,
        "default": setting.default,
        "least": setting.least if bounded else None,
        "greatest": setting.limit if bounded else None,
        "choices": list(setting.choices) if setting.kind is Kind.CHOICE else None,
        "of_site": setting.site_value,
        "takes": setting.takes,
        "meaning": setting.meaning,
    }
