"""The steps of a job, each one call of a room: score in the sandbox, write the rows, ring for the drains."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from node.clock import Clock
from node.delivery import Outbox
from node.facts import Delivery, DeliveryState, ReportObject, ReportRole, SeriesState
from node.pipeline.engine import EngineClient
from node.pipeline.series_job import JobReply, JobRequest, Refusal, request_for, score_images
from node.registry import Connection, Registry, deliveries, jobs, series
from node.settings import Settings
from node.spool import Spool

RESULTS = "results"
PRECEDED = (ReportRole.SR, ReportRole.TEXT)
"""Documents whose new version names the one before (PS3.3 C.17.2, Predecessor Documents Sequence)."""

MOST_ATTEMPTS = 2
"""A child that crashed, hung or ran out of memory is tried once more, then the job is parked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """What the workflows call; each step may run twice and leaves the same rows."""

    registry: Registry
    spool: Spool
    settings: Settings
    clock: Clock
    client: EngineClient
    outbox: Outbox
    software_version: str

    def score(self, job_key: str) -> str:
        """Score one job and write what came of it; a job that has its result is left alone."""
        job, request = self._request(job_key)
        if job.state not in (SeriesState.QUEUED, SeriesState.SCORING):
            return job.state.value
        while True:
            with self.registry.begin() as connection:
                attempt = jobs.begin_attempt(connection, job_key, self.clock.now())
            reply = score_images(
                request,
                wall_seconds=self.settings.score.time_limit_seconds,
                memory_megabytes=self.settings.score.memory_limit_megabytes,
            )
            if reply.status != "failed" or attempt >= MOST_ATTEMPTS:
                break
        with self.registry.begin() as connection:
            self._settle(connection, job_key, reply)
        structlog.get_logger().info("job_done", job=job_key, state=reply.status, code=reply.code)
        return reply.status

    def ring(self, job_key: str) -> str:
        """Start a drain of each destination."""
        for destination in self.settings.destinations:
            self.client.ring(destination.name)
        return job_key

    def drain(self, destination: str) -> str:
        """Send what is due to one destination."""
        return self.outbox.drain(destination)

    def _request(self, job_key: str) -> tuple[jobs.Job, JobRequest]:
        with self.registry.read() as connection:
            job = jobs.get(connection, job_key)
            if job is None:
                raise LookupError(job_key)
            row = series.by_key(connection, job.series_key)
            if row is None:
                raise LookupError(job.series_key)
            keys = jobs.image_keys(connection, job_key)
            first = jobs.first_created(connection, job.series_key)
            before = jobs.report_objects_before(connection, job)
        return job, request_for(
            self.settings,
            paths=tuple(self.spool.path(key).resolve() for key in keys),
            folder=self._folder(job_key),
            study_instance_uid=row.study_instance_uid,
            series_instance_uid=row.series_instance_uid,
            created=job.created,
            first_created=first,
            version=job.version,
            predecessors={one.role: one.sop_instance_uid for one in before if one.role in PRECEDED},
            software_version=self.software_version,
            refusal=Refusal(code=job.code, sentence=job.reason) if job.code else None,
        )

    def _folder(self, job_key: str) -> Path:
        return self.settings.node.data.resolve() / RESULTS / job_key

    def _settle(self, connection: Connection, job_key: str, reply: JobReply) -> None:
        now = self.clock.now()
        for written in reply.objects:
            entry = ReportObject(
                key=f"{job_key}-{written.sequence:04}",
                job_key=job_key,
                role=written.role,
                sequence=written.sequence,
                sop_class_uid=written.sop_class_uid,
                sop_instance_uid=written.sop_instance_uid,
                series_instance_uid=written.series_instance_uid,
                path=f"{RESULTS}/{job_key}/{written.file_name}",
            )
            jobs.add_report_object(connection, entry)
            self._post(connection, entry, now)
        result = jobs.JobResult(
            state=SeriesState(reply.status),
            code=reply.code,
            reason="; ".join((reply.sentence, *reply.left_out)),
            agatston=reply.agatston,
            category=reply.category,
            document=json.loads(json.dumps(reply.document)),
        )
        jobs.settle(connection, job_key, result, now)

    def _post(self, connection: Connection, entry: ReportObject, now: datetime) -> None:
        for destination in self.settings.destinations:
            if entry.role in destination.objects:
                deliveries.add(
                    connection,
                    Delivery(
                        key=hashlib.sha256(f"{entry.key}:{destination.name}".encode()).hexdigest()[:32],
                        object_key=entry.key,
                        destination=destination.name,
                        state=DeliveryState.PENDING,
                        attempts=0,
                        first=now,
                        due=now,
                        answer="waits to be sent",
                    ),
                )
