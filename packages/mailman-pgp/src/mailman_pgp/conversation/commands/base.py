"""What a command by mail is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.conversation.brought import Brought
    from mailman_pgp.openpgp import Certificate
    from mailman_workflows.request import JSON


class Proof(StrEnum):
    """What a command needs before it runs."""

    NONE = "none"  # it tells what everybody may know
    ITSELF = "itself"  # what it brings is signed by the key that it is about
    MEMBER = "member"  # signed by the certificate that counts; asked about; the answer is signed by it again
    KEY = "key"  # brings a certificate; asked about, encrypted to it; the answer is signed by it
    CHANGE = "change"  # as KEY, and the mail is signed by the certificate that counts, or a moderator decides


class CommandRefusedError(Exception):
    """A command does nothing, for the reason in the text, a sentence for its author."""


@dataclass(slots=True)
class Run:
    """What a command works with.

    :ivar address: Whose command it is, in lower case.
    :ivar name: The name in their From line.
    :ivar brought: What came with the mail; nothing of it is proved, but see `Proof`.
    :ivar offered: The certificate that was brought, and proved where the command's proof is KEY or CHANGE.
    :ivar signed_by_old: The fingerprint that counted and has signed a change; empty where none has.
    :ivar prepared: What the command's `prepare` has found in the mail.
    """

    mlist: Any
    address: str
    name: str = ""
    brought: Brought | None = None
    offered: Certificate | None = None
    signed_by_old: str = ""
    prepared: JSON = None


class Command(ABC):
    """A command by mail; made once in a process, without a state of its own."""

    #: One or two words, in lower case.
    name: ClassVar[str]
    #: Other names for it.
    aliases: ClassVar[tuple[str, ...]] = ()
    proof: ClassVar[Proof]
    #: What it does: one sentence, in English; see `mailman_pgp.i18n`.
    summary: ClassVar[str]
    #: What a person does in Thunderbird to use it: some sentences, with a place for `request`, the address to write to.
    example: ClassVar[str]

    def proof_for(self, brought: Brought) -> Proof:
        """Which proof it needs, after what came with the mail; the default is `proof`."""
        del brought
        return self.proof

    def prepare(self, run: Run) -> JSON:
        """Look at what came with the mail, before its author is asked; what is returned is kept for `run` (plain JSON).

        :raises CommandRefusedError:
        :raises mailman_pgp.openpgp.CertificateError:
        """
        del run
        return None

    def takes(self, arguments: Sequence[str]) -> bool:
        """Whether it can be given these words; the default takes none."""
        return not arguments

    @abstractmethod
    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """Do it, and return what its author is told: a text, or the name of a template where its proof is NONE or ITSELF.

        :raises CommandRefusedError: then nothing of it was done.
        """
