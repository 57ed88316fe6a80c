"""Runners that Mailman's master starts: ``[runner.events] class: mailman_rest_events.runners.EventsRunner``."""

from mailman_rest_events.runners.events import EventsRunner

__all__ = ["EventsRunner"]
