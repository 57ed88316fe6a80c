"""Runs core's own tests, with or without this plugin: ``python core_suite.py [--plugin] WHAT…``.

What is a module of tests, or a chapter of core's documentation, which holds tests, too (``mailman/rest/docs/membership.rst``).

Prints a JSON object: how many tests ran, and the names of those that failed.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import sys
import unittest
import warnings
from collections import defaultdict
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLUGIN = """
[plugin.workflows]
class: mailman_workflows.plugin.WorkflowsPlugin
enabled: yes
component_package: mailman_workflows
"""


def main(arguments: list[str]) -> None:
    """Run, layer by layer, as core's runner does."""
    warnings.simplefilter("ignore")
    from mailman.testing import layers  # noqa: PLC0415 - core warns when it is imported

    with_plugin = "--plugin" in arguments
    if with_plugin:
        _install(layers)
    names = [name for name in arguments if not name.startswith("-")]
    suite = unittest.defaultTestLoader.loadTestsFromNames([name for name in names if not name.endswith(".rst")])
    by_layer: dict[Any, list[unittest.TestCase]] = defaultdict(list)
    for test in [*_tests(suite), *_chapters([name for name in names if name.endswith(".rst")])]:
        by_layer[getattr(test, "layer", layers.ConfigLayer)].append(test)
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite())
    layers.ConfigLayer.setUp()  # core can be initialised once
    for layer, tests in by_layer.items():
        chain = [each for each in reversed(layer.__mro__) if issubclass(each, layers.MockAndMonkeyLayer)]
        own = [each for each in chain if each not in (layers.MockAndMonkeyLayer, layers.ConfigLayer)]
        _call("setUp", own)
        for test in tests:
            _call("testSetUp", chain)
            test.run(result)
            _call("testTearDown", chain[::-1])
            if with_plugin:
                _empty()
        with contextlib.suppress(ProcessLookupError):  # some of core's tests stop the server themselves
            _call("tearDown", own[::-1])
        for each in own:
            for server in {"smtpd", "httpd", "server"} & vars(each).keys():
                setattr(each, server, None)  # core's layers forget to, and refuse to begin again
    failed = {test.id(): text for test, text in [*result.failures, *result.errors]}
    print(json.dumps({"ran": result.testsRun, "failed": sorted(failed), "texts": failed}))


def _chapters(paths: list[str]) -> Iterator[unittest.TestCase]:
    from mailman.testing import documentation, layers  # noqa: PLC0415 - core warns when it is imported

    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF
    for path in paths:
        for test in doctest.DocFileSuite(
            str(files("mailman").joinpath("..", path)),
            module_relative=False,
            optionflags=flags,
            setUp=documentation.setup,
            tearDown=documentation.teardown,
        ):
            package = import_module(path.rpartition("/")[0].replace("/", "."))
            test.layer = getattr(package, "layer", layers.SMTPLayer)
            test.id = lambda path=path: path
            yield test


def _empty() -> None:
    """Core's teardown empties its own tables without telling anybody."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_workflows.model.tables import Base  # noqa: PLC0415

    with config.db.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(table.delete())


def _call(name: str, layers: list[Any]) -> None:
    """Call what each layer has of its own, and not what it inherits."""
    for layer in layers:
        if name in vars(layer):
            getattr(layer, name)()


def _install(layers: Any) -> None:
    """Add the plugin to the configuration that core's tests push."""
    stock = layers.read_text

    def read_text(package: str, name: str) -> str:
        return str(stock(package, name)) + _PLUGIN

    layers.read_text = read_text


def _tests(suite: Any) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _tests(item)
        else:
            yield item


if __name__ == "__main__":
    main(sys.argv[1:])
