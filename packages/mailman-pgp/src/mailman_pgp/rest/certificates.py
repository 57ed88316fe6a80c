"""The certificates that are chosen for people on a list: seen, added, replaced, and decided about."""

from __future__ import annotations

import hmac
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.exchange import changing, waiting
from mailman_pgp.exchange.adding import Outcome, add
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.exchange.uploads import certificate_in
from mailman_pgp.keys import journal, registry
from mailman_pgp.lists.membership import members_among
from mailman_pgp.overview import chosen
from mailman_pgp.overview.data import described, described_as_stored, event, went
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, PAGING, actor_of, address, choice, fingerprint, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page_of
from mailman_pgp.rest.places import certificate_of, encrypted_list, link
from mailman_pgp.rest.schemas.certificates import ADDED, CHOSEN, CHOSEN_ENTRY, DECIDED
from mailman_pgp.rest.schemas.forms import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.exchange.adding import Added
    from mailman_pgp.overview.chosen import Chosen

_CERTIFICATE = text("certificate", "The certificate (public key), in ASCII armor.")
_THE_ONE = "The fingerprint of the one until now, if only that is meant."


class Action(StrEnum):
    """What can be decided about the certificate that is chosen for somebody."""

    APPROVE = "approve"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPARE = "compare"  # record that its fingerprint was compared with its person


@public
class Certificates(Resource):
    """The certificates that are chosen on a list."""

    @operation("Show the certificates of people on a list.", pages(CHOSEN_ENTRY), takes=PAGING)
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(page_of(asked, registry.addresses_at(mlist.list_id), lambda wanted: _entries(mlist, wanted)))

    @operation(
        "Let a certificate count for an address; of the one that counts already this is an update. What a known key says of "
        "itself, such as that it is revoked, is recorded even if the certificate is refused.",
        ADDED,
        takes=[address("address", "Whose it is; they need not be a member yet."), _CERTIFICATE, BY],
        status=HTTPStatus.CREATED,
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        certificate = certificate_in(asked["certificate"].encode())
        address, before = asked["address"], registry.chosen(mlist.list_id, asked["address"])
        if before is not None and before.fingerprint != certificate.fingerprint:
            raise _there_is_another(mlist, address)
        added = add(mlist, address, certificate, actor_of(asked))
        if added.replaced is not None:  # it came while we looked
            raise _there_is_another(mlist, address)
        return _added(mlist, address, added, HTTPStatus.CREATED)


@public
class OneCertificate(Resource):
    """The certificate that is chosen for an address on a list."""

    @operation("Show the certificate of an address, with its history and all that was done about it.", CHOSEN)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, found = self._found()
        choice, whose = found.stored.choice, found.address
        compared = journal.last(mlist.list_id, whose, choice.fingerprint, journal.Act.COMPARED)
        return Reply(
            {
                **shown.chosen(
                    found,
                    members_among(mlist.list_id, [whose]),
                    compared.at if compared else None,
                    _there(mlist, whose),
                ),
                "certificate": described_as_stored(found.stored),
                "armored": shown.armored(found.stored.data),
                "history": [
                    {
                        "fingerprint": old.fingerprint,
                        "state": old.state,
                        "since": old.since,
                        "until": old.until,
                        "origin": old.origin,
                    }
                    for old in registry.history(mlist.list_id, whose)
                    if old.until is not None
                ],
                "events": [event(one) for one in journal.of(mlist.list_id, whose)],
            }
        )

    @operation(
        "Replace the certificate of an address by another one.",
        ADDED,
        takes=[_CERTIFICATE, fingerprint("fingerprint", _THE_ONE, required=False), BY],
    )
    def on_put(self, asked: Asked) -> Reply:
        """Answer PUT."""
        mlist, found = self._found()
        _require_seen(mlist, found.address, found.stored.fingerprint, asked)
        added = add(mlist, found.address, certificate_in(asked["certificate"].encode()), actor_of(asked))
        _require_seen(mlist, found.address, added.replaced, asked)
        return _added(mlist, found.address, added, HTTPStatus.OK)

    @operation(
        "Decide about the certificate of an address.",
        DECIDED,
        takes=[
            choice("action", "What is decided.", Action),
            fingerprint(
                "fingerprint",
                "The fingerprint of the certificate that it is decided about: to suspend, it may be left out.",
                required=False,
            ),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, found = self._found()
        action, actor = asked["action"], actor_of(asked)
        if action is not Action.SUSPEND and "fingerprint" not in asked:
            raise Refusal("invalid", f"Missing: fingerprint. To {action}, say which certificate you have seen.")
        whose = found.address
        _require_seen(mlist, whose, found.stored.fingerprint, asked)
        match action:
            case Action.APPROVE:
                change = changing.approve(mlist, whose, actor)
            case Action.SUSPEND:
                change = changing.suspend(mlist, whose, actor)
            case Action.RESUME:
                change = changing.resume(mlist, whose, actor)
            case Action.COMPARE:
                change = changing.compare(mlist, whose, asked["fingerprint"], actor)
        _require_seen(mlist, whose, change.fingerprint, asked)
        return Reply(
            {
                "address": whose,
                "fingerprint": change.fingerprint,
                "action": action,
                "requests": [went(one) for one in waiting.after_change(mlist, whose)],
            }
        )

    @operation(
        "Let no certificate count for an address any more.",
        None,
        takes=[fingerprint("fingerprint", _THE_ONE, required=False), BY],
        status=HTTPStatus.NO_CONTENT,
    )
    def on_delete(self, asked: Asked) -> Reply:
        """Answer DELETE."""
        mlist, found = self._found()
        _require_seen(mlist, found.address, found.stored.fingerprint, asked)
        change = changing.remove(mlist, found.address, actor_of(asked))
        _require_seen(mlist, found.address, None if change is None else change.fingerprint, asked)
        waiting.after_change(mlist, found.address)
        return Reply(None, HTTPStatus.NO_CONTENT)

    def _found(self) -> tuple[Any, Chosen]:
        mlist, _ = encrypted_list(self.names["list"])
        return mlist, certificate_of(mlist, self.names["address"])


@public
class CertificateFile(Resource):
    """The same as a file."""

    @operation("Get the certificate of an address as a file.", shown.KEYS_TYPE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        found = certificate_of(mlist, self.names["address"])
        return Reply(shown.as_file(found.stored.data, found.address))


def _entries(mlist: Any, addresses: Sequence[str]) -> list[dict[str, Any]]:
    members, compared = members_among(mlist.list_id, addresses), journal.compared(mlist.list_id)
    return [
        shown.chosen_in_short(
            one, members, compared.get((one.address, one.stored.fingerprint)), _there(mlist, one.address)
        )
        for one in chosen.of_addresses(mlist.list_id, addresses)
    ]


def _there(mlist: Any, whose: str) -> str:
    return link("lists", mlist.list_id, "certificates", whose)


def _require_seen(mlist: Any, whose: str, decided: str | None, asked: Asked) -> None:
    """Nothing is decided about a certificate that somebody has put in the place of the one that was looked at.

    Asked before, to say so, and once more after it was done: what is chosen may have been changed between both.
    """
    seen = asked.get("fingerprint")
    if seen is not None and decided is not None and not hmac.compare_digest(seen.encode(), decided.encode()):
        raise Refusal(
            "another-certificate",
            f"The certificate that is chosen for {whose} on {mlist.fqdn_listname} has another fingerprint, so nothing "
            "was changed. Look at it, and decide again.",
        )


def _there_is_another(mlist: Any, whose: str) -> Refusal:
    return Refusal(
        "another-certificate",
        f"Another certificate is chosen for {whose} on {mlist.fqdn_listname}. PUT this one there to replace it.",
    )


def _added(mlist: Any, whose: str, added: Added, status: HTTPStatus) -> Reply:
    # What was recorded may be about somebody else's certificate, and nothing is chosen for this address.
    is_there = added.outcome is not Outcome.RECORDED or whose in added.unserved
    there = _there(mlist, whose) if is_there else None
    return Reply(
        {
            "address": whose,
            "outcome": added.outcome,
            "replaced": added.replaced,
            "problem": added.problem,
            "unserved": list(added.unserved),
            "certificate": described(added.certificate),
            "requests": [went(one) for one in waiting.after_change(mlist, whose)],
            "self_link": there,
        },
        status,
        there if status is HTTPStatus.CREATED else None,
    )
