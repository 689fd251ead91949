"""The outbox: which object goes where, how often it was tried, what the peer said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import sqlalchemy as sa
from sqlalchemy import Connection

from node.facts import Delivery, DeliveryState, ReportRole
from node.registry.schema import deliveries, jobs, report_objects, series

OPEN_STATES = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING)
"""States in which an object is still to be sent."""

_ROLE_ORDER = sa.case({role.value: place for place, role in enumerate(ReportRole)}, value=report_objects.c.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueObject:
    """One object that is to be sent now."""

    delivery_key: str
    attempts: int
    first: datetime
    path: PurePosixPath  # relative to the data folder
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for one destination."""

    destination: str
    objects: int
    oldest: datetime


def add(connection: Connection, delivery: Delivery) -> None:
    """Insert an object for a destination; inserting it again changes nothing."""
    same = sa.and_(deliveries.c.object_key == delivery.object_key, deliveries.c.destination == delivery.destination)
    if connection.execute(sa.select(deliveries.c.key).where(same)).first() is None:
        connection.execute(
            sa.insert(deliveries).values(
                key=delivery.key,
                object_key=delivery.object_key,
                destination=delivery.destination,
                state=delivery.state.value,
                attempts=delivery.attempts,
                first=delivery.first,
                due=delivery.due,
                answer=delivery.answer,
                updated=delivery.first,
            )
        )


def _open() -> sa.ColumnElement[bool]:
    return deliveries.c.state.in_([state.value for state in OPEN_STATES])


def due(connection: Connection, destination: str, now: datetime, limit: int) -> Sequence[DueObject]:
    """What is to be sent to a destination now: oldest result first, inside it in sending order."""
    query = (
        sa.select(
            deliveries.c.key.label("delivery_key"),
            deliveries.c.attempts,
            deliveries.c.first,
            report_objects.c.path,
            report_objects.c.sop_class_uid,
            report_objects.c.sop_instance_uid,
        )
        .join(report_objects, report_objects.c.key == deliveries.c.object_key)
        .where(deliveries.c.destination == destination, _open(), deliveries.c.due <= now)
        .order_by(deliveries.c.first, report_objects.c.job_key, _ROLE_ORDER, report_objects.c.sequence)
        .limit(limit)
    )
    return [DueObject(**{**row._asdict(), "path": PurePosixPath(row.path)}) for row in connection.execute(query)]


def next_due(connection: Connection, destination: str) -> datetime | None:
    """When the next object for a destination falls due, or None."""
    query = sa.select(sa.func.min(deliveries.c.due)).where(deliveries.c.destination == destination, _open())
    found: datetime | None = connection.scalar(query)
    return found


def settle(
    connection: Connection,
    key: str,
    state: DeliveryState,
    *,
    answer: str,
    now: datetime,
    due_at: datetime | None = None,
    count: bool = True,
) -> None:
    """Write what came of an attempt; `count` False leaves the number of attempts."""
    values: dict[str, object] = {"state": state.value, "answer": answer, "updated": now}
    if due_at is not None:
        values["due"] = due_at
    if count:
        values["attempts"] = deliveries.c.attempts + 1
    connection.execute(sa.update(deliveries).where(deliveries.c.key == key).values(values))


def resend(connection: Connection, *, now: datetime, series_uid: str | None, destination: str | None) -> int:
    """Make deliveries pending again, whatever came of them; returns how many."""
    query = sa.update(deliveries)
    if destination is not None:
        query = query.where(deliveries.c.destination == destination)
    if series_uid is not None:
        objects = (
            sa.select(report_objects.c.key)
            .join(jobs, jobs.c.key == report_objects.c.job_key)
            .join(series, series.c.job_key == jobs.c.key)
            .where(series.c.series_instance_uid == series_uid)
        )
        query = query.where(deliveries.c.object_key.in_(objects))
    values = {
        "state": DeliveryState.PENDING.value,
        "due": now,
        "first": now,
        "answer": "to be sent again",
        "updated": now,
    }
    return connection.execute(query.values(values)).rowcount


def lines(connection: Connection, *, series_uid: str | None = None, limit: int = 5000) -> Sequence[Delivery]:
    """Deliveries, newest result first, inside it in sending order."""
    query = (
        sa.select(deliveries, report_objects.c.role, series.c.series_instance_uid)
        .join(report_objects, report_objects.c.key == deliveries.c.object_key)
        .join(jobs, jobs.c.key == report_objects.c.job_key)
        .join(series, series.c.key == jobs.c.series_key)
        .order_by(deliveries.c.first.desc(), deliveries.c.destination, _ROLE_ORDER, report_objects.c.sequence)
        .limit(limit)
    )
    if series_uid is not None:
        query = query.where(series.c.series_instance_uid == series_uid)
    return [
        Delivery(
            key=row.key,
            object_key=row.object_key,
            destination=row.destination,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            first=row.first,
            due=row.due,
            answer=row.answer,
            series_instance_uid=row.series_instance_uid,
            role=ReportRole(row.role),
        )
        for row in connection.execute(query)
    ]


def backlog(connection: Connection) -> Sequence[Backlog]:
    """What waits, by destination."""
    query = sa.select(deliveries.c.destination, sa.func.count(), sa.func.min(deliveries.c.first)).where(_open())
    rows = connection.execute(query.group_by(deliveries.c.destination).order_by(deliveries.c.destination))
    return [Backlog(destination=row[0], objects=row[1], oldest=row[2]) for row in rows]


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many deliveries are in each state, by destination."""
    query = sa.select(deliveries.c.destination, deliveries.c.state, sa.func.count())
    rows = connection.execute(query.group_by(deliveries.c.destination, deliveries.c.state))
    return {(str(row[0]), str(row[1])): int(row[2]) for row in rows}
