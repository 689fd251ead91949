"""Jobs: one scoring of one set of images, and what it came to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from node.facts import ReportObject, ReportRole, SeriesState
from node.registry.schema import instances, job_instances, jobs, report_objects, series


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One scoring of one set of images."""

    key: str
    series_key: str
    version: int
    set_digest: str
    created: datetime
    state: SeriesState
    attempts: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job came to."""

    state: SeriesState  # scored | refused | failed
    code: str
    reason: str
    agatston: float | None
    category: str | None
    document: Mapping[str, Any] | None


def newest_version(connection: Connection, series_key: str) -> int:
    """Number of the newest job of a series; 0 without one."""
    return int(connection.scalar(sa.select(sa.func.max(jobs.c.version)).where(jobs.c.series_key == series_key)) or 0)


def newest_set(connection: Connection, series_key: str) -> str | None:
    """Digest of the set of images that the newest job of a series scored or scores."""
    query = sa.select(jobs.c.set_digest).where(jobs.c.series_key == series_key).order_by(jobs.c.version.desc()).limit(1)
    found: str | None = connection.scalar(query)
    return found


def first_created(connection: Connection, series_key: str) -> datetime | None:
    """When the first version of the result was begun: every version repeats it as its Series Date."""
    found: datetime | None = connection.scalar(
        sa.select(sa.func.min(jobs.c.created)).where(jobs.c.series_key == series_key)
    )
    return found


def add(connection: Connection, job: Job, instance_keys: Sequence[str]) -> None:
    """Insert a queued job with its set of images."""
    connection.execute(
        sa.insert(jobs).values(
            key=job.key,
            series_key=job.series_key,
            version=job.version,
            set_digest=job.set_digest,
            created=job.created,
            state=job.state.value,
            attempts=job.attempts,
            code=job.code,
            reason=job.reason,
        )
    )
    rows = [{"job_key": job.key, "instance_key": key} for key in instance_keys]
    connection.execute(sa.insert(job_instances), rows)


def get(connection: Connection, key: str) -> Job | None:
    """The job with this key."""
    row = connection.execute(sa.select(jobs).where(jobs.c.key == key)).first()
    if row is None:
        return None
    return Job(
        key=row.key,
        series_key=row.series_key,
        version=row.version,
        set_digest=row.set_digest,
        created=row.created,
        state=SeriesState(row.state),
        attempts=row.attempts,
        code=row.code,
        reason=row.reason,
    )


def image_keys(connection: Connection, key: str) -> Sequence[str]:
    """Spool keys of the images of a job, in order of arrival."""
    query = sa.select(instances.c.key).join(job_instances, job_instances.c.instance_key == instances.c.key)
    query = query.where(job_instances.c.job_key == key).order_by(instances.c.received, instances.c.key)
    return list(connection.scalars(query))


def begin_attempt(connection: Connection, key: str, now: datetime) -> int:
    """Count one more attempt and show the series as being scored; returns the number of the attempt."""
    connection.execute(
        sa.update(jobs).where(jobs.c.key == key).values(state=SeriesState.SCORING.value, attempts=jobs.c.attempts + 1)
    )
    connection.execute(
        sa.update(series)
        .where(series.c.job_key == key, series.c.state == SeriesState.QUEUED.value)
        .values(state=SeriesState.SCORING.value, reason="being scored", updated=now)
    )
    return int(connection.scalar(sa.select(jobs.c.attempts).where(jobs.c.key == key)) or 0)


def settle(connection: Connection, key: str, result: JobResult, now: datetime) -> None:
    """Write the result of a job, and show it on its series if no newer job stands there."""
    connection.execute(
        sa.update(jobs)
        .where(jobs.c.key == key)
        .values(
            state=result.state.value,
            code=result.code,
            reason=result.reason,
            agatston=result.agatston,
            category=result.category,
            document=None if result.document is None else json.dumps(result.document, ensure_ascii=False),
            finished=now,
        )
    )
    connection.execute(
        sa.update(series)
        .where(series.c.job_key == key, series.c.state.in_([SeriesState.QUEUED.value, SeriesState.SCORING.value]))
        .values(state=result.state.value, code=result.code, reason=result.reason, updated=now, due=None)
    )


def document(connection: Connection, series_uid: str) -> Mapping[str, Any] | None:
    """The score document of the newest job of a series, or None."""
    query = sa.select(jobs.c.document).join(series, series.c.job_key == jobs.c.key)
    text = connection.scalar(query.where(series.c.series_instance_uid == series_uid))
    return json.loads(text) if text else None


def add_report_object(connection: Connection, entry: ReportObject) -> None:
    """Insert a finished object; inserting it again changes nothing."""
    known = connection.execute(sa.select(report_objects.c.key).where(report_objects.c.key == entry.key)).first()
    if known is None:
        connection.execute(
            sa.insert(report_objects).values(
                key=entry.key,
                job_key=entry.job_key,
                role=entry.role.value,
                sequence=entry.sequence,
                sop_class_uid=entry.sop_class_uid,
                sop_instance_uid=entry.sop_instance_uid,
                series_instance_uid=entry.series_instance_uid,
                path=entry.path,
            )
        )


def is_ours(connection: Connection, sop_instance_uid: str) -> bool:
    """Whether an object with this SOP Instance UID was made here."""
    query = sa.select(report_objects.c.key).where(report_objects.c.sop_instance_uid == sop_instance_uid).limit(1)
    return connection.execute(query).first() is not None


def report_objects_before(connection: Connection, job: Job) -> Sequence[ReportObject]:
    """The finished objects of the version before a job's; empty for the first."""
    query = sa.select(jobs.c.key).where(jobs.c.series_key == job.series_key, jobs.c.version < job.version)
    before = connection.scalar(query.order_by(jobs.c.version.desc()).limit(1))
    return report_objects_of(connection, before) if before else []


def report_objects_of(connection: Connection, job_key: str) -> Sequence[ReportObject]:
    """The finished objects of a job in sending order."""
    rows = connection.execute(sa.select(report_objects).where(report_objects.c.job_key == job_key)).all()
    found = [ReportObject(**{**row._asdict(), "role": ReportRole(row.role)}) for row in rows]
    return sorted(found, key=lambda entry: (tuple(ReportRole).index(entry.role), entry.sequence))


def unfinished(connection: Connection) -> Sequence[str]:
    """Keys of the jobs that are queued or being scored, oldest first."""
    states = [SeriesState.QUEUED.value, SeriesState.SCORING.value]
    return list(connection.scalars(sa.select(jobs.c.key).where(jobs.c.state.in_(states)).order_by(jobs.c.created)))
