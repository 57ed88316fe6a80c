"""Tables, all named ``ev_*``, in Mailman's own database.

No foreign keys to core's tables.  Times are naive UTC.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - SQLAlchemy evaluates the annotations

from sqlalchemy import BigInteger, DateTime, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in INTEGER


class Base(DeclarativeBase):
    """Our metadata, apart from core's."""


class Happened(Base):
    """An event that some endpoint is to be told of."""

    __tablename__ = "ev_event"

    uid: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String())
    list_id: Mapped[str | None] = mapped_column(String())
    data: Mapped[str] = mapped_column(Text)  # JSON: an object, or null where nobody has told what may be sent
    at: Mapped[dt.datetime] = mapped_column(DateTime, index=True)


class Delivery(Base):
    """An event on its way to one endpoint.

    `id` grows, but not in the order of commits on PostgreSQL; `sequence` is given when the row is claimed, and is the order.
    """

    __tablename__ = "ev_delivery"
    __table_args__ = (
        Index("ix_ev_delivery_state", "state", "endpoint", "id"),
        Index("ix_ev_delivery_sequence", "endpoint", "sequence", unique=True),
        Index("ix_ev_delivery_event", "event"),
        Index("ix_ev_delivery_done", "done", "id"),
    )

    id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    event: Mapped[str] = mapped_column(String(40))  # Happened.uid
    endpoint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))  # a State
    sequence: Mapped[int | None] = mapped_column(_Number)
    since: Mapped[dt.datetime] = mapped_column(DateTime)  # when it was written down, or replayed
    attempts: Mapped[int] = mapped_column(Integer)
    due: Mapped[dt.datetime | None] = mapped_column(DateTime)  # not before; None: at once
    done: Mapped[dt.datetime | None] = mapped_column(DateTime)  # when it was delivered, parked or skipped
    problem: Mapped[str] = mapped_column(String())  # of the last attempt, as a sentence; empty where there was none


class Course(Base):
    """How it goes with one endpoint."""

    __tablename__ = "ev_endpoint"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(_Number)  # the last one that was given
    stopped: Mapped[str] = mapped_column(String())  # why nothing is sent until an operator says so; empty: it is
    failures: Mapped[int] = mapped_column(Integer)  # attempts in a row that failed for the endpoint's own sake
    due: Mapped[dt.datetime | None] = mapped_column(DateTime)  # no attempt before
    problem: Mapped[str] = mapped_column(String())  # of the last attempt that failed, as a sentence
    failed: Mapped[dt.datetime | None] = mapped_column(DateTime)
    delivered: Mapped[dt.datetime | None] = mapped_column(DateTime)  # the last time
