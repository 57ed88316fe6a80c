"""Events as signals of Django.

    @receiver(signal_for("ListCreatedEvent"))
    def list_created(sender, event, **kwargs):
        print(event.data["list_id"])

A receiver may be called twice for one event, and for an older one after a newer one (an event that somebody could not take comes
again later): ask for the present state instead of counting.  What it raises has the event sent again.
"""

from __future__ import annotations

from django.dispatch import Signal

from mailman_rest_events.receiving.verifying import Event

#: Sent for each event, with the argument `event`, an `Event`.
received = Signal()

_by_name: dict[str, Signal] = {}


def signal_for(name: str) -> Signal:
    """The signal for events of one class, such as ``ListCreatedEvent``; with the argument `event`, an `Event`."""
    return _by_name.setdefault(name, Signal())


def distribute(event: Event) -> list[Exception]:
    """Tell all receivers, also when some of them raise; what those have raised.  Django's log `django.dispatch` has it too."""
    # What comes in makes no signals: nobody listens to a name that nobody asked for.
    signals = [received, *filter(None, [_by_name.get(event.name)])]
    answers = [answer for signal in signals for _, answer in signal.send_robust(sender=Event, event=event)]
    return [answer for answer in answers if isinstance(answer, Exception)]
