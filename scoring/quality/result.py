"""Findings that depend on the score: specks within noise, uncertain lesions, and whether a zero is clean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.protocol import Acquisition, Protocol
from scoring.quality.limits import (
    CLEAN_ZERO_NOISE_HU,
    CLEAN_ZERO_THICKNESS_MM,
    LONE_SPECK_MM2,
    SPECK_MM2,
    SPECK_NOISE_SD,
    UNCERTAIN_BELOW,
)
from scoring.result import Finding, Severity, printed_agatston

AGAINST_A_ZERO = {
    "coverage": "the heart may not be covered whole",
    "contrast": "contrast medium is not ruled out",
    "gating": "the scan is not gated",
    "kvp": "the threshold for this tube voltage is not settled",
    "increment": "there are gaps between the slices",
    "motion_possible": "motion may smear calcium",
    "metal": "metal may hide calcium",
    "streak": "streaks may hide calcium",
    "saturation": "values are saturated",
    "stent_possible": "a stent may hide calcium",
    "cabg_possible": "bypass grafts are possible",
    "mirrored": "the heart may lie on the other side",
    "anatomy": "heart or aorta were not found with confidence",
    "tilt": "the slices are tilted",
}
"""What keeps a zero from being clean when a finding of the scan weakens it; noise and thickness have their own limits.

A sharp kernel is not in it: it raises what it shows.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLesion:
    """What quality asks about a lesion."""

    agatston: float
    peak_hu: float
    area_mm2: float  # of its largest slice
    slices: int
    confidence: float


def is_speck(lesion: ScoredLesion, protocol: Protocol, noise_sd_hu: float) -> bool:
    """Whether a lesion is so small and faint that noise can make it."""
    noise = noise_sd_hu if math.isfinite(noise_sd_hu) else CLEAN_ZERO_NOISE_HU
    faint = lesion.peak_hu < protocol.threshold_hu + SPECK_NOISE_SD * noise
    return (faint and lesion.area_mm2 < SPECK_MM2) or (lesion.slices == 1 and lesion.area_mm2 < LONE_SPECK_MM2)


def is_uncertain(lesion: ScoredLesion, protocol: Protocol, noise_sd_hu: float) -> bool:
    """Whether the total should not lean on a lesion: little confidence in it, or a speck."""
    return lesion.confidence < UNCERTAIN_BELOW or is_speck(lesion, protocol, noise_sd_hu)


def result_findings(
    lesions: Sequence[ScoredLesion],
    earlier: Sequence[Finding],
    acquisition: Acquisition,
    protocol: Protocol,
    *,
    noise_sd_hu: float,
    unresolved: int,
) -> list[Finding]:
    """Findings on the finished score.

    Parameters
    ----------
    lesions : sequence of ScoredLesion
        All that was counted.
    earlier : sequence of Finding
        What is known about the scan already; it decides whether a zero is clean.
    acquisition, protocol
        Of the scan.
    noise_sd_hu : float
        Of blood.
    unresolved : int
        Places near a coronary artery that were above the threshold and were not counted for doubt.
    """
    if not lesions:
        return _zero(earlier, acquisition, noise_sd_hu, unresolved)
    specks = [lesion for lesion in lesions if is_speck(lesion, protocol, noise_sd_hu)]
    return [_specks(lesions, specks)] if specks else []


def _specks(lesions: Sequence[ScoredLesion], specks: Sequence[ScoredLesion]) -> Finding:
    total = sum(lesion.agatston for lesion in lesions)
    small = sum(lesion.agatston for lesion in specks)
    many = f"{len(specks)} speck{'s' if len(specks) > 1 else ''} as small or faint as noise"
    if len(specks) == len(lesions):
        sentence = f"the whole score of {printed_agatston(total)} comes from {many}; without them it is 0"
        return Finding(
            code="zero_or_one_uncertain", severity=Severity.WEAKENS, sentence=sentence, measured=total, unit="Agatston"
        )
    sentence = (
        f"{small:.1f} of {total:.1f} comes from {many}; without them the score is {printed_agatston(total - small)}"
    )
    return Finding(code="specks", severity=Severity.NOTE, sentence=sentence, measured=small, unit="Agatston")


def _zero(earlier: Sequence[Finding], acquisition: Acquisition, noise_sd_hu: float, unresolved: int) -> list[Finding]:
    weak = {finding.code for finding in earlier if finding.severity is not Severity.NOTE}
    against = [words for code, words in AGAINST_A_ZERO.items() if code in weak]
    if not noise_sd_hu <= CLEAN_ZERO_NOISE_HU:  # not a number counts as noisy
        against.append(f"noise is {noise_sd_hu:.0f} HU" if math.isfinite(noise_sd_hu) else "noise is not known")
    thickness = acquisition.slice_thickness_mm
    if thickness is None or not thickness <= CLEAN_ZERO_THICKNESS_MM:
        against.append(f"slices are {thickness:g} mm thick" if thickness else "the slice thickness is not known")
    if unresolved:
        against.append(f"{unresolved} doubtful place{'s were' if unresolved > 1 else ' was'} not counted")
    if not against:
        return []
    sentence = f"no calcium found; not a clean zero because {_listed(against)}"
    return [Finding(code="zero", severity=Severity.WEAKENS, sentence=sentence)]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
