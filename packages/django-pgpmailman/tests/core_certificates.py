"""What the Mailman of tests answers about the people of a list: their certificates, and what is done about these.

A key is any text with `FPR=` and a fingerprint in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

FIRST, SECOND = "AA11" * 10, "BB22" * 10
ANNE = "anne@example.com"
_AT = "2026-03-04T05:06:07Z"
_FINGERPRINT = re.compile(r"FPR=([0-9A-F]{40})")


class RefusedError(Exception):
    """What is answered instead."""

    def __init__(self, status: int, description: str, code: str = "") -> None:
        super().__init__(description)
        self.status = status
        self.answer = {"title": str(status), "description": description, **({"code": code} if code else {})}


def key(fingerprint: str) -> str:
    """What somebody uploads."""
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nFPR={fingerprint}\n-----END PGP PUBLIC KEY BLOCK-----\n"


def member(address: str, **changed: Any) -> dict[str, Any]:
    """Somebody on a list, who gets posts."""
    certificate = {"fingerprint": FIRST, "expires": "2031-05-04T00:00:00Z", "state": "proven", "compared": None}
    return {
        "address": address,
        "display_name": "",
        "roles": ["member"],
        "delivery": "regular",
        "gets_posts": True,
        "reason": None,
        "words": None,
        "next_step": None,
        "certificate": certificate,
        **changed,
    }


def chosen(address: str, fingerprint: str = FIRST, **changed: Any) -> dict[str, Any]:
    """What is chosen for somebody."""
    return {
        "address": address,
        "member": True,
        "state": "proven",
        "since": _AT,
        "origin": "mail",
        "usable": True,
        "problem": None,
        "words": None,
        "next_step": None,
        "compared": None,
        "certificate": {
            "fingerprint": fingerprint,
            "version": 4,
            "user_ids": [f"Anne <{address}>"],
            "algorithm": "Ed25519",
            "created": _AT,
            "expires": None,
        },
        "armored": key(fingerprint),
        "history": [
            {"fingerprint": SECOND, "state": "replaced", "since": _AT, "until": _AT, "origin": "cli"},
        ],
        "events": [
            {
                "address": address,
                "fingerprint": fingerprint,
                "act": "proved",
                "at": _AT,
                "door": "mail",
                "by": "anne@example.com",
                "earlier": None,
            }
        ],
        **changed,
    }


def post(message_id: str, **changed: Any) -> dict[str, Any]:
    """What became of a post."""
    numbers = {"recipients": 5, "delivered": 3, "skipped": 1, "failed": 1, "tried_again": 0, "attempts": 1}
    return {"message_id": message_id, "at": _AT, **numbers, "reasons": [], "unknown": 0, **changed}


def missed(address: str, reason: str = "expired", **changed: Any) -> dict[str, Any]:
    """Somebody who did not get a post."""
    said = {
        "words": "the certificate has expired",
        "next_step": "Ask them to extend it and to send it again, and add it.",
    }
    return {"address": address, "reason": reason, **said, "answer": None, "since": _AT, **changed}


def _page(found: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    start = (int(fields["page"]) - 1) * int(fields["count"])
    shown = found[start : start + int(fields["count"])]
    return {"start": start, "total_size": len(found), **({"entries": shown} if shown else {})}


@dataclass(slots=True)
class People:
    """Those of all lists.

    :ivar members: In the order in which they are shown.
    :ivar chosen: What counts, by address.
    :ivar posts: By their Message-ID.
    :ivar missed: Who did not get one, by its Message-ID.
    :ivar requests: What is said of requests that went on.
    """

    members: list[dict[str, Any]] = field(default_factory=list)
    chosen: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    missed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def answer(self, method: str, path: list[str], fields: dict[str, str]) -> Any:
        """What is answered; raises RefusedError."""
        match method, path:
            case "GET", ["members"]:
                return _page(self.members, fields)
            case "POST", ["certificates"]:
                return self._added(fields["address"], fields["certificate"], "added")
            case _, ["certificates", address]:
                return self._of(method, address, fields)
            case "POST", ["keyring"]:
                return self._brought(fields)
            case "GET", ["posts", *rest]:
                return self._sent(rest, fields)
            case "POST", ["test"]:
                if fields["address"] != ANNE:
                    raise RefusedError(409, "They have no certificate.", "no-certificate")
                return {"address": ANNE, "message_id": "a/test@example.com"}
        raise RefusedError(404, "Not Found")

    def _sent(self, path: list[str], fields: dict[str, str]) -> Any:
        match path:
            case []:
                found = list(self.posts.values())
                return {"start": 0, "total_size": len(found), **({"entries": found} if found else {})}
            case [message_id] if message_id in self.posts:
                return self.posts[message_id]
            case [message_id, "missed"] if message_id in self.posts:
                found = self.missed.get(message_id, [])
                return _page([one for one in found if fields.get("reason") in {None, one["reason"]}], fields)
        raise RefusedError(404, "Nothing is known of a post with this Message-ID.", "no-such-post")

    def _of(self, method: str, address: str, fields: dict[str, str]) -> Any:
        if address not in self.chosen:
            raise RefusedError(404, f"No certificate is chosen for {address}.", "no-certificate")
        found = self.chosen[address]
        if "fingerprint" in fields and fields["fingerprint"] != found["certificate"]["fingerprint"]:
            raise RefusedError(409, "It has another fingerprint, so nothing was changed.", "another-certificate")
        match method:
            case "POST":
                if fields["action"] == "suspend":
                    found["state"] = "suspended"
                return {
                    "address": address,
                    "fingerprint": FIRST,
                    "action": fields["action"],
                    "requests": self.requests,
                }
            case "PUT":
                return self._added(address, fields["certificate"], "replaced")
            case "DELETE":
                del self.chosen[address]
                return {}
        return found

    def _added(self, address: str, text: str, outcome: str) -> Any:
        fingerprint = self._read(text)
        before = self.chosen.get(address)
        if before is not None and before["certificate"]["fingerprint"] == fingerprint:
            outcome = "updated"
        self.chosen[address] = chosen(address, fingerprint)
        return {"address": address, "outcome": outcome, "requests": self.requests}

    def _read(self, text: str) -> str:
        found = _FINGERPRINT.search(text)
        if found is None:
            raise RefusedError(400, "There is no certificate in it.", "no-key")
        return found[1]

    def _brought(self, fields: dict[str, str]) -> Any:
        self._read(fields["keyring"])
        lines = [
            {
                "fingerprint": fingerprint,
                "user_ids": ["<b>Anne</b>"],
                "addresses": [ANNE],
                "outcome": "taken" if ANNE not in self.chosen else "refused",
                "code": None,
                "words": "It counts for <i>anne</i>.",
            }
            for fingerprint in _FINGERPRINT.findall(fields["keyring"])
        ]
        refused = any(line["outcome"] == "refused" for line in lines)
        trial = "dry_run" in fields or (refused and "all_or_nothing" in fields)
        if not trial:
            for line in lines:
                self.chosen.setdefault(ANNE, chosen(ANNE, str(line["fingerprint"])))
        numbers = {fate: sum(line["outcome"] == fate for line in lines) for fate in ("taken", "refused")}
        return {
            "dry_run": trial,
            "numbers": {"updated": 0, "same": 0, "recorded": 0, **numbers},
            "certificates": lines,
            "without": ["bob@example.com"],
        }
