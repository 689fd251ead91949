"""The associations that are open now: slots, draining, and what is told of each when it opens and ends."""

import threading
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace

from node.clock import Clock
from node.facts import AssociationEnd, AssociationFact
from node.listener.access import Caller, Door, Refusal, refusal
from node.settings import ReceiveSettings


class Associations:
    """Counts associations, never connections; safe to be used from their threads."""

    def __init__(
        self,
        settings: ReceiveSettings,
        clock: Clock,
        *,
        new_key: Callable[[], str],
        tell: Callable[[AssociationFact], None],
        also_allowed: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._settings = settings
        self._also_allowed = also_allowed
        self._clock = clock
        self._new_key = new_key
        self._tell = tell
        self._open: dict[Hashable, AssociationFact] = {}
        self._changed = threading.Condition()
        self._draining = False
        self._cut = False

    def admit(self, who: Hashable, caller: Caller) -> Refusal | None:
        """Give the caller a slot, or say why not."""
        with self._changed:
            reason = refusal(caller, self._door())
            if reason is None:
                self._open[who] = AssociationFact(
                    key=self._new_key(),
                    calling_ae_title=caller.calling_ae_title,
                    called_ae_title=caller.called_ae_title,
                    address=caller.address,
                    opened=self._clock.now(),
                    end=AssociationEnd.OPEN,
                )
            return reason

    def established(self, who: Hashable) -> None:
        """Tell that an admitted association was accepted."""
        with self._changed:
            self._tell(self._open[who])

    def of(self, who: Hashable) -> AssociationFact:
        """Return what is known of an open association.

        Raises
        ------
        KeyError
            When it was never admitted, or has ended.
        """
        with self._changed:
            return self._open[who]

    def ended(self, who: Hashable, end: AssociationEnd) -> None:
        """Free the slot and tell how it ended; only the first call for an association counts."""
        with self._changed:
            fact = self._open.pop(who, None)
            if fact is not None:
                end = AssociationEnd.LOST if self._cut and end is not AssociationEnd.RELEASED else end
                self._tell(replace(fact, end=end, closed=self._clock.now()))
                self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Admit nobody from now on and wait for the open ones; True when none is left."""
        with self._changed:
            self._draining = True
            return self._changed.wait_for(lambda: not self._open, timeout=max(0.0, seconds))

    def cut(self) -> list[Hashable]:
        """What is still open is about to be aborted by us, and will be told as lost; returns it."""
        with self._changed:
            self._cut = True
            return list(self._open)

    def count(self) -> int:
        """How many are open."""
        with self._changed:
            return len(self._open)

    def _door(self) -> Door:
        return Door(
            ae_title=self._settings.ae_title.strip(),
            callers=[caller.strip() for caller in (*self._settings.callers, *self._also_allowed())],
            check_called_ae_title=self._settings.check_called_ae_title,
            maximum_associations=self._settings.maximum_associations,
            open_associations=len(self._open),
            draining=self._draining,
        )
