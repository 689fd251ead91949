"""The listener's events, written in batches by one thread, never in the way of a response."""

import threading
import time
from collections import deque
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from node.clock import Clock
from node.facts import AssociationEnd, AssociationFact, RefusedCaller, StoredObject
from node.registry import instances, peers, series
from node.registry.connect import Registry

BATCH = 500
RETRY_SECONDS = 1.0

Event = StoredObject | AssociationFact | RefusedCaller


class Recorder:
    """Takes facts from any thread and commits them in the order in which they came.

    What is lost with the process before it was committed is found again in the spool at the next start.
    """

    def __init__(self, registry: Registry, receiver: str, clock: Clock, ring: Callable[[], None]) -> None:
        self._registry, self._receiver, self._clock, self._ring = registry, receiver, clock, ring
        self._events: deque[Event] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._log = structlog.get_logger("registry")
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Close the associations that an earlier run left open, then begin to write."""
        with self._registry.begin() as connection:
            peers.close_lost_associations(connection, self._receiver, self._clock.now())
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write what is waiting, for `seconds` at most."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def stored(self, stored: StoredObject) -> None:
        """An object has become durable."""
        self._add(stored)

    def association(self, fact: AssociationFact) -> None:
        """An association was opened, or has ended."""
        self._add(fact)

    def refused(self, caller: RefusedCaller) -> None:
        """A caller was rejected."""
        self._add(caller)

    def _add(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._stopping)
                batch = [self._events[place] for place in range(min(BATCH, len(self._events)))]
                if not batch and self._stopping:
                    return
            try:
                with self._registry.begin() as connection:
                    for event in batch:
                        self._write(connection, event)
            except sa.exc.SQLAlchemyError as fault:
                self._log.error("registry_write_failed", reason=type(fault).__name__, waiting=len(self._events))
                if self._stopping:
                    return
                time.sleep(RETRY_SECONDS)
                continue
            with self._changed:
                for _ in batch:
                    self._events.popleft()
            self._ring()

    def _write(self, connection: Connection, event: Event) -> None:
        if isinstance(event, StoredObject):
            instances.record(connection, event)
        elif isinstance(event, RefusedCaller):
            peers.record_refused_caller(connection, event)
        else:
            peers.record_association(connection, self._receiver, event)
            if event.end is not AssociationEnd.OPEN:
                series.look_again(connection, self._clock.now())
