"""The one module that names DBOS: workflows, queues, start and stop of the job engine.

Two workflows, both short: `score` (score one job, then ring for the drains) and `drain` (send what is due to one
destination). Keys are opaque; the truth about jobs and deliveries stands in the registry.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from typing import NoReturn, Protocol

import dbos._serialization
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos import error as dbos_error

from node.facts import CalciumNodeError
from node.registry import Connection, DatabaseError

APPLICATION = "calcium-node"
JOBS_VERSION = "jobs-1"
"""Constant: a release that changed it would strand the work in flight of the one before."""

SCORE_QUEUE = "score"
SEND_QUEUE = "send"
NORMAL_PRIORITY = 100
POLLING_SECONDS = 0.1  # the default of a whole second would be the largest latency of the node
LARGEST_RECOVERY = 3
"""Deaths of a worker over one job, then the engine leaves it alone."""


class EngineError(CalciumNodeError):
    """The job engine cannot be started."""


class Work(Protocol):
    """What the workflows call."""

    def score(self, job_key: str) -> str:
        """Score one job; returns a word for the log."""
        ...

    def ring(self, job_key: str) -> str:
        """Start the drains that the job's result waits for."""
        ...

    def drain(self, destination: str) -> str:
        """Send what is due to one destination."""
        ...


def _refuse_pickle(*_arguments: object, **_options: object) -> NoReturn:
    raise TypeError("a pickled row is refused")


def close_pickle_door() -> None:
    """Let no row of the engine's tables be unpickled: whoever can write there would run code here."""
    dbos._serialization.DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[method-assign] # noqa: SLF001 - there is no public switch


class EngineClient:
    """Puts work into the queues; runs none. For the roles that must not launch the engine."""

    def __init__(self, url: str) -> None:
        close_pickle_door()
        self._client = DBOSClient(
            system_database_url=url,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            retry_connection_errors=False,
        )

    def enqueue_score(self, connection: Connection, job_key: str, workflow_id: str) -> None:
        """Queue a job in the same transaction as its row: both are there, or neither."""
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": "score",
                "queue_name": SCORE_QUEUE,
                "workflow_id": workflow_id,
                "priority": NORMAL_PRIORITY,
            },
            job_key,
        )

    def ring(self, destination: str) -> None:
        """Start a drain of a destination, unless one is waiting or running."""
        with contextlib.suppress(dbos_error.DBOSQueueDeduplicatedError):
            self._client.enqueue(
                {
                    "workflow_name": "drain",
                    "queue_name": SEND_QUEUE,
                    "priority": NORMAL_PRIORITY,
                    "deduplication_id": destination,
                },
                destination,
            )

    def close(self) -> None:
        """Close the connections."""
        self._client.destroy()


class Engine:
    """The running engine of this process. One in a process: DBOS is a singleton."""

    def __init__(self, url: str, slot: str, work: Work) -> None:
        _check_environment()
        close_pickle_door()
        logging.getLogger("dbos").addHandler(logging.NullHandler())  # before DBOS(), else it adds one of its own
        self._url, self._slot = url, slot
        _register(work)

    def start(self, *, score_workers: int, send_workers: int) -> None:
        """Take up the work that an earlier run of this slot left, and listen to the queues with workers."""
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._url,
                "application_version": JOBS_VERSION,
                "executor_id": self._slot,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "max_executor_threads": max(8, score_workers + send_workers + 4),
            }
        )
        workers = {SCORE_QUEUE: score_workers, SEND_QUEUE: send_workers}
        DBOS.listen_queues([name for name, number in workers.items() if number])
        DBOS.launch()
        for name, number in workers.items():
            if number:
                DBOS.register_queue(name, worker_concurrency=number, polling_interval_sec=POLLING_SECONDS)

    def stop(self, seconds: float) -> None:
        """Claim nothing more and wait for what runs."""
        DBOS.destroy(workflow_completion_timeout_sec=int(seconds))


def prepare(url: str) -> None:
    """Make the engine's tables, for a role that uses a client only."""
    close_pickle_door()
    DBOS.migrate(url)


def _check_environment() -> None:
    for name in os.environ:
        if name.startswith("DBOS_"):
            raise EngineError("environment", f"unset the environment variable {name}: it changes the engine's identity")


def _register(work: Work) -> None:
    run_score = DBOS.step(name="score.run")(_guarded(work.score))
    run_ring = DBOS.step(name="score.ring")(_guarded(work.ring))
    run_drain = DBOS.step(name="drain.run")(_guarded(work.drain))

    @DBOS.workflow(name="score", max_recovery_attempts=LARGEST_RECOVERY)
    def score(job_key: str) -> str:
        said = run_score(job_key)
        run_ring(job_key)
        return said

    @DBOS.workflow(name="drain", max_recovery_attempts=LARGEST_RECOVERY)
    def drain(destination: str) -> str:
        return run_drain(destination)


def _guarded(step: Callable[[str], str]) -> Callable[[str], str]:
    """A step whose exceptions leave it without their text, which the engine would store."""

    def guarded(key: str) -> str:
        try:
            return step(key)
        except CalciumNodeError as fault:
            raise EngineError(fault.code, f"step failed: {fault.code}") from None
        except DatabaseError as fault:
            raise EngineError("database", f"step failed: {type(fault).__name__}") from None
        except Exception as fault:  # noqa: BLE001 - the rim of a step: no foreign text may reach the engine's tables
            raise EngineError("defect", f"step failed: {type(fault).__name__}") from None

    guarded.__name__ = guarded.__qualname__ = getattr(step, "__name__", "step")
    return guarded
