"""A real listener on a free port, and an ear that remembers what it told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from node.clock import SystemClock
from node.facts import AssociationEnd, AssociationFact, Destination, RefusedCaller, StoredObject
from node.listener import Listener
from node.settings import ReceiveSettings
from node.spool import Spool

PATIENCE_S = 10.0


class Heard:
    """Remembers events in their order; waits for them without sleeping."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: list[StoredObject | AssociationFact | RefusedCaller] = []

    def stored(self, stored: StoredObject) -> None:
        self._note(stored)

    def association(self, fact: AssociationFact) -> None:
        self._note(fact)

    def refused(self, caller: RefusedCaller) -> None:
        self._note(caller)

    def _note(self, event: StoredObject | AssociationFact | RefusedCaller) -> None:
        with self._changed:
            self._all.append(event)
            self._changed.notify_all()

    def everything(self) -> list[StoredObject | AssociationFact | RefusedCaller]:
        with self._changed:
            return list(self._all)

    def objects(self) -> list[StoredObject]:
        return [event for event in self.everything() if isinstance(event, StoredObject)]

    def refusals(self) -> list[RefusedCaller]:
        return [event for event in self.everything() if isinstance(event, RefusedCaller)]

    def ends(self) -> list[AssociationEnd]:
        facts = [event for event in self.everything() if isinstance(event, AssociationFact)]
        return [fact.end for fact in facts if fact.end is not AssociationEnd.OPEN]

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, timeout=PATIENCE_S)

    def wait_for_ends(self, count: int = 1) -> list[AssociationEnd]:
        assert self.wait_until(lambda: len(self.ends()) >= count), f"ended: {self.ends()}"
        return self.ends()


@dataclass(frozen=True)
class Node:
    """What a test needs of a listener that runs."""

    port: int
    spool: Spool
    heard: Heard
    listener: Listener = field(repr=False)

    def destination(self) -> Destination:
        """Of the sender that is to reach it."""
        return Destination(name="node", ae_title="CALCIUM", host="127.0.0.1", port=self.port, objects=())

    def files(self) -> list[Path]:
        """Every file in the spool, whole or half."""
        return sorted(path for path in self.spool.folder.rglob("*") if path.is_file())


@contextmanager
def listening(
    folder: Path, *, minimum_free_bytes: int = 0, spool: Spool | None = None, **settings: object
) -> Iterator[Node]:
    """Run a listener that knows the caller CT1; keywords override the settings."""
    kept = spool or Spool(folder / "spool")
    kept.prepare()
    heard = Heard()
    stated = {"ae_title": "CALCIUM", "host": "127.0.0.1", "port": 0, "callers": ("CT1",), **settings}
    listener = Listener(
        ReceiveSettings.model_validate(stated), kept, heard, SystemClock(), minimum_free_bytes=minimum_free_bytes
    )
    port = listener.start()
    try:
        yield Node(port=port, spool=kept, heard=heard, listener=listener)
    finally:
        listener.stop(0.0)
