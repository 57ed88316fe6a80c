"""What each event tells, for programs (JSON Schema) and for people (docs/events.md is made of it)."""

from mailman_rest_events.schemas.core import EVENTS
from mailman_rest_events.schemas.described import Described, Field, schema_of

__all__ = ["EVENTS", "Described", "Field", "schema_of"]
