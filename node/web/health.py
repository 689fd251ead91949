"""Health: can this node do its job now? Each check with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from node.delivery import Timeouts, echo
from node.facts import Destination
from node.registry import DatabaseError, Registry
from node.settings import Settings

SELF_ECHO_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be so."""

    name: str
    ok: bool
    reason: str
    ms: float


def checks(registry: Registry, settings: Settings, dicom_port: int | None) -> Sequence[Check]:
    """Ask the database, and the listener by a C-ECHO of our own."""
    found = [_timed("database", lambda: _database(registry))]
    found.append(_timed("listener", lambda: _listener(settings, dicom_port or settings.receive.port)))
    return found


def _timed(name: str, ask: Callable[[], tuple[bool, str]]) -> Check:
    begun = perf_counter()
    ok, reason = ask()
    return Check(name=name, ok=ok, reason=reason, ms=round(1000 * (perf_counter() - begun), 1))


def _database(registry: Registry) -> tuple[bool, str]:
    try:
        registry.answers()
    except DatabaseError as fault:
        return False, f"the database does not answer ({type(fault).__name__})"
    return True, "answers"


def _listener(settings: Settings, port: int) -> tuple[bool, str]:
    callers = settings.receive.callers
    if not callers:
        return False, "nobody may send: [receive] callers is empty"
    host = "127.0.0.1" if settings.receive.host in ("0.0.0.0", "::") else settings.receive.host  # noqa: S104 - compared, not bound
    ourselves = Destination(name="self", ae_title=settings.receive.ae_title, host=host, port=port, objects=())
    calling = settings.receive.ae_title if "*" in callers else callers[0]
    answer = echo(ourselves, calling, Timeouts(connect_s=SELF_ECHO_SECONDS, answer_s=SELF_ECHO_SECONDS))
    return answer.ok, answer.sentence
