"""Series: their state, its reason, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from node.facts import SeriesState
from node.registry.schema import jobs, series

OPEN_STATES = (SeriesState.RECEIVING, SeriesState.WAITING)
"""States in which intake still has something to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """One series as the registry knows it."""

    key: str
    series_instance_uid: str
    study_instance_uid: str
    state: SeriesState
    code: str
    reason: str
    first_received: datetime
    last_received: datetime
    due: datetime | None
    updated: datetime
    job_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesLine:
    """One line of the list of series: what came of it."""

    series_instance_uid: str
    state: SeriesState
    code: str
    reason: str
    agatston: float | None
    category: str | None
    version: int | None
    received: datetime
    updated: datetime


def _row(row: sa.Row[tuple[object, ...]]) -> SeriesRow:
    values = dict(row._asdict())
    values["state"] = SeriesState(values["state"])
    return SeriesRow(**values)


def joined(connection: Connection, *, key: str, series_uid: str, study_uid: str, received: datetime) -> SeriesRow:
    """The series with this UID after one more object; made under `key` when it is new.

    A series that had been decided opens again: another image makes another set.
    """
    found = by_uid(connection, series_uid)
    if found is None:
        connection.execute(
            sa.insert(series).values(
                key=key,
                series_instance_uid=series_uid,
                study_instance_uid=study_uid,
                state=SeriesState.RECEIVING.value,
                code="",
                reason="images are arriving",
                first_received=received,
                last_received=received,
                due=received,
                updated=received,
            )
        )
    else:
        connection.execute(
            sa.update(series)
            .where(series.c.key == found.key)
            .values(
                state=SeriesState.RECEIVING.value,
                reason="images are arriving",
                first_received=min(found.first_received, received),
                last_received=max(found.last_received, received),
                due=received,
                updated=received,
            )
        )
    row = by_uid(connection, series_uid)
    if row is None:
        raise LookupError(series_uid)
    return row


def by_uid(connection: Connection, series_uid: str) -> SeriesRow | None:
    """The series with this Series Instance UID."""
    row = connection.execute(sa.select(series).where(series.c.series_instance_uid == series_uid)).first()
    return _row(row) if row else None


def by_key(connection: Connection, key: str) -> SeriesRow | None:
    """The series with this key."""
    row = connection.execute(sa.select(series).where(series.c.key == key)).first()
    return _row(row) if row else None


def of_study(connection: Connection, study_uid: str) -> Sequence[SeriesRow]:
    """Every series of a study."""
    rows = connection.execute(sa.select(series).where(series.c.study_instance_uid == study_uid).order_by(series.c.key))
    return [_row(row) for row in rows]


def due(connection: Connection, now: datetime) -> Sequence[SeriesRow]:
    """Series to look at now, oldest first."""
    open_states = [state.value for state in OPEN_STATES]
    query = sa.select(series).where(series.c.state.in_(open_states), series.c.due <= now)
    return [_row(row) for row in connection.execute(query.order_by(series.c.due, series.c.key))]


def next_due(connection: Connection) -> datetime | None:
    """When the next series falls due, or None."""
    open_states = [state.value for state in OPEN_STATES]
    found: datetime | None = connection.scalar(
        sa.select(sa.func.min(series.c.due)).where(series.c.state.in_(open_states))
    )
    return found


def look_again(connection: Connection, association_closed: datetime) -> None:
    """Make every open series due: an association has ended."""
    open_states = [state.value for state in OPEN_STATES]
    connection.execute(sa.update(series).where(series.c.state.in_(open_states)).values(due=association_closed))


def settle(
    connection: Connection,
    key: str,
    state: SeriesState,
    *,
    code: str,
    reason: str,
    now: datetime,
    due_at: datetime | None = None,
    job_key: str | None = None,
) -> None:
    """Write what was decided about a series."""
    values: dict[str, object] = {"state": state.value, "code": code, "reason": reason, "due": due_at, "updated": now}
    if job_key is not None:
        values["job_key"] = job_key
    connection.execute(sa.update(series).where(series.c.key == key).values(values))


def lines(connection: Connection, *, series_uid: str | None = None, limit: int = 1000) -> Sequence[SeriesLine]:
    """Series with what came of them, newest first."""
    query = (
        sa.select(
            series.c.series_instance_uid,
            series.c.state,
            series.c.code,
            series.c.reason,
            jobs.c.agatston,
            jobs.c.category,
            jobs.c.version,
            series.c.first_received.label("received"),
            series.c.updated,
        )
        .select_from(series.outerjoin(jobs, jobs.c.key == series.c.job_key))
        .order_by(series.c.updated.desc(), series.c.key)
        .limit(limit)
    )
    if series_uid is not None:
        query = query.where(series.c.series_instance_uid == series_uid)
    return [SeriesLine(**{**row._asdict(), "state": SeriesState(row.state)}) for row in connection.execute(query)]


def counts(connection: Connection) -> dict[str, int]:
    """How many series are in each state."""
    rows = connection.execute(sa.select(series.c.state, sa.func.count()).group_by(series.c.state))
    return {str(state): int(number) for state, number in rows}


def ask_rerun(connection: Connection, series_uid: str, now: datetime) -> bool:
    """Open a decided series again and forget which set was scored: intake makes a new version of it."""
    asked = (
        sa.update(series)
        .where(series.c.series_instance_uid == series_uid)
        .values(state=SeriesState.RECEIVING.value, reason="to be scored again", due=now, updated=now, job_key=None)
    )
    return connection.execute(asked).rowcount > 0
