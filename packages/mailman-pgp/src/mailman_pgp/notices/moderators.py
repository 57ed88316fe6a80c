"""What moderators read about people who want to join or to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.administration.described import shown
from mailman_pgp.administration.output import fields, paragraphs
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.openpgp import Certificate
    from mailman_workflows import Request

_HOW = """\
You can also decide in the list's web interface (subscription requests), or by REST at /lists/{path}.
"""


@public
def about_joining(mlist: Any, request: Request, certificate: Certificate) -> tuple[str, str]:
    """Subject and text about somebody who wants to join with a certificate, which is attached."""
    text = paragraphs(
        f"{request.email} asks to join the encrypted mailing list {mlist.posting_address} with this certificate:",
        fields([*shown(certificate), ("Age", _age(certificate.created))]),
        _known(mlist.list_id, request.email, certificate.fingerprint),
        "Compare the fingerprint with its person in another way than by mail, by telephone or face to face. "
        "Who accepts the request approves the certificate.",
        _HOW.format(path=f"{mlist.list_id}/requests"),
    )
    return f"{request.email} asks to join {mlist.display_name}", text


@public
def about_leaving(mlist: Any, request: Request, due: dt.datetime | None) -> tuple[str, str]:
    """Subject and text about somebody who asked, without a proof, that a member leaves.

    :param due: When the member leaves unless somebody objects (naive UTC); None when a moderator decides.
    """
    what = (
        "Whoever accepts the request removes them."
        if due is None
        else f"They leave on {due:%Y-%m-%d} unless somebody objects: whoever discards the request."
    )
    text = paragraphs(
        f"Somebody asked that {request.email} leaves the encrypted mailing list {mlist.posting_address}, "
        "and has not proved to be them.",
        "It may be a member who has lost their key, or somebody else. The member was told. "
        "If you can, ask them in another way than by mail.",
        what,
        _HOW.format(path=f"{mlist.list_id}/requests?request_type=unsubscription"),
    )
    return f"{request.email} is to leave {mlist.display_name}", text


def _known(list_id: str, address: str, fingerprint: str) -> str:
    """What is known about a certificate, beside that it counts."""
    proved = journal.last(list_id, address, fingerprint, Act.PROVED)
    counts = registry.current(list_id, address)
    said = []
    if proved is not None:
        said.append(
            f"Its person has shown on {proved.at:%Y-%m-%d} that they hold its key and read mail at that address."
        )
    else:
        said.append("Nobody has shown that they hold its key.")
    if counts is not None and counts.choice.state is registry.ChoiceState.APPROVED:
        said.append("An owner or a moderator has approved it.")
    return "\n".join(said)


def _age(created: dt.datetime) -> str:
    days = (now() - created).days
    return "made today" if days < 1 else f"{days} day{'s' if days > 1 else ''}"
