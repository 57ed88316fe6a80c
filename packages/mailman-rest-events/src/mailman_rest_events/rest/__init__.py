"""REST, below ``/3.1/plugins/events``: what `mailman events` does, for programs.

- ``GET /``: whether all is well, and where everything is.
- ``GET /endpoints``, ``GET /endpoints/NAME``: how it goes with each.
- ``GET /events``, ``GET /events/ID``: what happened, and what has become of it.
- ``POST /endpoints/NAME/ping``: try whether it takes events.
- ``POST /endpoints/NAME/replay``, ``/skip``: send its events again, or give them up.
- ``POST /events/ID/replay``, ``/skip``: the same with one event.
"""
