"""What the listener tells: the Protocol of whoever hears it, and the thread that tells it."""

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog

from node.facts import AssociationFact, RefusedCaller, StoredObject

_log = structlog.get_logger()


class ReceiveEvents(Protocol):
    """Hears what the listener did, in the order in which it happened on each association.

    Called on one thread of the listener's, after the fact: a stored object is durable and its response on its way. What
    takes long here delays the next event, never a sender.
    """

    def stored(self, stored: StoredObject) -> None:
        """One object is durable."""
        ...

    def association(self, fact: AssociationFact) -> None:
        """An association was accepted, and again when it has ended; its objects come between the two."""
        ...

    def refused(self, caller: RefusedCaller) -> None:
        """A caller was rejected."""
        ...


class Teller:
    """Tells events on a thread of its own, so that no sender waits for whoever hears them."""

    def __init__(self, events: ReceiveEvents) -> None:
        self._events = events
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="listener-events", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what is left, then end."""
        self._waiting.put(None)
        self._thread.join()

    def stored(self, stored: StoredObject) -> None:
        """See ReceiveEvents."""
        self._waiting.put(partial(self._events.stored, stored))

    def association(self, fact: AssociationFact) -> None:
        """See ReceiveEvents."""
        self._waiting.put(partial(self._events.association, fact))

    def refused(self, caller: RefusedCaller) -> None:
        """See ReceiveEvents."""
        self._waiting.put(partial(self._events.refused, caller))

    def _run(self) -> None:
        while (tell := self._waiting.get()) is not None:
            try:
                tell()
            # The rim of a task: a hearer that fails must not silence the events after this one. The file of a stored
            # object is still there, and a row that is missing is written again from it.
            except Exception as fault:  # noqa: BLE001 - see above
                _log.error("receive_event_failed", reason_code=type(fault).__name__)
