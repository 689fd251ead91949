"""Facts, times and the clock → Assessment: what intake thinks of a series now, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.facts import Assessment, InstanceFacts, Verdict
from node.intake.eligible import Eligibility, Level, eligibility
from node.intake.reason import Reason
from node.intake.whole import Whole, whole
from node.settings import IntakeSettings

_CURED_BY_MORE_IMAGES = frozenset(("gap", "uneven", "too_few", "increment"))

_FAILED_BY_PROTOCOL = frozenset(("thickness", "kvp"))
"""What an axial CT can fail and still be one that a site with `score_non_gated` expects an answer for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTiming:
    """When the objects of a series came."""

    first_received: datetime
    last_received: datetime
    open_associations: int  # that brought objects of this series and are not closed
    last_association_closed: datetime | None  # None: none has closed, or they did not come by an association


def assess(
    facts: Sequence[InstanceFacts],
    timing: SeriesTiming,
    now: datetime,
    settings: IntakeSettings,
    *,
    score_non_gated: bool,
) -> Assessment:
    """Verdict on a series as far as it has come.

    Parameters
    ----------
    facts : of every object that came; order and repetition do not matter
    timing : when they came
    now : time of this look
    settings : quiet times
    score_non_gated : bool
        Score a scorable CT that is no calcium series.

    Returns
    -------
    Assessment
        WAITING carries the time of the next look; every other verdict holds until another image comes.
    """
    geometry = whole(facts)
    fitness = eligibility(facts)
    due, awaited = _due(geometry, fitness, timing, settings)
    if now < due:
        return Assessment(verdict=Verdict.WAITING, code="waiting", sentence=awaited, until=due)
    return _verdict(geometry, fitness, score_non_gated=score_non_gated)


def _due(geometry: Whole, fitness: Eligibility, timing: SeriesTiming, settings: IntakeSettings) -> tuple[datetime, str]:
    """When the verdict is due, and what is awaited until then."""
    limit = timing.last_received + timedelta(seconds=settings.quiet_limit_seconds)
    cap = timing.first_received + timedelta(seconds=settings.hard_cap_seconds)
    closed = max(timing.last_received, timing.last_association_closed or timing.last_received)
    quiet = closed + timedelta(seconds=settings.quiet_seconds)
    images = f"{geometry.images} image{'' if geometry.images == 1 else 's'}"
    if _can_become_whole(geometry, fitness):
        sentence = geometry.fault.sentence if geometry.fault else ""
        return min(limit, cap), f"{images} so far; {sentence}; more are awaited"
    if timing.open_associations:
        return min(limit, cap), f"{images} so far, without a gap; the association that sends them is still open"
    return min(quiet, cap), (
        f"{images}, without a gap; it is scored when nothing more has come for {settings.quiet_seconds:g} s"
        if not fitness.reasons
        else f"{images}; {fitness.reasons[0].sentence}"
    )


def _can_become_whole(geometry: Whole, fitness: Eligibility) -> bool:
    """Whether more images could turn what is wrong now into a whole series."""
    codes = {reason.code for reason in fitness.reasons}
    return geometry.fault is not None and bool(codes) and codes <= _CURED_BY_MORE_IMAGES


def _verdict(geometry: Whole, fitness: Eligibility, *, score_non_gated: bool) -> Assessment:
    if fitness.level is Level.CALCIUM:
        return _whole(geometry, "a calcium-score series")
    if fitness.level is Level.SCORABLE:
        short = fitness.short_of_calcium
        if score_non_gated or short is None:
            return _whole(geometry, "a chest CT that is scored although it is no calcium scan")
        return _refusal(short, fitness)
    first = fitness.reasons[0]
    if first.code in ("gap", "uneven") and geometry.images > 2:
        worth_it = fitness.looks_like_calcium or score_non_gated
        return _assessment(Verdict.INCOMPLETE if worth_it else Verdict.INELIGIBLE, first)
    if score_non_gated and {reason.code for reason in fitness.reasons} <= _FAILED_BY_PROTOCOL:
        return _assessment(Verdict.REFUSED, first)
    return _refusal(first, fitness)


def _whole(geometry: Whole, what: str) -> Assessment:
    return Assessment(
        verdict=Verdict.WHOLE,
        code="whole",
        sentence=f"{geometry.images} images without a gap, {geometry.increment_mm:g} mm apart: {what}",
    )


def _refusal(reason: Reason, fitness: Eligibility) -> Assessment:
    return _assessment(Verdict.REFUSED if fitness.looks_like_calcium else Verdict.INELIGIBLE, reason)


def _assessment(verdict: Verdict, reason: Reason) -> Assessment:
    return Assessment(
        verdict=verdict, code=reason.code, sentence=reason.sentence, measured=reason.measured, unit=reason.unit
    )
