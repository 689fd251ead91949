"""Scored calcium against calcium known voxel by voxel: lesions found and false, volume, wrong class and vessel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.candidates import Islands, find_islands
from scoring.measures import Calibration, MeasuredLesion, measure
from scoring.protocol import Protocol
from scoring.result import LabelVolume, Lesion, Point, Vessel
from scoring.volume import Volume

ANATOMY = "the scan itself"
"""What a scored voxel without a known class lies on: noise or the patient's own tissue."""

_VESSELS = len(Vessel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLesion:
    """Known coronary calcium of one vessel that hangs together (26-connected), as the protocol scores it."""

    vessel: Vessel
    agatston: float
    volume_mm3: float
    centre_lps_mm: Point
    found: bool  # at least one of its voxels was scored, for whichever vessel
    scored_as: Vessel | None  # that took most of its voxels
    scored_share: float  # of its voxels


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLesion:
    """A scored lesion and what it lies on."""

    vessel: Vessel
    agatston: float
    volume_mm3: float
    centre_lps_mm: Point
    confidence: float | None
    evidence: tuple[str, ...]
    lies_on: Mapping[str, float]  # share of its voxels by class: a vessel, a look-alike, `ANATOMY`

    @property
    def coronary(self) -> bool:
        """Whether any of its voxels is known to be coronary."""
        return any(name in self.lies_on for name in Vessel)

    @property
    def right(self) -> bool:
        """Whether most of it is coronary and of this vessel."""
        return self.lies_on.get(str(self.vessel), 0.0) > 0.5

    @property
    def mostly(self) -> str:
        """The class that holds most of it."""
        return max(self.lies_on, key=lambda name: self.lies_on[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCalcium:
    """Volumes in mm3 of scored voxels, known coronary voxels and of both."""

    scored_mm3: float
    known_mm3: float
    both_mm3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One scan: what was known, what was scored."""

    reference: tuple[ReferenceLesion, ...]
    scored: tuple[FoundLesion, ...]
    calcium: ScoredCalcium


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionSummary:
    """Lesions of several scans; None where there is nothing to divide by."""

    scans: int
    reference: int
    found: int
    false: int
    sensitivity: float | None
    false_per_scan: float | None
    volume_sensitivity: float | None
    volume_ppv: float | None
    volume_f1: float | None
    class_share: Mapping[str, float]  # of the summed score, by look-alike and `ANATOMY`
    wrong_vessel_share: float | None  # of the score on known coronary calcium


def compare_labels(
    volume: Volume,
    protocol: Protocol,
    *,
    scored: LabelVolume,
    known: LabelVolume,
    look_alikes: Mapping[int, str],
    lesions: Sequence[Lesion] = (),
) -> Comparison:
    """Compare the labels of a score with known ones.

    Parameters
    ----------
    volume : Volume
    protocol : Protocol
        With which it was scored; voxels below its threshold or minimum size count on neither side.
    scored : (slices, rows, columns) uint8
        1 to 4: counted for that vessel (`Vessel.label`); anything else was not counted.
    known : (slices, rows, columns) uint8
        1 to 4: coronary calcium of that vessel; the keys of `look_alikes`: something else; 0: nothing known.
    look_alikes : mapping of label to name
    lesions : sequence of Lesion, optional
        Of the score: they lend their confidence and evidence to the nearest lesion of the same vessel.
    """
    for name, labels in (("scored", scored), ("known", known)):
        if labels.shape != volume.hu.shape:
            raise ValueError(f"{name} labels of shape {labels.shape} do not fit a volume of {volume.hu.shape}")
    islands = _islands(volume, protocol, scored, known)
    if islands is None:
        return Comparison(reference=(), scored=(), calcium=ScoredCalcium(scored_mm3=0.0, known_mm3=0.0, both_mm3=0.0))
    ours = _owners(scored, islands)
    truth = known.reshape(-1)[islands.flat]
    true_owners = _owners(known, islands)
    names = {0: ANATOMY, **look_alikes, **{vessel.label: str(vessel) for vessel in Vessel}}
    found = measure(volume, islands, ours, protocol, Calibration()).lesions
    real = measure(volume, islands, true_owners, protocol, Calibration()).lesions
    counted = islands.large_enough[islands.island]
    row, column = volume.pixel_spacing_mm
    voxel_mm3 = row * column * volume.slice_increment_mm
    return Comparison(
        reference=tuple(_reference(lesion, ours) for lesion in real),
        scored=tuple(_found(lesion, truth, names, lesions) for lesion in found),
        calcium=ScoredCalcium(
            scored_mm3=float(((ours > 0) & counted).sum() * voxel_mm3),
            known_mm3=float(((true_owners > 0) & counted).sum() * voxel_mm3),
            both_mm3=float(((ours > 0) & (true_owners > 0) & counted).sum() * voxel_mm3),
        ),
    )


def summarise_lesions(comparisons: Sequence[Comparison]) -> LesionSummary:
    """Sensitivity, false lesions and shares over several scans."""
    reference = [lesion for one in comparisons for lesion in one.reference]
    scored = [lesion for one in comparisons for lesion in one.scored]
    found = sum(lesion.found for lesion in reference)
    false = sum(not lesion.coronary for lesion in scored)
    both = sum(one.calcium.both_mm3 for one in comparisons)
    sensitivity = _ratio(both, sum(one.calcium.known_mm3 for one in comparisons))
    ppv = _ratio(both, sum(one.calcium.scored_mm3 for one in comparisons))
    return LesionSummary(
        scans=len(comparisons),
        reference=len(reference),
        found=found,
        false=false,
        sensitivity=_ratio(found, len(reference)),
        false_per_scan=_ratio(false, len(comparisons)),
        volume_sensitivity=sensitivity,
        volume_ppv=ppv,
        volume_f1=_harmonic(sensitivity, ppv),
        class_share=_class_share(scored),
        wrong_vessel_share=_wrong_vessel_share(scored),
    )


def _islands(volume: Volume, protocol: Protocol, scored: LabelVolume, known: LabelVolume) -> Islands | None:
    """Islands of the slices in which anything is labelled."""
    filled = np.flatnonzero([bool(a.any() or b.any()) for a, b in zip(scored, known, strict=True)])
    if not filled.size:
        return None
    row, column = volume.pixel_spacing_mm
    span = slice(int(filled[0]), int(filled[-1]) + 1)
    return find_islands(volume.hu, protocol, row * column, region=(span, slice(None), slice(None)))


def _owners(labels: LabelVolume, islands: Islands) -> LabelVolume:
    here = labels.reshape(-1)[islands.flat]
    return np.where(here <= _VESSELS, here, 0).astype(np.uint8)


def _reference(lesion: MeasuredLesion, ours: LabelVolume) -> ReferenceLesion:
    taken = np.bincount(ours[lesion.voxels], minlength=_VESSELS + 1)[1:]
    return ReferenceLesion(
        vessel=lesion.vessel,
        agatston=lesion.agatston,
        volume_mm3=lesion.volume_mm3,
        centre_lps_mm=lesion.centre_lps_mm,
        found=bool(taken.any()),
        scored_as=tuple(Vessel)[int(taken.argmax())] if taken.any() else None,
        scored_share=float(taken.sum() / len(lesion.voxels)),
    )


def _found(
    lesion: MeasuredLesion, truth: LabelVolume, names: Mapping[int, str], lesions: Sequence[Lesion]
) -> FoundLesion:
    labels, counts = np.unique(truth[lesion.voxels], return_counts=True)
    lies_on: dict[str, float] = {}
    for label, count in zip(labels.tolist(), counts.tolist(), strict=True):
        name = names.get(label, ANATOMY)
        lies_on[name] = lies_on.get(name, 0.0) + count / len(lesion.voxels)
    same = [one for one in lesions if one.vessel is lesion.vessel]
    nearest = min(same, key=lambda one: _distance(one.centre_lps_mm, lesion.centre_lps_mm), default=None)
    return FoundLesion(
        vessel=lesion.vessel,
        agatston=lesion.agatston,
        volume_mm3=lesion.volume_mm3,
        centre_lps_mm=lesion.centre_lps_mm,
        confidence=nearest.confidence if nearest else None,
        evidence=nearest.evidence if nearest else (),
        lies_on=lies_on,
    )


def _distance(one: Point, other: Point) -> float:
    return float(np.linalg.norm(np.subtract(one, other)))


def _class_share(scored: Sequence[FoundLesion]) -> dict[str, float]:
    """Share of the summed score that lies on what is not coronary; a lesion is divided by its voxels."""
    total = sum(lesion.agatston for lesion in scored)
    share: dict[str, float] = {}
    for lesion in scored:
        for name, part in lesion.lies_on.items():
            if name not in set(Vessel):
                share[name] = share.get(name, 0.0) + part * lesion.agatston / total
    return share


def _wrong_vessel_share(scored: Sequence[FoundLesion]) -> float | None:
    coronary = wrong = 0.0
    for lesion in scored:
        for name, part in lesion.lies_on.items():
            if name in set(Vessel):
                coronary += part * lesion.agatston
                wrong += part * lesion.agatston * (name != lesion.vessel)
    return _ratio(wrong, coronary)


def _ratio(part: float, of: float) -> float | None:
    return part / of if of else None


def _harmonic(one: float | None, other: float | None) -> float | None:
    if one is None or other is None or not one + other:
        return None
    return 2 * one * other / (one + other)
