"""The sweep of the send role: rings for every destination that has something due, whatever was forgotten."""

import threading

import structlog

from node.clock import Clock
from node.pipeline.engine import EngineClient
from node.registry import DatabaseError, Registry, deliveries
from node.settings import Settings

SWEEP_SECONDS = 1.0


class Sweeper:
    """A thread that looks at the outbox each second; a lost bell costs no more than that."""

    def __init__(self, registry: Registry, settings: Settings, client: EngineClient, clock: Clock) -> None:
        self._registry, self._settings, self._client, self._clock = registry, settings, client, clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End at the next look."""
        self._stop.set()
        self._thread.join(SWEEP_SECONDS * 5)

    def _run(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            try:
                self.look()
            except DatabaseError as fault:
                structlog.get_logger().error("sweep_failed", reason=type(fault).__name__)

    def look(self) -> None:
        """Ring for each destination with something due."""
        now = self._clock.now()
        for destination in self._settings.destinations:
            with self._registry.read() as connection:
                due = deliveries.next_due(connection, destination.name)
            if due is not None and due <= now:
                self._client.ring(destination.name)
