"""Values as REST shows them: plain, with times as they are in the database (naive UTC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.model.database import now
from mailman_pgp.overview import data, reasons
from mailman_pgp.rest.answers import File
from mailman_pgp.rest.places import link

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from mailman_pgp.overview.chosen import Chosen
    from mailman_pgp.overview.in_short import InShort
    from mailman_pgp.overview.survey import Unserved

_ARMOR = "PGP PUBLIC KEY BLOCK"
KEYS_TYPE = "application/pgp-keys"  # RFC 3156 §7


@public
def armored(certificate: bytes) -> str:
    """A certificate in ASCII armor."""
    return openpgp.armor(certificate, _ARMOR).decode("ascii")


@public
def as_file(certificate: bytes, name: str) -> File:
    """A certificate as a file, in ASCII armor."""
    return File(openpgp.armor(certificate, _ARMOR), KEYS_TYPE, f"{name}.asc")


@public
def problem(code: str | None) -> dict[str, Any]:
    """Why nothing is encrypted to a certificate, and what its list's owner does about it."""
    reason = None if code is None else reasons.unserved(code)
    return {
        "usable": code is None,
        "problem": code,
        "words": reason and reason.words,
        "next_step": reason and reason.mend,
    }


@public
def reason(code: str | None) -> dict[str, Any]:
    """Why somebody gets nothing, and what the list's owner does about it."""
    found = None if code is None else reasons.unserved(code)
    return {"reason": code, "words": found and found.words, "next_step": found and found.mend}


@public
def in_short(list_id: str, found: InShort) -> dict[str, Any]:
    """What is chosen for somebody, without the certificate itself."""
    choice = found.choice
    return {
        "fingerprint": choice.fingerprint,
        "algorithm": found.algorithm,
        "created": found.created,
        "expires": found.expires,
        "state": choice.state,
        "since": choice.since,
        "origin": choice.origin,
        "usable": found.problem is None,
        "problem": found.problem,
        "proven": found.proven,
        "compared": found.compared,
        "suspended": found.suspended,
        "self_link": link("lists", list_id, "certificates", choice.address),
    }


@public
def chosen(found: Chosen, members: Collection[str], compared: dt.datetime | None, self_link: str) -> dict[str, Any]:
    """That a certificate is chosen for somebody, and whether it is used; `compared` is when its fingerprint was last."""
    choice = found.stored.choice
    return {
        "address": found.address,
        "member": found.address in members,
        "state": choice.state,
        "since": choice.since,
        "origin": choice.origin,
        **problem(found.problem),
        "compared": compared,
        "self_link": self_link,
    }


@public
def chosen_in_short(
    found: Chosen, members: Collection[str], compared: dt.datetime | None, self_link: str
) -> dict[str, Any]:
    """The same with the certificate in short, as it is stored."""
    stored = found.stored
    return {
        **chosen(found, members, compared, self_link),
        "fingerprint": stored.fingerprint,
        "algorithm": stored.algorithm,
        "created": stored.created,
        "expires": stored.expires,
    }


@public
def asked_with(found: Chosen, compared: dt.datetime | None) -> dict[str, Any]:
    """The certificate that somebody asks with to join, for those who decide about it."""
    return {
        **for_comparison(found),
        "state": found.stored.choice.state,
        "compared": compared,
    }


@public
def for_comparison(found: Chosen) -> dict[str, Any]:
    """The certificate that is chosen for somebody, for those who decide whether another one takes its place."""
    return _for_decision(data.described_as_stored(found.stored), found.stored.data, found.problem)


@public
def offered(certificate: openpgp.Certificate, code: str | None) -> dict[str, Any]:
    """A certificate for those who decide about it, and why nothing can be encrypted to it."""
    return _for_decision(data.described(certificate), certificate.data, code)


def _for_decision(described: dict[str, Any], certificate: bytes, code: str | None) -> dict[str, Any]:
    judged = problem(code)
    return {
        **described,
        "age_days": max(0, (now() - described["created"]).days),
        "usable": judged["usable"],
        "problem": judged["problem"],
        "words": judged["words"],
        "armored": armored(certificate),
    }


@public
def unserved(person: Unserved, role: str) -> dict[str, Any]:
    """Somebody who gets nothing."""
    reason = reasons.unserved(person.reason)
    return {
        "address": person.address,
        "role": role,
        "reason": person.reason,
        "words": reason.words,
        "next_step": reason.mend,
        "since": person.since,
        "last": person.last,
        "posts": person.posts,
    }
