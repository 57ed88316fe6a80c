"""Health: the one place that says whether this process may open, seal and send what is encrypted.

Core fails open (a missing line in ``mailman.cfg``, a plugin whose hook failed), so we fail closed: a process is
unhealthy until the plugin's two hooks have both succeeded in it, and only a healthy one is given the site key.

The plugin calls `start` in its ``pre_hook`` (the configuration that core has loaded, our settings, the site key) and
`finish` in its ``post_hook``, after the migration of our tables (the database and the key belong together).  All else
asks `current`, `require`, `settings` or `site_key`, which cost nothing: each process is judged once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.site import naming
from mailman_pgp.site.aead import AeadError
from mailman_pgp.site.lines import RequiredLine, Section, values_in_force, violated
from mailman_pgp.site.settings import SiteSettings
from mailman_pgp.site.settings import load as load_settings
from mailman_pgp.site.sitekey import SiteKey, SiteKeyError
from mailman_plugin_kit.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECK_COMMAND = "Run `mailman-pgp check`, which names each mend, and restart Mailman."


@dataclass(frozen=True, slots=True)
class Problem:
    """Why this process must not touch sealed mail: a sentence for people, and the sentence that mends it."""

    sentence: str
    mend: str

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.sentence} {self.mend}"


class NotHealthy(Exception):  # noqa: N818 - the name of a state, as it reads in `raises NotHealthy`
    """Something sealed was asked of a process that is not healthy; the text names the problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Health:
    """The judgement on this process; `problems` is empty exactly when it is healthy."""

    problems: tuple[Problem, ...]

    @property
    def healthy(self) -> bool:
        """Whether this process may open, seal and send."""
        return not self.problems

    def require(self) -> None:
        """Do nothing in a healthy process; raise `NotHealthy` in any other."""
        if self.problems:
            raise NotHealthy(self.problems)


@dataclass(frozen=True, slots=True, repr=False)
class _State:
    """What is known so far; without a repr, as it holds the site key."""

    started: bool = False
    finished: bool = False
    problems: tuple[Problem, ...] = ()
    settings: SiteSettings | None = None
    key: SiteKey | None = None
    names: tuple[naming.Names, ...] = ()


NOT_STARTED = Problem("The plugin mailman-pgp was never started in this process.", CHECK_COMMAND)
NOT_FINISHED = Problem("The plugin mailman-pgp has not finished its start in this process.", CHECK_COMMAND)

_state = _State()


class CoreConfig(Protocol):
    """Core's ``config`` object, as far as `finish` uses it."""

    @property
    def db(self) -> Any:
        """The `IDatabase` with its ``store`` (a SQLAlchemy session), ``commit`` and ``abort``."""
        ...


def start(config: Iterable[Section]) -> Health:
    """Judge the configuration that core has loaded, load our settings and the site key; forgets what was before.

    `config` is core's ``config`` object, or any iterable of its sections; a key file below its VAR_DIR is refused.
    Raises nothing: what is wrong is in the
    returned health, which can't be healthy before `finish`.
    """
    global _state  # noqa: PLW0603 - the judgement on a process is the process's
    values = values_in_force(config)
    problems = [line_problem(line, found) for line, found in violated(values)]
    settings: SiteSettings | None = None
    key: SiteKey | None = None
    settings_file = values.get(("plugin.pgp", "configuration"))
    if settings_file is not None and Path(settings_file).is_absolute():
        try:
            settings = load_settings(Path(settings_file))
            var_dir = getattr(config, "VAR_DIR", None)
            key = SiteKey.load(settings.key_file, outside=None if var_dir is None else Path(var_dir))
        except (SettingsError, SiteKeyError) as error:
            problems.append(Problem(str(error), "Then restart Mailman."))
    _state = _State(started=True, problems=tuple(problems), settings=settings, key=key)
    return current()


def finish(config: CoreConfig) -> Health:
    """Judge the database, which must hold our tables by now, and bind it to the site key on its first use.

    Does nothing in a process whose `start` has failed or never happened.  Commits or aborts core's transaction.
    Raises nothing.
    """
    global _state  # noqa: PLW0603 - the judgement on a process is the process's
    if not _state.started or _state.problems or _state.key is None:
        return current()
    names: tuple[naming.Names, ...] = ()
    try:
        problem = _bind(config.db, _state.key)
        if problem is None:
            names = naming.load(config.db.store, _state.key)
            config.db.commit()
    except AeadError:
        config.db.abort()
        problem = Problem(
            "What this site's lists have accepted can't be known again: a row of the table pgp_site can't be opened.",
            "Restore the database and its key file from their backups, and restart Mailman.",
        )
    except SQLAlchemyError as error:
        config.db.abort()
        problem = Problem(
            f"The tables of mailman-pgp can't be read or written ({type(error).__name__}).",
            CHECK_COMMAND,
        )
    if problem is None:
        _state = replace(_state, finished=True, names=names)
    else:
        fail(problem.sentence, problem.mend)
    return current()


def fail(sentence: str, mend: str) -> None:
    """Make this process unhealthy, for good: `sentence` says why, `mend` what a person does about it."""
    global _state  # noqa: PLW0603 - the judgement on a process is the process's
    _state = replace(_state, problems=(*_state.problems, Problem(sentence, mend)))


def forget() -> None:
    """Return to the state of a process in which the plugin was never started (for tests)."""
    global _state  # noqa: PLW0603 - the judgement on a process is the process's
    _state = _State()


def current() -> Health:
    """The judgement on this process, as far as it has got."""
    if _state.problems:
        return Health(_state.problems)
    if not _state.started:
        return Health((NOT_STARTED,))
    if not _state.finished:
        return Health((NOT_FINISHED,))
    return Health(())


def require() -> None:
    """Do nothing in a healthy process; raise `NotHealthy` in any other."""
    current().require()


def site_key() -> SiteKey:
    """The key that opens and seals what this site keeps; raises `NotHealthy` in an unhealthy process."""
    require()
    assert _state.key is not None  # a healthy process has loaded it
    return _state.key


def take_key(key: SiteKey) -> None:
    """Let this process, which is healthy, seal under another key from now on (`mailman_pgp.rotation`)."""
    global _state  # noqa: PLW0603 - the judgement on a process is the process's
    require()
    _state = replace(_state, key=key)


def naming_keys(purpose: str) -> tuple[bytes, ...]:
    """The keys by which something may have been named (`mailman_pgp.site.naming`), first the one for new names.

    :raises NotHealthy: in an unhealthy process.
    """
    at = datetime.now(UTC).replace(tzinfo=None)
    earlier = (names.key_for(purpose, at) for names in _state.names)
    own = (key.derive(purpose) for key in site_key().generations)
    return (*own, *(key for key in earlier if key is not None))


def settings() -> SiteSettings:
    """The site's settings, as soon as `start` has read them; raises `NotHealthy` where it could not."""
    if _state.settings is None:
        raise NotHealthy(current().problems)
    return _state.settings


def line_problem(line: RequiredLine, found: str | None) -> Problem:
    """What to tell about a required line for which `found` stands in ``mailman.cfg`` (None: nothing)."""
    state = "is missing" if found is None else f"is not in force, its value is {found!r}"
    return Problem(
        f"In mailman.cfg the line `{line}` {state}; {line.why}.",
        f"Put `{line.option}: {line.value}` into the section [{line.section}] and restart Mailman.",
    )


OTHER_SITE_MEND = (
    "Restore the key file that belongs to this database from its backup, or the database that belongs to this key "
    "file, and restart Mailman."
)


def _bind(database: Any, key: SiteKey) -> Problem | None:
    """Compare the site key's id with the one recorded in the database; record it where there is none yet."""
    key_id, known = key.key_id, [one.key_id for one in key.generations]
    store = database.store
    inspector = sqlalchemy.inspect(store.connection())
    missing = [table for table in ("pgp_alembic", "pgp_site", "pgp_list_key") if not inspector.has_table(table)]
    if missing:
        database.abort()
        return Problem(f"The database has no table {', '.join(missing)}: its migration has not run.", CHECK_COMMAND)
    recorded = _recorded(store)
    foreign = store.execute(
        sqlalchemy.text("SELECT sealed_by FROM pgp_list_key WHERE sealed_by <> :id AND sealed_by <> :retired LIMIT 1"),
        {"id": known[0], "retired": known[-1]},
    ).scalar()
    if foreign is not None:
        database.abort()
        return Problem(
            f"The key file holds the site key {key_id}, but a list key in this database was sealed with {foreign}.",
            OTHER_SITE_MEND,
        )
    if recorded is None:
        # Several processes may come here at once at the first start: one row wins, and all compare with it.
        store.execute(
            sqlalchemy.text("INSERT INTO pgp_site (name, value) VALUES ('site_key', :id) ON CONFLICT DO NOTHING"),
            {"id": key_id},
        )
        database.commit()
        recorded = _recorded(store)
    database.commit()
    if recorded not in known:
        return Problem(
            f"The key file holds the site key {key_id}, but this database was sealed with {recorded}.",
            OTHER_SITE_MEND,
        )
    return None


def _recorded(store: Any) -> str | None:
    """The id of the site key that the database was sealed with, None before its first use."""
    value = store.execute(sqlalchemy.text("SELECT value FROM pgp_site WHERE name = 'site_key'")).scalar()
    return None if value is None else str(value)
