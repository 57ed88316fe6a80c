"""What is answered about people on lists, and to people of their own."""

from __future__ import annotations

from mailman_pgp.conversation import offering
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.overview import roster, states
from mailman_pgp.rest.schemas.certificates import DESCRIBED, WAITED
from mailman_pgp.rest.schemas.forms import FINGERPRINT, LINK, MOMENT, TEXT, YES_NO, Schema, many, maybe, record, words

IN_SHORT = record(
    fingerprint=FINGERPRINT,
    algorithm=TEXT,
    created=MOMENT,
    expires=maybe(MOMENT),
    state=words(ChoiceState),
    since=MOMENT,
    origin=TEXT,
    usable=YES_NO,
    problem=maybe(TEXT),
    proven=maybe({**MOMENT, "description": "When its person has shown last that they hold it."}),
    compared=maybe({**MOMENT, "description": "When its fingerprint was compared last."}),
    suspended=YES_NO,
    self_link=LINK,
)
ROLE: Schema = {"type": "string", "enum": [role.name for role in states.ROLES]}
MEMBER = record(
    address=TEXT,
    display_name=TEXT,
    roles=many(ROLE),
    delivery=maybe({**words(roster.Delivery), "description": "Null for who is no member."}),
    gets_posts=YES_NO,
    reason=maybe({**TEXT, "description": "Why they get nothing that they should get."}),
    words=maybe(TEXT),
    next_step=maybe(TEXT),
    certificate=maybe(IN_SHORT),
)

OFFERED = record(
    address=TEXT,
    outcome=words(offering.Outcome),
    sentence={**TEXT, "description": "What happens now, for the person."},
    replaces=maybe({**FINGERPRINT, "description": "What it is to take the place of; then a moderator decides."}),
    certificate=maybe(DESCRIBED),
    requests=WAITED,
)
ASKED_AGAIN = record(
    address=TEXT, fingerprint={**FINGERPRINT, "description": "Of the key that signs the answer."}, asked=YES_NO
)

_WAITING = record(
    fingerprint=FINGERPRINT,
    replaces={**YES_NO, "description": "Whether it may take the place of another one."},
    since=MOMENT,
    expires=MOMENT,
)
PLACES = record(
    lists=many(
        record(
            list_id=TEXT,
            list_address=TEXT,
            list_name=TEXT,
            list_fingerprint=maybe(FINGERPRINT),
            address=TEXT,
            roles=many({**ROLE, "description": "None of somebody who asks to join."}),
            delivery=maybe(words(roster.Delivery)),
            state=record(code=TEXT, words=TEXT, next_step=maybe({**TEXT, "description": "For the person."})),
            certificate=maybe(IN_SHORT),
            question=maybe({**_WAITING, "description": "What they were asked by mail and have not answered."}),
            change=maybe({**_WAITING, "description": "What waits for a moderator."}),
            request=maybe(
                record(
                    purpose={"type": "string", "enum": ["join", "leave"]},
                    waits_for=TEXT,
                    reason=TEXT,
                    since=MOMENT,
                    expires=MOMENT,
                )
            ),
        )
    )
)
