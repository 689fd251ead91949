"""Stored objects, and what their headers said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import Connection

from node.facts import InstanceFacts, StoredObject
from node.registry.schema import associations, instances

_FACTS = TypeAdapter(InstanceFacts)


class InstanceStatus(StrEnum):
    """How far an object has come."""

    STORED = "stored"  # durable, its header not read yet
    READ = "read"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"  # the same bytes are already there
    OURS = "ours"  # a result of ours that came back
    KEPT = "kept"  # no CT image: kept, never scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When the objects of a series came, and whether more may be on the way."""

    first_received: datetime
    last_received: datetime
    open_associations: int
    last_association_closed: datetime | None


def record(connection: Connection, stored: StoredObject) -> None:
    """Insert an object that has just become durable; recording it again changes nothing."""
    known = connection.execute(sa.select(instances.c.key).where(instances.c.key == stored.key)).first()
    if known:
        return
    connection.execute(
        sa.insert(instances).values(
            key=stored.key,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            sop_class_uid=stored.sop_class_uid,
            sop_instance_uid=stored.sop_instance_uid,
            transfer_syntax_uid=stored.transfer_syntax_uid,
            association=stored.association,
            calling_ae_title=stored.calling_ae_title,
            received=stored.received,
            status=InstanceStatus.STORED.value,
            note="",
        )
    )


def known_keys(connection: Connection) -> set[str]:
    """Keys of every object in the registry."""
    return set(connection.scalars(sa.select(instances.c.key)))


def unread(connection: Connection, limit: int) -> Sequence[StoredObject]:
    """Objects whose header has not been read, oldest first."""
    columns = [
        instances.c[name]
        for name in (
            "key",
            "sha256",
            "size_bytes",
            "sop_class_uid",
            "sop_instance_uid",
            "transfer_syntax_uid",
            "association",
            "calling_ae_title",
            "received",
        )
    ]
    query = sa.select(*columns).where(instances.c.status == InstanceStatus.STORED.value)
    rows = connection.execute(query.order_by(instances.c.received, instances.c.key).limit(limit))
    return [StoredObject(**row._asdict()) for row in rows]


def note(connection: Connection, key: str, status: InstanceStatus, sentence: str) -> None:
    """Settle an object that does not become part of a series."""
    connection.execute(sa.update(instances).where(instances.c.key == key).values(status=status.value, note=sentence))


def note_facts(connection: Connection, key: str, series_key: str, facts: InstanceFacts) -> None:
    """Settle an object as a member of a series."""
    connection.execute(
        sa.update(instances)
        .where(instances.c.key == key)
        .values(
            status=InstanceStatus.READ.value,
            series_key=series_key,
            facts=_FACTS.dump_json(facts, exclude_defaults=True).decode(),
        )
    )


def same_bytes(connection: Connection, stored: StoredObject) -> bool:
    """Whether an earlier object has this SOP Instance UID and these bytes."""
    query = sa.select(instances.c.key).where(
        instances.c.sop_instance_uid == stored.sop_instance_uid,
        instances.c.sha256 == stored.sha256,
        instances.c.key != stored.key,
        instances.c.status.in_([InstanceStatus.READ.value, InstanceStatus.KEPT.value]),
    )
    return connection.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One read object of a series."""

    key: str
    sha256: str
    received: datetime
    facts: InstanceFacts


def members(connection: Connection, series_key: str) -> Sequence[Member]:
    """The read objects of a series, in order of arrival."""
    query = sa.select(instances.c.key, instances.c.sha256, instances.c.received, instances.c.facts)
    query = query.where(instances.c.series_key == series_key, instances.c.status == InstanceStatus.READ.value)
    return [
        Member(key=row.key, sha256=row.sha256, received=row.received, facts=_FACTS.validate_json(row.facts))
        for row in connection.execute(query.order_by(instances.c.received, instances.c.key))
    ]


def arrival(connection: Connection, series_key: str) -> Arrival | None:
    """When the series came, and over how many associations that are still open; None without objects."""
    times = connection.execute(
        sa.select(sa.func.min(instances.c.received), sa.func.max(instances.c.received)).where(
            instances.c.series_key == series_key
        )
    ).one()
    if times[0] is None:
        return None
    used = sa.select(instances.c.association).where(instances.c.series_key == series_key).distinct()
    is_open = sa.func.sum(sa.case((associations.c.end == "open", 1), else_=0))
    over = connection.execute(
        sa.select(is_open, sa.func.max(associations.c.closed)).where(associations.c.key.in_(used))
    ).one()
    return Arrival(
        first_received=times[0],
        last_received=times[1],
        open_associations=int(over[0] or 0),
        last_association_closed=over[1],
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many objects have each status."""
    rows = connection.execute(sa.select(instances.c.status, sa.func.count()).group_by(instances.c.status))
    return {str(status): int(number) for status, number in rows}


def unreadable(connection: Connection, limit: int = 50) -> Iterable[tuple[str, datetime, str]]:
    """Objects whose header could not be read: sending AE title, time and why; newest first."""
    query = sa.select(instances.c.calling_ae_title, instances.c.received, instances.c.note)
    query = query.where(instances.c.status == InstanceStatus.UNREADABLE.value)
    return [
        (row[0], row[1], row[2]) for row in connection.execute(query.order_by(instances.c.received.desc()).limit(limit))
    ]
