"""The loop of the receive role: new objects get their header read, series get decided, whole ones become jobs."""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from node.clock import Clock
from node.facts import Assessment, InstanceFacts, SeriesState, StoredObject, Verdict
from node.intake import Alternative, SeriesTiming, assess, choose
from node.pipeline.engine import EngineClient
from node.reading import Unreadable, read_headers
from node.registry import Connection, DatabaseError, Registry, instances, jobs, peers, series
from node.registry.instances import InstanceStatus, Member
from node.registry.series import SeriesRow
from node.sandbox import SandboxError
from node.settings import Settings
from node.spool import Spool

BATCH = 256
LONGEST_WAIT_SECONDS = 0.5
"""A lost bell costs so much and no more."""

IMAGES = frozenset({"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"})
"""CT, Enhanced CT, Legacy Converted Enhanced CT Image Storage: all else is kept and never scored."""

SCORED_STATES = (SeriesState.QUEUED, SeriesState.SCORING, SeriesState.SCORED)


class IntakeLoop:
    """A thread; everything that it knows is in the registry, so that a restart goes on where it was."""

    def __init__(
        self, registry: Registry, spool: Spool, settings: Settings, client: EngineClient, clock: Clock, token_key: bytes
    ) -> None:
        self._registry, self._spool, self._settings = registry, spool, settings
        self._client, self._clock, self._token_key = client, clock, token_key
        self._bell = threading.Event()
        self.allowed_callers: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def ring(self) -> None:
        """Something was written: look."""
        self._bell.set()

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after what is being decided now."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        log = structlog.get_logger()
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                busy = self.look()
            except (DatabaseError, SandboxError) as fault:
                # Neither says anything of the objects: they are still unread and are looked at again.
                log.warning("intake_failed", reason=type(fault).__name__)
                busy = False
            if not busy:
                self._bell.wait(LONGEST_WAIT_SECONDS)

    def look(self) -> bool:
        """Read new headers, then decide every series that is due; returns whether there was anything to read."""
        with self._registry.read() as connection:
            unread = instances.unread(connection, BATCH)
            # The listener asks here whom the command `peers allow` let in: it knows no database itself.
            self.allowed_callers = peers.allowed(connection)
        if unread:
            self._read(unread)
        now = self._clock.now()
        with self._registry.read() as connection:
            due = series.due(connection, now)
        for row in due:
            self._decide_or_park(row, now)
        return len(unread) == BATCH

    def _decide_or_park(self, row: SeriesRow, now: datetime) -> None:
        """Decide one series; a defect of ours over it parks that series and lets the others go on."""
        try:
            with self._registry.begin() as connection:
                self._decide(connection, row, now)
        except DatabaseError:
            raise
        except Exception as fault:  # noqa: BLE001 - the rim of a series: the thread serves all the others
            structlog.get_logger().error("series_parked", series=row.key, reason_code=type(fault).__name__)
            reason = f"a defect stopped intake over this series ({type(fault).__name__}); its images are kept"
            with self._registry.begin() as connection:
                series.settle(connection, row.key, SeriesState.FAILED, code="defect", reason=reason, now=now)

    # ------------------------------------------------------------------ headers

    def _read(self, stored: Sequence[StoredObject]) -> None:
        facts = read_headers([self._spool.path(one.key) for one in stored], token_key=self._token_key)
        with self._registry.begin() as connection:
            for one, read in zip(stored, facts, strict=True):
                self._file(connection, one, read)

    def _file(self, connection: Connection, stored: StoredObject, read: InstanceFacts | Unreadable) -> None:
        if instances.same_bytes(connection, stored):
            instances.note(connection, stored.key, InstanceStatus.DUPLICATE, "the same object was already here")
        elif isinstance(read, Unreadable):
            instances.note(connection, stored.key, InstanceStatus.UNREADABLE, read.sentence)
            structlog.get_logger().warning("object_unreadable", peer=stored.calling_ae_title, code=read.code)
        elif read.made_by_us or jobs.is_ours(connection, read.sop_instance_uid):
            instances.note(connection, stored.key, InstanceStatus.OURS, "a result of ours came back")
        elif read.sop_class_uid not in IMAGES:
            instances.note(connection, stored.key, InstanceStatus.KEPT, "no CT image: kept, never scored")
        else:
            row = series.joined(
                connection,
                key=secrets.token_hex(16),
                series_uid=read.series_instance_uid,
                study_uid=read.study_instance_uid,
                received=stored.received,
            )
            instances.note_facts(connection, stored.key, row.key, read)

    # ------------------------------------------------------------------ decisions

    def _decide(self, connection: Connection, row: SeriesRow, now: datetime) -> None:
        members = instances.members(connection, row.key)
        came = instances.arrival(connection, row.key)
        if not members or came is None:
            return
        timing = SeriesTiming(
            first_received=came.first_received,
            last_received=came.last_received,
            open_associations=came.open_associations,
            last_association_closed=came.last_association_closed,
        )
        said = assess(
            [member.facts for member in members],
            timing,
            now,
            self._settings.intake,
            score_non_gated=self._settings.score.score_non_gated,
        )
        if said.verdict is Verdict.WAITING:
            until = said.until or now + timedelta(seconds=1)
            self._settle(connection, row, SeriesState.WAITING, said, now, until)
        elif said.verdict is Verdict.WHOLE:
            self._queue_unless_alternative(connection, row, members, said, now)
        elif said.verdict is Verdict.REFUSED and self._settings.reports.refusal_page:
            self._queue(connection, row, members, now, refusal=said)
        else:
            states = {
                Verdict.INCOMPLETE: SeriesState.INCOMPLETE,
                Verdict.REFUSED: SeriesState.REFUSED,
                Verdict.INELIGIBLE: SeriesState.IGNORED,
            }
            self._settle(connection, row, states[said.verdict], said, now, None)

    def _settle(
        self,
        connection: Connection,
        row: SeriesRow,
        state: SeriesState,
        said: Assessment,
        now: datetime,
        due_at: datetime | None,
    ) -> None:
        series.settle(connection, row.key, state, code=said.code, reason=said.sentence, now=now, due_at=due_at)
        if state is not SeriesState.WAITING:
            structlog.get_logger().info("series_decided", series=row.key, state=state.value, code=said.code)

    def _queue_unless_alternative(
        self, connection: Connection, row: SeriesRow, members: Sequence[Member], said: Assessment, now: datetime
    ) -> None:
        rivals = {row.key: [member.facts for member in members]}
        for other in series.of_study(connection, row.study_instance_uid):
            if other.key != row.key and other.state in SCORED_STATES:
                rivals[other.key] = [member.facts for member in instances.members(connection, other.key)]
        choice = choose(rivals)[row.key]
        if isinstance(choice, Alternative):
            series.settle(
                connection, row.key, SeriesState.ALTERNATIVE, code="alternative", reason=choice.sentence, now=now
            )
        else:
            self._queue(connection, row, members, now, refusal=None)
            structlog.get_logger().info("series_whole", series=row.key, n=len(members), code=said.code)

    def _queue(
        self,
        connection: Connection,
        row: SeriesRow,
        members: Sequence[Member],
        now: datetime,
        *,
        refusal: Assessment | None,
    ) -> None:
        digest = set_digest(members)
        newest = jobs.get(connection, row.job_key) if row.job_key else None
        if newest is not None and newest.set_digest == digest:
            series.settle(connection, row.key, newest.state, code=newest.code, reason=newest.reason, now=now)
            return
        version = jobs.newest_version(connection, row.key) + 1
        job = jobs.Job(
            key=secrets.token_hex(16),
            series_key=row.key,
            version=version,
            set_digest=digest,
            created=now,
            state=SeriesState.QUEUED,
            attempts=0,
            code=refusal.code if refusal else "",
            reason=refusal.sentence if refusal else "waits to be scored",
        )
        jobs.add(connection, job, [member.key for member in members])
        series.settle(
            connection, row.key, SeriesState.QUEUED, code=job.code, reason=job.reason, now=now, job_key=job.key
        )
        self._client.enqueue_score(connection, job.key, f"score:{job.key}:1")


def set_digest(members: Sequence[Member]) -> str:
    """Name of a set of images: a result belongs to it. Order and time of arrival do not matter."""
    return hashlib.sha256("\n".join(sorted(member.sha256 for member in members)).encode()).hexdigest()
