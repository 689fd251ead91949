"""One case of the evaluation: what was known, what came out, and where the two differ."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scoring.evaluate import CaseScores, Comparison, compare_labels
from scoring.protocol import Acquisition, ScoringChoices, protocol_for
from scoring.result import Demographics, Excluded, LabelVolume, Point, Score, Severity, Unfit, Vessel
from scoring.score import score
from scoring.volume import Volume

NEAR_MM = 8.0
"""An excluded entry so near to missed calcium is taken for our verdict on it."""

SCORED, REFUSED = "scored", "refused"
GENTLE = frozenset({"noise", "thickness", "coverage"})
"""A case with one of these caveats must still be scored right; with another one the score itself is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A scan whose answer is known."""

    group: str  # cases of one group are counted together
    name: str
    about: str  # a few words: scanner, noise, what is special
    expect: str  # SCORED or REFUSED
    caveats: tuple[str, ...]  # what a score must own up to, by a finding that weakens it; a refusal is as good
    volume: Volume
    acquisition: Acquisition
    demographics: Demographics
    total: float
    vessels: Mapping[Vessel, float]
    known: LabelVolume
    look_alikes: Mapping[int, str]
    noise_sd_hu: float | None  # of the blood; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Known coronary calcium that was not scored at all, and what was made of it."""

    vessel: Vessel
    agatston: float
    centre_lps_mm: Point
    verdict: str
    confidence: float | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came out of one case: small enough to be sent between processes."""

    group: str
    name: str
    about: str
    expect: str
    caveats: tuple[str, ...]
    noise_sd_hu: float | None
    scores: CaseScores
    comparison: Comparison | None  # None: refused
    misses: tuple[Miss, ...]
    reason: str | None  # code of the refusal
    weakens: tuple[str, ...]  # codes of findings that weaken the result
    seconds: float

    @property
    def counts(self) -> bool:
        """Whether its score enters the agreement."""
        return self.expect == SCORED and set(self.caveats) <= GENTLE

    @property
    def answered(self) -> bool:
        """Refused where it must be; with a fault refused or weakened; else scored. Not: whether the score is right."""
        if self.expect == SCORED and self.caveats:
            return self.reason is not None or bool(self.weakens)
        return (self.reason is not None) == (self.expect == REFUSED)

    @property
    def named(self) -> bool:
        """Whether one of the findings is that of the fault itself."""
        said = {*self.weakens, *([self.reason] if self.reason else [])}
        return bool(said & set(self.caveats))


def judge(case: Case, pictures: Path | None = None) -> Judged:
    """Score a case and compare it with what is known; wrong lesions are drawn into the folder `pictures`."""
    began = time.perf_counter()
    result = score(case.volume, case.acquisition, case.demographics, ScoringChoices())
    seconds = time.perf_counter() - began
    comparison = _comparison(case, result) if isinstance(result, Score) else None
    judged = Judged(
        group=case.group,
        name=case.name,
        about=case.about,
        expect=case.expect,
        caveats=case.caveats,
        noise_sd_hu=case.noise_sd_hu,
        scores=_scores(case, result),
        comparison=comparison,
        misses=_misses(comparison, result.excluded) if comparison and isinstance(result, Score) else (),
        reason=result.reason.code if isinstance(result, Unfit) else None,
        weakens=tuple(finding.code for finding in result.quality if finding.severity is Severity.WEAKENS),
        seconds=seconds,
    )
    if pictures is not None and isinstance(result, Score):
        from tests.evaluation.pictures import draw_wrong_lesions  # noqa: PLC0415 - drawn only where asked for

        draw_wrong_lesions(case, result, judged, pictures)
    return judged


def _scores(case: Case, result: Score | Unfit) -> CaseScores:
    scored = isinstance(result, Score)
    return CaseScores(
        name=case.name,
        reference_total=case.total,
        reference_vessels=dict(case.vessels),
        total=result.total.agatston if scored else None,
        vessels={vessel: result.vessels[vessel].agatston for vessel in Vessel} if scored else None,
    )


def _comparison(case: Case, result: Score) -> Comparison:
    protocol, _ = protocol_for(ScoringChoices(), case.acquisition)
    return compare_labels(
        case.volume,
        protocol,
        scored=result.labels,
        known=case.known,
        look_alikes=case.look_alikes,
        lesions=result.lesions,
    )


def _misses(comparison: Comparison, excluded: tuple[Excluded, ...]) -> tuple[Miss, ...]:
    found = []
    for lesion in comparison.reference:
        if lesion.found:
            continue
        near = [(_distance(one.centre_lps_mm, lesion.centre_lps_mm), one) for one in excluded]
        distance, one = min(near, key=lambda pair: pair[0], default=(np.inf, None))
        seen = one is not None and distance <= NEAR_MM
        found.append(
            Miss(
                vessel=lesion.vessel,
                agatston=lesion.agatston,
                centre_lps_mm=lesion.centre_lps_mm,
                verdict=one.what if one and seen else "no candidate",
                confidence=one.confidence if one and seen else None,
                evidence=one.evidence if one and seen else (),
            )
        )
    return tuple(found)


def _distance(one: Point, other: Point) -> float:
    return float(np.linalg.norm(np.subtract(one, other)))
