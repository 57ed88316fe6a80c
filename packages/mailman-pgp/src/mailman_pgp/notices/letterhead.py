"""What the notices of a list have in common, looked up once however many are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.i18n import Text, _, using
from mailman_pgp.keys import vault
from mailman_pgp.notices.closing import END
from mailman_pgp.notices.programs import program_for
from mailman_pgp.notices.templates import TEMPLATES
from mailman_pgp.notices.wrapping import wrapped
from mailman_pgp.openpgp import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping


@public
@dataclass(frozen=True, slots=True)
class Letterhead:
    """Names and fingerprint of a list, for the places in its templates; and what program its people need, empty for any."""

    words: Mapping[str, str]
    program: str

    @classmethod
    def of(cls, mlist: Any) -> Letterhead:
        """That of a list.

        :raises mailman_pgp.keys.vault.VaultError: when it has no key.
        """
        words = {
            "list": mlist.display_name,
            "address": mlist.posting_address,
            "owner": mlist.owner_address,
            "request": mlist.request_address,
            "fingerprint": grouped(vault.certificate(mlist.list_id).fingerprint),
            "last": "",
        }
        return cls(words, program_for(mlist.list_id))

    def filled(self, template: str, language: str, **words: str | Text) -> tuple[str, str]:
        """Subject and text of a template in the language of this code."""
        words = {**self.words, **words}
        with using(language):
            subject, *paragraphs = (_(part).format(**words).strip() for part in self._parts(template))
        return subject, wrapped("\n\n".join(filter(None, paragraphs)) + "\n")

    def _parts(self, template: str) -> tuple[str, ...]:
        """The parts of a template; where the list's certificate is spoken of, and needs a program that not everybody has, with that."""
        *parts, last = TEMPLATES[template]
        return (*parts, self.program, last) if self.program and last == END else (*parts, last)
