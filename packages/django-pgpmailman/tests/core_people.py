"""What the Mailman of `core_server` says to people of their own keys, and takes from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OLD = "AAAABBBBCCCCDDDDEEEEFFFF0000111122223333"
NEW = "1111222233334444555566667777888899990000"
LIST = "0123456789ABCDEF0123456789ABCDEF01234567"


def certificate(fingerprint: str = OLD, **changed: Any) -> dict[str, Any]:
    """A certificate that counts, in short."""
    return {"fingerprint": fingerprint, "algorithm": "Ed25519", "expires": "2031-05-04T00:00:00Z", **changed}


def waiting(fingerprint: str = NEW, *, replaces: bool = False) -> dict[str, Any]:
    """A key that waits."""
    times = {"since": "2026-01-02T00:00:00Z", "expires": "2026-01-09T00:00:00Z"}
    return {"fingerprint": fingerprint, "replaces": replaces, **times}


def joining(waits_for: str) -> dict[str, Any]:
    """A request to join."""
    return {"purpose": "join", "waits_for": waits_for, "reason": "", **waiting()}


@dataclass(slots=True)
class PeopleOfCore:
    """People.

    :ivar places: How they stand, by list-id and address.
    :ivar outcome: What becomes of the next key that is offered: outcome, and what it replaces.
    """

    places: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    outcome: tuple[str, str | None] = ("asked", None)

    def stands(self, list_id: str, address: str, code: str = "counts", **changed: Any) -> None:
        """Somebody stands like this at a list."""
        words = {"code": code, "words": "your key counts", "next_step": None}
        if code != "counts":
            words |= {"words": "the list has no key of yours", "next_step": "Send your key."}
        self.places[list_id, address] = {
            "list_id": list_id,
            "list_address": list_id.replace(".", "@", 1),
            "list_name": "Ants",
            "list_fingerprint": LIST,
            "address": address,
            "roles": ["member"],
            "delivery": "regular",
            "state": words,
            "certificate": None,
            "question": None,
            "change": None,
            "request": None,
            **changed,
        }

    def answer(self, method: str, path: list[str], fields: dict[str, str]) -> Any:
        """What is answered below `plugins/pgp`; None where this is about something else."""
        match method, path:
            case "GET", ["people"]:
                asked = fields["address"].split("\n")
                return {"lists": [place for (_, address), place in self.places.items() if address in asked]}
            case "POST", ["lists", _, "offers"]:
                outcome, replaces = self.outcome
                return {"outcome": outcome, "replaces": replaces, "sentence": "It is so.", "requests": []}
            case "POST", ["lists", _, "offers", address, "again"]:
                return {"address": address, "fingerprint": NEW, "asked": True}
            case "DELETE", ["lists", list_id, "offers", address]:
                self.places[list_id, address]["question"] = None
                return {}
        return None
