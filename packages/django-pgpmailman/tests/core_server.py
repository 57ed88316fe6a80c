"""A Mailman as the website meets it: an HTTP server that answers what the website asks of REST, as core and its plugins answer."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from core_answers import ARMORED, BINARY, CHANGE, CONTENT, FINGERPRINT, HELD, REQUEST, SETTINGS
from core_certificates import People, RefusedError
from core_http import serving
from core_people import PeopleOfCore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["CoreServer", "RefusedError", "core_server"]


@dataclass(slots=True)
class CoreServer:
    """A Mailman.

    :ivar rosters: Addresses by list-id and role.
    :ivar encrypted: The list-ids of the encrypted lists, with their settings.
    :ivar expires: When the keys of lists do.
    :ivar revoked: Whether they are.
    :ivar profile: Their kind.
    :ivar post_quantum: Whether all that is encrypted to them is by ML-KEM.
    :ivar former: The keys that lists had before, as REST has them.
    :ivar requests: What was asked for: method, path, fields.
    :ivar pended: What core says of tokens, at the path of any list.
    :ivar waiting: What waits at each list: by the kind, by list-id, each as REST has it.
    :ivar instead: Called in the place of an answer; it may raise.
    :ivar content: What held posts say.
    :ivar obstacles: What is in the way of turning encryption on or off.
    :ivar certificates: Those of the people of all lists.
    """

    url: str = ""
    rosters: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    encrypted: dict[str, dict[str, Any]] = field(default_factory=dict)
    expires: str | None = None
    revoked: bool = False
    profile: str = "usual"
    post_quantum: bool = False
    former: list[dict[str, Any]] = field(default_factory=list)
    settings: list[dict[str, Any]] = field(default_factory=lambda: list(SETTINGS))
    events: dict[str, Any] | None = None
    people: PeopleOfCore = field(default_factory=PeopleOfCore)
    plugin: bool = True
    waiting: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    pended: dict[str, dict[str, Any]] = field(default_factory=dict)
    instead: Callable[[str], None] | None = None
    certificates: People = field(default_factory=People)
    obstacles: list[str] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=lambda: dict(CONTENT))

    def mlist(self, address: str, *, encrypted: bool = True, **rosters: list[str]) -> str:
        """A new list; its list-id."""
        list_id = address.replace("@", ".")
        self.rosters[list_id] = {"owner": [], "moderator": [], "member": [], **rosters}
        if encrypted:
            for kind, one in (("requests", REQUEST), ("changes", CHANGE), ("held", HELD)):
                self.waiting.setdefault(kind, {})[list_id] = [dict(one)]
            self.encrypted[list_id] = {
                "footer_note": True,
                "replay_window_days": None,
                "key_sign_by": "owners",
                "of_tomorrow": "<b>",
            }
        return list_id

    def paths(self) -> list[str]:
        """The paths that were asked for since the last time."""
        found = [path for _, path, _ in self.requests]
        self.requests.clear()
        return found

    def answer(self, method: str, path: str, fields: dict[str, str]) -> Any:
        """What is answered; raises RefusedError."""
        self.requests.append((method, path, fields))
        if self.instead is not None:
            self.instead(path)
        match [unquote(part) for part in path.strip("/").split("/")[1:]]:
            case ["plugins", *rest]:
                return self._of_plugins(method, rest, fields)
            case ["lists", spec]:
                return self._list(spec)
            case ["lists", spec, "roster", role]:
                return self._members(self.rosters[self._known(spec)][role], spec, role)
            case ["lists", _, "held", "count"] | ["lists", _, "requests", "count"]:
                return {"count": 0}
            case ["lists", _, "requests", token] if token in self.pended:
                return self.pended[token]
            case ["lists", spec, "archivers"]:
                return {"hyperkitty": False, "self_link": f"{self.url}/lists/{spec}/archivers"}
            case ["members", "find"]:
                return self._find(fields)
        raise RefusedError(404, "Not Found")

    def _of_plugins(self, method: str, path: list[str], fields: dict[str, str]) -> Any:
        match path:
            case ["pgp", *rest] if self.plugin:
                return self._pgp(method, rest, fields)
            case ["events", *rest] if self.events is not None:
                return self.events["/".join(rest)]
        raise RefusedError(404, "Not Found")

    def _known(self, spec: str) -> str:
        list_id = spec.replace("@", ".")
        if list_id not in self.rosters:
            raise RefusedError(404, "")
        return list_id

    def _address(self, list_id: str) -> str:
        return list_id.replace(".", "@", 1)

    def _list(self, spec: str) -> dict[str, Any]:
        list_id = self._known(spec)
        name = self._address(list_id)
        return {
            "list_id": list_id,
            "fqdn_listname": name,
            "display_name": name.partition("@")[0].title(),
            "self_link": f"{self.url}/lists/{list_id}",
        }

    def _members(self, addresses: list[str], list_id: str, role: str) -> dict[str, Any]:
        entries = [
            {
                "email": address,
                "address": address,
                "role": role,
                "list_id": list_id,
                "self_link": f"{self.url}/members/1",
            }
            for address in addresses
        ]
        return {"start": 0, "total_size": len(entries), **({"entries": entries} if entries else {})}

    def _find(self, fields: dict[str, str]) -> dict[str, Any]:
        wanted, role = fields["subscriber"], fields["role"]
        there = self.rosters[fields["list_id"]][role]
        found = there if "*" in wanted else [address for address in there if address == wanted]
        return self._members(found, fields["list_id"], role)

    def _pgp(self, method: str, path: list[str], fields: dict[str, str]) -> Any:
        if (answer := self.people.answer(method, path, fields)) is not None:
            return answer
        match method, path:
            case "GET", []:
                return {"version": "0", "healthy": True, "problems": []}
            case "GET", ["settings"]:
                return {"settings": self.settings}
            case "GET", ["directory", domain, name]:
                list_id = f"{name.removesuffix('-in-z-base-32')}.{domain.lower()}"
                if list_id not in self.encrypted:
                    raise RefusedError(
                        404, "No encrypted list of this domain has an address of this name.", "no-such-entry"
                    )
                return BINARY
            case "GET", ["lists"]:
                start = (int(fields["page"]) - 1) * int(fields["count"])
                entries = [self._whole(list_id) for list_id in sorted(self.encrypted)][
                    start : start + int(fields["count"])
                ]
                return {"start": start, "total_size": len(self.encrypted), **({"entries": entries} if entries else {})}
        return self._pgp_of_list(method, path, fields)

    def _pgp_of_list(self, method: str, path: list[str], fields: dict[str, str]) -> Any:
        if (method, path) == ("POST", ["lists"]):
            return self._turned(fields["list_id"])
        list_id = path[1].replace("@", ".")
        if list_id not in self.rosters:
            raise RefusedError(404, "There is no such list.", "no-such-list")
        if path[2:] == ["enabling"]:
            return self._plan(list_id)
        if list_id not in self.encrypted:
            raise RefusedError(404, "It is not an encrypted list.", "not-encrypted")
        return self._pgp_of_encrypted(list_id, method, path[2:], fields)

    def _pgp_of_encrypted(self, list_id: str, method: str, path: list[str], fields: dict[str, str]) -> Any:
        match method, path:
            case "GET", []:
                return self._whole(list_id)
            case "GET", ["disabling"]:
                return self._plan(list_id)
            case "DELETE", []:
                if fields.get("confirm") != FINGERPRINT:
                    raise RefusedError(409, "This is not the fingerprint of the list's key.", "confirm")
                return self._turned(list_id)
            case _, ["key"]:
                return self._key(method, fields)
            case "PATCH", []:
                self._change(list_id, fields)
                return self._whole(list_id)
            case "GET", ["certificate"]:
                return {
                    "list_id": list_id,
                    "address": self._address(list_id),
                    "fingerprint": FINGERPRINT,
                    "expires": self.expires,
                    "revoked": self.revoked,
                    "profile": self.profile,
                    "post_quantum": self.post_quantum,
                    "armored": ARMORED,
                }
        return self._waiting(list_id, method, path, fields)

    def _waiting(self, list_id: str, method: str, path: list[str], fields: dict[str, str]) -> Any:
        match method, path:
            case "GET", [("requests" | "changes" | "held") as kind]:
                count = int(fields["count"])
                start = (int(fields["page"]) - 1) * count
                entries = self.waiting[kind][list_id]
                shown = entries[start : start + count]
                return {"start": start, "total_size": len(entries), **({"entries": shown} if shown else {})}
            case "GET", [("requests" | "changes" | "held") as kind, name]:
                return self._one(kind, list_id, name)
            case "POST", [("requests" | "changes" | "held") as kind, name]:
                self._one(kind, list_id, name)
                self._taken(kind, list_id, name)
                return {}
            case "POST", ["requests", _, "challenge"] | ["offers", _, "again"] | ["held", _, "copy"]:
                return {}
            case "POST", ["held", name, "content"]:
                return self._content(list_id, name, fields.get("address", ""))
            case "POST", ["certificates", address] if self._asks(list_id, address):
                return {}
        return self.certificates.answer(method, path, fields)

    def _content(self, list_id: str, name: str, address: str) -> dict[str, Any]:
        one = self._one("held", list_id, name)
        if one["content_link"] is None:
            raise RefusedError(409, "The owners do not have held posts shown.", "not-shown")
        if address not in self.rosters[list_id]["owner"] + self.rosters[list_id]["moderator"]:
            raise RefusedError(409, "This is neither an owner nor a moderator.", "not-an-administrator")
        return {**one, "content": self.content}

    def _turned(self, list_id: str) -> dict[str, str]:
        """An encrypted list is a plain one, or the other way round."""
        if self.obstacles:
            raise RefusedError(409, self.obstacles[0], "not-possible")
        if self.encrypted.pop(list_id, None) is None:
            self.encrypted[list_id] = {"footer_note": True}
        return {"list_id": list_id}

    def _plan(self, list_id: str) -> dict[str, Any]:
        return {
            "list_id": list_id,
            "possible": not self.obstacles,
            "obstacles": self.obstacles,
            "effects": ["Something <comes> of `it`."],
            "settings": [
                {"name": "archive_policy", "now": "public", "then": "never"},
                {"name": "digests_enabled", "now": True, "then": None},
                {"name": "archivers", "now": ["<b>", "hyperkitty"], "then": []},
            ],
            "members": {"total": 3, "receiving": 1, "getting_nothing": 2},
        }

    def _asks(self, list_id: str, address: str) -> bool:
        return any(one["address"] == address for one in self.waiting.get("requests", {}).get(list_id, ()))

    def _one(self, kind: str, list_id: str, name: str) -> dict[str, Any]:
        for one in self.waiting[kind][list_id]:
            if name == str(one["number" if kind == "held" else "token"]):
                return one
        code = {"requests": "no-such-request", "changes": "no-such-change", "held": "no-such-post"}[kind]
        raise RefusedError(404, "Nothing waits by this name.", code)

    def _taken(self, kind: str, list_id: str, name: str) -> bool:
        """Whether it was there; it is no more."""
        before = self.waiting[kind][list_id]
        after = [one for one in before if name != str(one["number" if kind == "held" else "token"])]
        self.waiting[kind][list_id] = after
        return len(after) < len(before)

    def _change(self, list_id: str, fields: dict[str, str]) -> None:
        if int(fields.get("replay_window_days", "1").replace("default", "1")) == 13:
            raise RefusedError(400, "replay_window_days takes another number than 13, or `default`.", "setting")
        if fields.get("of_tomorrow") == "trouble":
            raise RefusedError(400, "There is trouble.", "invalid")
        self.encrypted[list_id].update({name: value for name, value in fields.items() if name != "by"})

    def _key(self, method: str, fields: dict[str, str]) -> Any:
        if method == "GET":
            return {"former": self.former}
        if fields["action"] == "rotate":
            until = {"opens": True, "opens_until": "2030-02-03T00:00:00Z", "revoked": self.revoked}
            self.former.insert(0, {"fingerprint": "CD" * 20, **until})
            self.revoked = False
            return {}
        if int(fields["years"]) == 0:
            raise RefusedError(400, "years takes a whole number from 1 to 20.", "invalid")
        self.expires = "2040-01-01T00:00:00Z"
        return {}

    def _whole(self, list_id: str) -> dict[str, Any]:
        return {
            "list_id": list_id,
            "address": self._address(list_id),
            "waiting": {"requests": 40, "changes": 1, "held": 1},
            "members": {"total": 3, "receiving": 2, "getting_nothing": 1},
            "list_key": {
                "fingerprint": FINGERPRINT,
                "created": "2026-01-01T00:00:00Z",
                "expires": self.expires,
                "expired": False,
                "revoked": self.revoked,
                "profile": self.profile,
            },
            "settings": self.encrypted[list_id],
        }


@contextmanager
def core_server() -> Iterator[CoreServer]:
    """A Mailman that answers for the time of the block."""
    core = CoreServer()
    with serving(core.answer) as url:
        core.url = f"{url}/3.1"
        yield core
