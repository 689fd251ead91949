"""The drain of one destination: sends what is due, writes what came of it, says when to try again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from node.clock import Clock
from node.delivery.dimse_scu import send
from node.delivery.forms import other_classes
from node.delivery.line import Timeouts
from node.delivery.policy import next_attempt, retry_policy
from node.facts import TEXT_REPORT_FILE, Attempt, DeliveryState, ObjectToSend, Outcome, ReportRole
from node.registry import Registry, deliveries
from node.registry.deliveries import DueObject
from node.settings import DestinationSettings, Settings

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outbox:
    """Brings the outbox's rows and the wire together; keeps nothing itself."""

    registry: Registry
    settings: Settings
    data: Path
    clock: Clock
    draw: Callable[[], float]  # jitter in [0, 1)

    def drain(self, name: str) -> str:
        """Send what is due to the destination `name`; returns a word for the log."""
        known = [one for one in self.settings.destinations if one.name == name]
        if not known:
            return "unknown destination"
        sent = 0
        while due := self._due(name):
            reached = self._offer(known[0], due)
            sent += len(due)
            if not reached:
                return "unreached"
        return f"{sent} objects"

    def _due(self, name: str) -> Sequence[DueObject]:
        with self.registry.read() as connection:
            return deliveries.due(connection, name, self.clock.now(), BATCH)

    def _offer(self, destination: DestinationSettings, due: Sequence[DueObject]) -> bool:
        waiting = {one.delivery_key: one for one in due}
        objects = [self._to_send(one, destination) for one in due]

        def settle(attempt: Attempt) -> None:
            self._settle(waiting.pop(attempt.delivery_key), attempt)

        limits = self.settings.deliver
        reached = send(
            destination.destination(),
            self.settings.receive.ae_title,
            objects,
            Timeouts(connect_s=limits.connect_timeout_seconds, answer_s=limits.answer_timeout_seconds),
            settle,
        )
        if waiting:
            self._postpone(list(waiting.values()), reached.sentence)
        log = structlog.get_logger()
        log.info("drained", destination=destination.name, n=len(due) - len(waiting), waiting=len(waiting))
        return reached.reached

    def _to_send(self, one: DueObject, destination: DestinationSettings) -> ObjectToSend:
        """The row as an object, with what may go in its place."""
        path = self.data / one.path
        classes = other_classes(one.sop_class_uid)
        text = path.with_name(TEXT_REPORT_FILE)
        wants_text = ReportRole.TEXT in destination.objects  # then the text goes by itself and stands in for nothing
        return ObjectToSend(
            delivery_key=one.delivery_key,
            path=path,
            sop_class_uid=one.sop_class_uid,
            sop_instance_uid=one.sop_instance_uid,
            earlier_attempts=one.attempts,
            other_classes=classes,
            stand_in=text if classes and not wants_text and text.exists() else None,
        )

    def _postpone(self, untried: Sequence[DueObject], answer: str) -> None:
        """Let what was not offered wait together: the oldest stands for the attempt, the others count none."""
        now = self.clock.now()
        state, due_at = self._after(untried[0], Outcome.RETRY, now)
        with self.registry.begin() as connection:
            for place, one in enumerate(untried):
                deliveries.settle(
                    connection, one.delivery_key, state, answer=answer, now=now, due_at=due_at, count=place == 0
                )

    def _settle(self, one: DueObject, attempt: Attempt) -> None:
        now = self.clock.now()
        state, due_at = self._after(one, attempt.outcome, now)
        with self.registry.begin() as connection:
            deliveries.settle(connection, one.delivery_key, state, answer=attempt.answer, now=now, due_at=due_at)

    def _after(self, one: DueObject, outcome: Outcome, now: datetime) -> tuple[DeliveryState, datetime | None]:
        if outcome is not Outcome.RETRY:
            return DeliveryState(outcome.value), None
        again = next_attempt(
            retry_policy(self.settings.deliver), attempts=one.attempts + 1, first=one.first, now=now, jitter=self.draw()
        )
        return (DeliveryState.PARKED, None) if again is None else (DeliveryState.RETRYING, again)
