"""What is asked for can't be done: one kind of refusal, whatever door it was asked at."""

from __future__ import annotations

import logging
from enum import StrEnum

from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.keys.registry import RegistryError
from mailman_pgp.keys.vault import VaultError
from mailman_pgp.lists.encryption import EncryptionError
from mailman_pgp.openpgp import CertificateError, OpenPGPError
from mailman_pgp.site import health
from mailman_plugin_kit.failures import places_of
from mailman_workflows.errors import SiteError

log = logging.getLogger("mailman.error")


@public
class Way(StrEnum):
    """What would help, where the door has a way to do it: each door says it in its own words."""

    RESUME = "resume"  # let the suspended certificate count again
    REMOVE = "remove"  # let none count


@public
class Refusal(Exception):  # noqa: N818 - a word for the answer, not for a mistake
    """It is refused, and nothing was changed.  `code` is for programs; the text is a sentence for people.

    :ivar way: What the person may want to do instead.
    :ivar wait: After how many seconds it would not be refused any more; None where that has nothing to do with time.
    """

    def __init__(self, code: str, sentence: str, way: Way | None = None, *, wait: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.way = way
        self.wait = wait


@public
def refusal_of(error: Exception) -> Refusal | None:
    """The refusal that an error amounts to; None for one that nobody has thought of."""
    match error:
        case Refusal():
            return error
        case EncryptionError():
            return Refusal("not-possible", str(error))
        case CertificateError():
            return Refusal(error.problem, str(error))
        case OpenPGPError():
            return Refusal("openpgp", str(error))
        case VaultError():
            return Refusal("list-key", str(error))
        case RegistryError():
            return Refusal("registry", str(error))
        case health.NotHealthy():
            return Refusal("not-healthy", f"The plugin is not healthy, so nothing was done. {error}")
        case SiteError():
            return Refusal("workflow", str(error))
        case SQLAlchemyError():
            return Refusal("database", _database_sentence(error))
    return None


@public
def log_failure(what: str, error: Exception) -> None:
    """Write into core's error log what could not be done, and why, in a sentence of ours where there is one.

    Without the error's own text, which may hold what somebody sent, or what was decrypted.
    """
    known = refusal_of(error)
    log.error("mailman-pgp: %s, as %s%s", what, places_of(error), "" if known is None else f": {known}")


def _database_sentence(error: SQLAlchemyError) -> str:
    # The library's text holds statements and values.
    problems = " ".join(str(problem) for problem in health.current().problems)
    return f"Mailman's database could not be read or written ({type(error).__name__}); nothing was changed. " + (
        problems or "Try again; if it stays, run `mailman-pgp check`, which names the mend."
    )
