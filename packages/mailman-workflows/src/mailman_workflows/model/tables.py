"""Tables, all named ``wf_*``, in Mailman's own database.

No foreign keys to core's tables: SQLite does not enforce them and PostgreSQL does.  Times are naive UTC.
What core or a plugin names has no limit of length here, as in core's own tables.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - SQLAlchemy evaluates the annotations
import json

from sqlalchemy import DateTime, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Our metadata, apart from core's."""


class Choice(Base):
    """Which workflow a list uses for a purpose; no row means stock's."""

    __tablename__ = "wf_choice"

    list_id: Mapped[str] = mapped_column(String(), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), primary_key=True)
    workflow: Mapped[str] = mapped_column(String())


class SavedRequest(Base):
    """A request that waits.  Its token is that of a row of core's ``pended``, and it goes with that row."""

    __tablename__ = "wf_request"
    __table_args__ = (Index("ix_wf_request_person", "list_id", "purpose", "email"),)

    token: Mapped[str] = mapped_column(String(255), primary_key=True)
    list_id: Mapped[str] = mapped_column(String())
    purpose: Mapped[str] = mapped_column(String(20))
    workflow: Mapped[str] = mapped_column(String())
    email: Mapped[str] = mapped_column(String())  # lower case
    agenda: Mapped[str] = mapped_column(Text)  # JSON: the step that waits, and those after it
    data: Mapped[str] = mapped_column(Text)  # JSON: `Request.to_data`
    waits_for: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String())
    since: Mapped[dt.datetime] = mapped_column(DateTime)
    expires: Mapped[dt.datetime] = mapped_column(DateTime)

    @property
    def step(self) -> str:
        """The name of the step that waits."""
        return str(json.loads(self.agenda)[0])


class Question(Base):
    """A question whose answer is waited for.  Its token is that of a row of core's ``pended``, and it goes with that row."""

    __tablename__ = "wf_question"

    token: Mapped[str] = mapped_column(String(255), primary_key=True)
    list_id: Mapped[str] = mapped_column(String())
    action: Mapped[str] = mapped_column(String())
    version: Mapped[int]
    email: Mapped[str] = mapped_column(String())  # lower case
    data: Mapped[str] = mapped_column(Text)  # JSON, the action's own
    expires: Mapped[dt.datetime] = mapped_column(DateTime)
