"""What moderators read about people who want to join or to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.administration.described import shown
from mailman_pgp.i18n import N_, _, using
from mailman_pgp.keys import journal, registry
from mailman_pgp.keys.journal import Act
from mailman_pgp.layout import fields, paragraphs
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from mailman_pgp.openpgp import Certificate
    from mailman_workflows import Request

_HOW = N_("You can also decide in the list's web interface (subscription requests), or by REST at /lists/{path}.")


@public
def about_joining(mlist: Any, request: Request, certificate: Certificate) -> tuple[str, str]:
    """Subject and text about somebody who wants to join with a certificate, which is attached."""
    with using(mlist.preferred_language.code):
        text = paragraphs(
            _("{address} asks to join the encrypted mailing list {list} with this certificate:").format(
                address=request.email, list=mlist.posting_address
            ),
            fields([*_in_marks(shown(certificate)), (_("Age in days"), str((now() - certificate.created).days))]),
            _known(mlist.list_id, request.email, certificate.fingerprint),
            _(
                "Compare the fingerprint with its person in another way than by mail, by telephone or face to face. "
                "Who accepts the request approves the certificate."
            ),
            _(_HOW).format(path=f"{mlist.list_id}/requests"),
        )
        return _("{address} asks to join {list}").format(address=request.email, list=mlist.display_name), text


@public
def about_leaving(mlist: Any, request: Request, due: dt.datetime | None) -> tuple[str, str]:
    """Subject and text about somebody who asked, without a proof, that a member leaves.

    :param due: When the member leaves unless somebody objects (naive UTC); None when a moderator decides.
    """
    with using(mlist.preferred_language.code):
        if due is None:
            what = _("Whoever accepts the request removes them.")
        else:
            what = _("They leave on {day} unless somebody objects: whoever discards the request.").format(
                day=f"{due:%Y-%m-%d}"
            )
        text = paragraphs(
            _(
                "Somebody asked that {address} leaves the encrypted mailing list {list}, and has not proved to be them."
            ).format(address=request.email, list=mlist.posting_address),
            _(
                "It may be a member who has lost their key, or somebody else. The member was told. "
                "If you can, ask them in another way than by mail."
            ),
            what,
            _(_HOW).format(path=f"{mlist.list_id}/requests?request_type=unsubscription"),
        )
        return _("{address} is to leave {list}").format(address=request.email, list=mlist.display_name), text


def _in_marks(pairs: Iterable[tuple[str, str | list[str]]]) -> Iterator[tuple[str, str | list[str]]]:
    """Fields of a certificate, in which what its person has written stands in marks: its user IDs, each in a line.

    A word of decision alone in a line would be the moderator's, where their program quotes without marks.
    """
    for label, value in pairs:
        yield label, value if isinstance(value, str) else [f'"{text}"' for text in value]


def _known(list_id: str, address: str, fingerprint: str) -> str:
    """What is known about a certificate, beside that it counts."""
    proved = journal.last(list_id, address, fingerprint, Act.PROVED)
    counts = registry.current(list_id, address)
    said = []
    if proved is not None:
        said.append(
            _("Its person has shown on {day} that they hold its key and read mail at that address.").format(
                day=f"{proved.at:%Y-%m-%d}"
            )
        )
    else:
        said.append(_("Nobody has shown that they hold its key."))
    if counts is not None and counts.choice.state is registry.ChoiceState.APPROVED:
        said.append(_("An owner or a moderator has approved it."))
    return "\n".join(said)
