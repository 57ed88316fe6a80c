"""Encrypted lists: all of them, one with its settings, its certificate, and who gets nothing there."""

from __future__ import annotations

import datetime as dt
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import certifications, vault
from mailman_pgp.lists import deeds, encryption
from mailman_pgp.lists.admission import is_moderated
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.lists.settings import SETTINGS, change, in_words, values_of
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import Profile
from mailman_pgp.overview import glance
from mailman_pgp.overview.data import described, happened, of_list, waiting
from mailman_pgp.overview.survey import posts_at, refused_at, survey
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, PAGING, actor_of, fingerprint, of_setting, text
from mailman_pgp.rest.list_key_kinds import kind_asked, kind_fields
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, page_of, span
from mailman_pgp.rest.places import any_list, core_link, encrypted_list, link
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.lists import LIST, LIST_CERTIFICATE, LIST_ENTRY, UNSERVED

if TYPE_CHECKING:
    from mailman_pgp.model.tables import EncryptedList
    from mailman_pgp.overview.glance import Glance

# How far back refused mail is counted.
_OF_LATE = dt.timedelta(weeks=4)


@public
class Lists(Resource):
    """All encrypted lists."""

    @operation("Show the encrypted lists, each at a glance.", pages(LIST_ENTRY), takes=PAGING)
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        total = glance.total()
        start, count = span(asked, total)
        return Reply(page(start, total, (_entry(one) for one in glance.glance(limit=count, offset=start))))

    @operation(
        "Turn a list into an encrypted one; what keeps it from that is said (409).",
        LIST,
        takes=[
            text("list_id", "The list's list-id (ant.example.com) or address (ant@example.com)."),
            *kind_fields("Of which kind its key is, `usual` when left out."),
            BY,
        ],
        status=HTTPStatus.CREATED,
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist = any_list(asked["list_id"])
        fingerprint = encryption.enable(mlist, kind_asked(mlist, asked) or Profile.USUAL)
        deeds.record(mlist, Deed.ENCRYPTED, actor_of(asked), what=fingerprint)
        return Reply(_whole(*encrypted_list(mlist.list_id)), HTTPStatus.CREATED, link("lists", mlist.list_id))


@public
class OneList(Resource):
    """An encrypted list."""

    @operation("Show an encrypted list, with its settings.", LIST)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        return Reply(_whole(*encrypted_list(self.names["list"])))

    @operation(
        "Change settings of a list, all that are given or none; in a form, `default` takes one back.",
        LIST,
        takes=[*(of_setting(setting) for setting in SETTINGS.values()), BY],
    )
    def on_patch(self, asked: Asked) -> Reply:
        """Answer PATCH."""
        mlist, row = encrypted_list(self.names["list"])
        changed = change(row, {name: value for name, value in asked.items() if name in SETTINGS})
        if changed:
            deeds.record(mlist, Deed.SET, actor_of(asked), what=in_words(row, changed))
        return Reply(_whole(mlist, row))

    @operation(
        "Turn an encrypted list into a plain one. Its secret keys are destroyed for good, and its posts travel in the clear.",
        None,
        takes=[fingerprint("confirm", "The fingerprint of the list's key, to say that it is meant."), BY],
        status=HTTPStatus.NO_CONTENT,
    )
    def on_delete(self, asked: Asked) -> Reply:
        """Answer DELETE."""
        mlist, _ = encrypted_list(self.names["list"])
        current = vault.certificate(mlist.list_id).fingerprint
        if not hmac.compare_digest(asked["confirm"].encode(), current.encode()):
            raise Refusal(
                "not-confirmed",
                f"This is not the fingerprint of the key of {mlist.fqdn_listname}, so the list stays encrypted.",
            )
        encryption.disable(mlist)
        deeds.record(mlist, Deed.PLAIN, actor_of(asked), what=current)
        return Reply(None, HTTPStatus.NO_CONTENT)


def _entry(found: Glance) -> dict[str, Any]:
    return {**of_list(found), "waiting": waiting(found.waits), "self_link": link("lists", found.list_id)}


def _whole(mlist: Any, row: EncryptedList) -> dict[str, Any]:
    below = (
        "certificate",
        "certificates",
        "members",
        "offers",
        "unserved",
        "requests",
        "changes",
        "held",
        "posts",
        "events",
        "log",
    )
    return {
        **_entry(glance.at(mlist.list_id)),
        "moderated": is_moderated(mlist),
        "settings": values_of(row),
        **happened(refused_at(mlist.list_id, now() - _OF_LATE), posts_at(mlist.list_id)),
        "links": {
            **{name: link("lists", mlist.list_id, name) for name in below},
            "core": core_link("lists", mlist.list_id),
        },
    }


@public
class ListCertificate(Resource):
    """The certificate of a list: what those who post encrypt to."""

    @operation("Show the certificate of a list.", LIST_CERTIFICATE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        handed = certifications.certified(mlist.list_id)
        data = handed.certificate
        return Reply(
            {
                "list_id": mlist.list_id,
                "address": mlist.fqdn_listname,
                **described(openpgp.inspect(data)),
                "revoked": handed.revoked,
                "profile": openpgp.profile_of(data),
                "post_quantum": openpgp.is_post_quantum(data),
                "certified_by": [
                    {"fingerprint": signer, "address": held.address, "since": held.since}
                    for signer, held in certifications.by_signer(mlist.list_id).items()
                ],
                "armored": shown.armored(data),
                "self_link": link("lists", mlist.list_id, "certificate"),
            }
        )


@public
class ListCertificateFile(Resource):
    """The same as a file."""

    @operation("Get the certificate of a list as a file.", shown.KEYS_TYPE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(shown.as_file(certifications.certified(mlist.list_id).certificate, mlist.list_id))


@public
class UnservedPeople(Resource):
    """Who gets nothing, and why."""

    @operation(
        "Show who gets nothing, why, and what its owners do about it: members, then owners and moderators.",
        pages(UNSERVED),
        takes=PAGING,
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        found = survey(*encrypted_list(self.names["list"]), now() - _OF_LATE)
        people = [(person, "member") for person in found.unserved]
        people += [(person, "administrator") for person in found.staff]
        return Reply(page_of(asked, people, lambda part: (shown.unserved(*person) for person in part)))
