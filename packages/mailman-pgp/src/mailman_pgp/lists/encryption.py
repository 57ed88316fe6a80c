"""Turning a list into an encrypted one, and back.

A list is encrypted when it has a row in `pgp_list`: not by its style, its chain or its pipeline, which anybody with REST
can change.  Enabling keeps what it changes of core's settings, to restore it on the day encryption is turned off.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from mailman.config import config
from mailman.interfaces.requests import IListRequests, RequestType
from public import public
from sqlalchemy import bindparam, func, select, update

from mailman_pgp import openpgp
from mailman_pgp.archiving.archivers import ALLOWED
from mailman_pgp.events.kinds import ListKeyChangedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.keys import vault
from mailman_pgp.lists import core_settings, passage, queued
from mailman_pgp.model.database import now, prepared, store
from mailman_pgp.model.tables import DigestPost, EncryptedList
from mailman_pgp.site import health

# How many files of a queue are named.
_NAMED = 5
_WAIT = "wait until Mailman has handled it, and try again; nobody should post in the meantime."
_QUEUE_MENDS = {
    "shunt": "find the cause in logs/error.log, then run `mailman unshunt` and wait until it is handled; or remove the file.",
    "bad": "Mailman will never handle it: remove the file.",
}


# Made once, as it is asked of each mail in each queue: the library works out what a statement is, each time that it is given a new one.
_ENCRYPTED = select(EncryptedList.list_id).where(EncryptedList.list_id == bindparam("list_id"))


@public
class EncryptionError(Exception):
    """A list can't be turned into an encrypted one, or back.  Its text is a sentence for the owner."""


@public
def is_encrypted(list_id: str) -> bool:
    """Whether a list is encrypted."""
    # Where the plugin was installed half and never started, there is no table to ask, and plain lists must go on.
    if not health.current().healthy and not prepared():
        return False
    return store().scalar(_ENCRYPTED, {"list_id": list_id}) is not None


@public
def settings_of(list_id: str) -> EncryptedList | None:
    """The row of an encrypted list, which holds its settings; None for other lists."""
    return store().get(EncryptedList, list_id)


@public
def one_at_a_time(list_id: str) -> bool:
    """Wait until nobody else does at an encrypted list what must not be done twice at once; then others wait for the caller's commit.

    For those who look whether something was done, and do it where it was not.  Look after this, and call it late: SQLite lets
    nobody write anything meanwhile.

    :return: Whether it is an encrypted list still.
    """
    row = update(EncryptedList).where(EncryptedList.list_id == list_id)
    same = row.values(enabled_at=EncryptedList.enabled_at).execution_options(synchronize_session=False)
    return bool(cast("Any", store().execute(same)).rowcount)


@public
def obstacles(mlist: Any) -> list[str]:
    """What keeps a list from becoming an encrypted one, each as a sentence with the mend: its plaintext, and its promises."""
    found = []
    if not passage.is_there():
        found.append(
            "mailman-workflows has not found how people join such a list. Mend what Mailman's log `plugins.log` says, and restart "
            "Mailman."
        )
    if mlist.anonymous_list:
        found.append(
            "The list is anonymous, and an encrypted list names the author of each post: tell the members, and set "
            "`anonymous_list` to no first."
        )
    held = IListRequests(mlist).count_of(RequestType.held_message)
    if held:
        found.append(
            f"{held} held message{'s wait' if held > 1 else ' waits'} for a moderator: accept, reject or discard "
            f"{'them' if held > 1 else 'it'} first."
        )
    digest = Path(mlist.data_path) / "digest.mmdf"
    if digest.exists() and digest.stat().st_size:
        found.append(
            f"A digest mailbox holds posts in the clear ({digest}): send it with `mailman digests --send -l {mlist.list_id}`, "
            "or remove the file."
        )
    found.extend(
        f"An archive holds posts in the clear ({archive}): move it to where it may stay, or remove it."
        for archive in _plaintext_archives(mlist)
    )
    found.extend(_about_queue(name, paths) for name, paths in queued.in_the_clear(mlist).items())
    return found


def _about_queue(name: str, paths: list[Path]) -> str:
    named = ", ".join(str(path) for path in paths[:_NAMED]) + (" and more" if len(paths) > _NAMED else "")
    number = f"{len(paths)} message{'s' if len(paths) > 1 else ''}"
    return f"The queue `{name}` holds {number} of the list in the clear ({named}): {_QUEUE_MENDS.get(name, _WAIT)}"


def _plaintext_archives(mlist: Any) -> list[Path]:
    """The folders below core's own archive directory that hold something of this list."""
    root = Path(config.ARCHIVE_DIR)
    if not root.is_dir():
        return []
    names = {mlist.fqdn_listname, mlist.list_id}
    return [
        folder
        for archiver in sorted(root.iterdir())
        if archiver.is_dir() and archiver.name not in ALLOWED
        for folder in sorted(archiver.iterdir())
        if folder.name in names and _has_files(folder)
    ]


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


@public
def obstacles_to_end(mlist: Any, row: EncryptedList) -> list[str]:
    """What keeps an encrypted list from becoming a plain one, each as a sentence with the mend."""
    found = []
    held = IListRequests(mlist).count_of(RequestType.held_message)
    if held:
        found.append(
            f"{mlist.fqdn_listname} has {held} held message{'s' if held > 1 else ''}, sealed for the encrypted list: "
            "accept, reject or discard first."
        )
    waiting = store().scalar(
        select(func.count()).where(DigestPost.list_id == mlist.list_id, DigestPost.done.is_(False))
    )
    if waiting:
        found.append(
            f"{waiting} post{'s wait' if waiting > 1 else ' waits'} for the next digest of {mlist.fqdn_listname}: send it by "
            f"`mailman pgp digest {mlist.list_id}` first."
        )
    if not passage.has_what_was_before(mlist.list_id, json.loads(row.restore)):
        found.append(
            f"The workflows that {mlist.fqdn_listname} used before it was encrypted are not installed any more. Choose others "
            f"by `mailman workflows set {mlist.list_id} NAME` first (`mailman workflows list` shows all)."
        )
    return found


@public
def enable(mlist: Any, profile: openpgp.Profile = openpgp.Profile.USUAL) -> str:
    """Make a list an encrypted one: a list key is made, and core's settings are set to what it needs.

    :param profile: Of which kind the key is to be.
    :return: The fingerprint of the list key.
    :raises EncryptionError: when it is encrypted already, or there are `obstacles`.
    :raises mailman_pgp.site.health.NotHealthy: when the plugin may not make keys.
    """
    health.require()
    if is_encrypted(mlist.list_id):
        raise EncryptionError(f"{mlist.fqdn_listname} is an encrypted list already.")
    in_the_way = obstacles(mlist)
    if in_the_way:
        raise EncryptionError(f"{mlist.fqdn_listname} can't be encrypted yet.\n" + "\n".join(in_the_way))
    new = openpgp.generate(mlist.display_name, addresses_of(mlist), profile=profile)
    before = json.dumps({**core_settings.current(mlist), passage.BEFORE: passage.current(mlist.list_id)})
    store().add(EncryptedList(list_id=mlist.list_id, enabled_at=now(), restore=before))
    vault.store_list_key(mlist.list_id, new)
    core_settings.set_needed(mlist)
    passage.choose_ours(mlist)
    return new.certificate.fingerprint


@public
def addresses_of(mlist: Any) -> tuple[str, str, str]:
    """The addresses that a list's key is for: those to which mail is written."""
    return mlist.posting_address, mlist.request_address, mlist.owner_address


@public
def disable(mlist: Any) -> None:
    """Make an encrypted list a plain one again: its secret keys are destroyed, core's settings are restored.

    The caller asks for certainty first: what was encrypted to the list key can't be opened any more.

    :raises EncryptionError: when it is not encrypted, or there are `obstacles_to_end`.
    """
    row = settings_of(mlist.list_id)
    if row is None:
        raise EncryptionError(f"{mlist.fqdn_listname} is not an encrypted list.")
    in_the_way = obstacles_to_end(mlist, row)
    if in_the_way:
        raise EncryptionError("\n".join(in_the_way))
    before = json.loads(row.restore)
    from mailman_pgp.model.cleanup import forget_encryption  # noqa: PLC0415  # it listens to core's models, which import late

    # First: an encrypted list would keep its pipelines.
    forget_encryption(mlist.list_id)
    core_settings.put_back(mlist, before)
    passage.put_back(mlist.list_id, before)
    notify(ListKeyChangedEvent(mlist.list_id, None))


@public
def onward_chain(mlist: Any, name: str) -> str:
    """The chain behind the gate of an encrypted list, for its ``posting_chain`` or its ``owner_chain``."""
    row = settings_of(mlist.list_id)
    return core_settings.onward_chain(mlist, name, json.loads(row.restore) if row is not None else {})
