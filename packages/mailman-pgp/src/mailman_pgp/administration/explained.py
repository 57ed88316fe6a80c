"""What was found in a mail, for people and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.administration.arguments import named
from mailman_pgp.layout import fields, moment, paragraphs, steps
from mailman_pgp.mime import Structure
from mailman_pgp.openpgp import OpeningProblem, Status, grouped
from mailman_pgp.overview import reasons
from mailman_pgp.posts.policy import Action, action_on, policy_on
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_pgp.posts.explaining import Explanation

_STRUCTURES = {
    Structure.ENCRYPTED: "PGP/MIME, encrypted",
    Structure.NOT_ENCRYPTED: "not encrypted",
    Structure.INLINE: "the old inline form of OpenPGP",
    Structure.BROKEN: "holds PGP/MIME, and is not built as that",
}
_UNOPENED = frozenset({*OpeningProblem, Problem.TOO_LARGE, Problem.NO_AUTHOR, Problem.BROKEN_MIME})
# What the chains that end a way do; others are named.
_DEEDS = {
    "pgp-refuse": ("reject", "It is refused, and its sender is told why."),
    "reject": ("reject", "It is rejected, and its sender is told why."),
    "hold": ("hold", "It is held: a moderator decides."),
    "discard": ("discard", "It is discarded: nobody is told."),
    "accept": ("accept", "It is posted."),
    "default-owner-chain": ("accept", "It goes to the owners and moderators."),
}


@public
def as_data(mlist: Any, found: Explanation) -> dict[str, Any]:
    """All that was found, as plain values."""
    record = found.record
    action, _ = _deed(found)
    return {
        "list": named(mlist),
        "as": record.kind,
        "author": record.author or None,
        "message_id": record.message_id or None,
        "structure": {"kind": found.structure, "parts": list(found.parts), "repaired": found.repaired},
        "encrypted_to": [{"key": reader.key or None, "of_list": reader.of_list} for reader in found.readers],
        "opened": _opened(found),
        "signatures": [
            {
                "status": verdict["status"],
                "words": _judged(verdict),
                "certificate": verdict["fingerprint"],
                "issuer": verdict["issuer"],
                "signed_at": _when(verdict),
            }
            for verdict in record.verdicts
        ],
        "came_before": found.came_before,
        "problem": record.problem or None,
        "words": reasons.refused(record.problem) if record.problem else None,
        "action": action,
        "setting": _setting(found),
        "rules": list(found.end.rules) if found.end is not None else [],
        "chain": found.end.chain if found.end is not None else None,
        "reasons": list(found.end.reasons) if found.end is not None else [],
    }


@public
def as_text(mlist: Any, found: Explanation) -> str:
    """The same for people."""
    record = found.record
    what = "Mail to the owners of" if record.kind is Kind.OWNER else "A post to"
    rows: list[tuple[str, str | list[str]]] = [
        ("From", plain(record.author) or "no single author"),
        ("Message-ID", plain(record.message_id) or "none that can be used"),
        ("Form", _form(found)),
        ("Parts", [plain(part) for part in found.parts]),
    ]
    if found.readers:
        rows.append(("Encrypted to", [_reader(reader.key, of_list=reader.of_list) for reader in found.readers]))
    rows.append(("Opened", "yes; what is inside is not shown" if _opened(found) else "no"))
    rows.append(("Signatures", [_signature(verdict) for verdict in record.verdicts] or [_no_signature(found)]))
    return paragraphs(
        f"{what} {mlist.fqdn_listname}, as the list would take it now:",
        fields(rows),
        _why(mlist, found),
        fields([("Rules", list(found.end.reasons))]) if found.end is not None and found.end.reasons else "",
        "It came before: its signature, or its content, was taken already, by this mail or a copy of it. Sent again, it is refused "
        "for that."
        if found.came_before
        else "",
        steps(_next(mlist, found)),
    )


def _form(found: Explanation) -> str:
    words = _STRUCTURES[found.structure]
    return f"{words}; mangled on its way, and repaired" if found.repaired else words


def _reader(key: str, *, of_list: bool) -> str:
    return (
        f"{grouped(key) if key else 'a key that it hides'}, {'a key of the list' if of_list else 'no key of the list'}"
    )


def _opened(found: Explanation) -> bool:
    return found.structure is Structure.ENCRYPTED and found.record.problem not in _UNOPENED


def _signature(verdict: Mapping[str, Any]) -> str:
    who = verdict["fingerprint"] or verdict["issuer"]
    at = _when(verdict)
    by = f", by {grouped(who)}" if who else ""
    return f"{_judged(verdict)}{by}{f', made {moment(at)}' if at is not None else ''}"


def _no_signature(found: Explanation) -> str:
    return "none" if found.record.problem in {"", Problem.UNSIGNED} else "not looked at"


def _judged(verdict: Mapping[str, Any]) -> str:
    status = verdict["status"]
    return "good" if status == Status.GOOD else reasons.refused(status)


def _when(verdict: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(verdict["signed_at"]) if verdict["signed_at"] else None


def _setting(found: Explanation) -> str | None:
    """The list's setting that decides about it, where it is one of ours."""
    policy = policy_on(found.record.problem)
    return policy.setting if policy is not None and found.record.kind is Kind.POST else None


def _why(mlist: Any, found: Explanation) -> str:
    problem, sentences = found.record.problem, []
    if problem:
        sentences.append(reasons.for_moderators(problem))
    elif found.record.kind is Kind.POST:
        sentences.append("It is authenticated: its author has signed it, and meant it for the list.")
    setting = _setting(found)
    sentences.append(_deed(found)[1])
    if setting is not None and action_on(mlist.list_id, problem) is not Action.DEFER:
        sentences.append(f"The setting `{setting}` of the list says so.")
        return " ".join(sentences)
    if setting is not None:
        sentences.append(f"The setting `{setting}` of the list leaves it to the list's other rules.")
    if found.end is not None and found.end.rules:
        sentences.append(f"Rules of Mailman's that it meets: {', '.join(found.end.rules)}.")
    return " ".join(sentences)


def _deed(found: Explanation) -> tuple[str | None, str]:
    """What becomes of it, as a word and as a sentence."""
    if found.end is None:
        return (
            None,
            "A rule or chain of the list fails over it: it would be kept in the queue shunt, and Mailman's error log say why.",
        )
    if not found.end.chain:
        return (
            None,
            "No chain of the list decides about it: it would vanish. Look at the chain that the list is set to.",
        )
    known = _DEEDS.get(found.end.chain)
    return known or (found.end.chain, f"The chain {plain(found.end.chain)} decides about it.")


def _next(mlist: Any, found: Explanation) -> list[str]:
    setting = _setting(found)
    if setting is None:
        return []
    policy = policy_on(found.record.problem)
    assert policy is not None  # as it has a setting
    now = action_on(mlist.list_id, found.record.problem)
    others = "|".join(choice for choice in policy.choices if choice is not now)
    return [f"If the list is to do something else with such posts: mailman pgp set {mlist.list_id} {setting}={others}"]
