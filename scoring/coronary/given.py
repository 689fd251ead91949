"""What a segmentation from outside changes in the verdicts: a reader's marks decide, given anatomy takes our place."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.candidates import Islands, Region
from scoring.coronary.classify import Classification, Judged
from scoring.given import GivenMasks
from scoring.result import EXCLUDED_LABEL, Finding, MaskVolume, Severity, Vessel
from scoring.volume import Volume

WALL_MM = 1.5
"""Segmenters leave the calcified wall in or out of the aorta: so far beyond its mask calcium is still the wall's."""
COURSE_MM = 2.0
"""Calcium of a coronary artery touches a mask of its lumen or lies so near to it."""
HEART_MM = 10.0
"""Masks of the heart end at the muscle: arteries lie in the fat outside it, 8 mm at most in real hearts."""

_Where = npt.NDArray[np.bool_]  # (v,) beside Islands.flat


def with_given(classification: Classification, volume: Volume, islands: Islands, given: GivenMasks) -> Classification:
    """Verdicts under a given segmentation.

    Parameters
    ----------
    classification : Classification
        Our own verdicts on the same islands.
    volume : Volume
        For its spacing.
    islands : Islands
    given : GivenMasks
        Masks of the volume's shape.

    Returns
    -------
    Classification
        With a reader's marks every voxel above the threshold inside a mark counts for the mark's vessel, whatever we
        thought of it, and nothing else counts. With anatomy alone pieces change as wholes.
    """
    if given.vessels:
        return _as_marked(classification, islands, given)
    return _within_anatomy(classification, volume, islands, given)


def region_with(region: Region, given: GivenMasks) -> Region:
    """The box of the scan that is searched, widened to what a reader marked outside it."""
    sides = list(region)
    for mask in given.vessels.values():
        for axis, across in enumerate(((1, 2), (0, 2), (0, 1))):
            at = np.flatnonzero(mask.any(axis=across))
            if at.size:
                side = sides[axis]
                sides[axis] = slice(min(side.start, int(at[0])), max(side.stop, int(at[-1]) + 1))
    return sides[0], sides[1], sides[2]


def given_findings(given: GivenMasks, islands: Islands) -> list[Finding]:
    """That a segmentation from outside was used, and which of its marks count nothing."""
    if given.vessels:
        said = f"which calcium counts and whose it is was taken from a segmentation {given.source}"
    else:
        said = f"anatomy was taken from a segmentation {given.source} where it has it"
    if given.unused:
        said += f"; not used of it: {', '.join(sorted(set(given.unused)))}"
    findings = [Finding(code="segmentation", severity=Severity.NOTE, sentence=said)]
    for vessel, mask in given.vessels.items():
        marks, without = _marks_without(mask, islands)
        if without:
            sentence = (
                f"{without} of {marks} places marked as {vessel} hold no calcium that the protocol counts: "
                "they add nothing to the score"
            )
            findings.append(
                Finding(
                    code="segmentation",
                    severity=Severity.WEAKENS,
                    sentence=sentence,
                    measured=float(without),
                    unit="places",
                )
            )
    return findings


def _marks_without(mask: MaskVolume, islands: Islands) -> tuple[int, int]:
    """How many separate places are marked, and how many of them hold no voxel of an island large enough."""
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    large = islands.flat[islands.large_enough[islands.island]]
    return int(count), int(count) - len(np.setdiff1d(labels.reshape(-1)[large], [0]))


def _as_marked(classification: Classification, islands: Islands, given: GivenMasks) -> Classification:
    piece = classification.piece.copy()
    judged = [_unmarked(one) for one in classification.judged]
    taken: _Where = np.zeros(islands.flat.size, bool)
    for vessel, mask in given.vessels.items():
        inside = mask.reshape(-1)[islands.flat] & ~taken
        taken |= inside
        piece[inside] = len(judged)
        words = (f"marked as {vessel} in the given segmentation",)
        judged.append(Judged(label=vessel.label, confidence=1.0, evidence=words, what=None))
    return replace(classification, piece=piece, judged=tuple(judged))


def _unmarked(judged: Judged) -> Judged:
    if judged.label == EXCLUDED_LABEL:
        return judged
    vessel = tuple(Vessel)[judged.label - 1]
    words = (f"not marked in the given segmentation; this software would have taken it for {vessel}",)
    return Judged(label=EXCLUDED_LABEL, confidence=1.0, evidence=words, what="not marked by the reader")


def _within_anatomy(
    classification: Classification, volume: Volume, islands: Islands, given: GivenMasks
) -> Classification:
    count = len(classification.judged)
    member = classification.piece >= 0
    voxels = np.maximum(np.bincount(classification.piece[member], minlength=count), 1)

    def share(mask: MaskVolume, reach_mm: float) -> npt.NDArray[np.float64]:
        near = _near(mask, volume, reach_mm).reshape(-1)[islands.flat[member]]
        held: npt.NDArray[np.float64] = np.bincount(classification.piece[member], near, count) / voxels
        return held

    verdicts = list(classification.judged)
    for mask, reach, what in ((given.aorta, WALL_MM, "aortic wall"), (given.valves, WALL_MM, "heart valve")):
        if mask is not None:
            verdicts = _exclude(verdicts, share(mask, reach) >= 0.5, what, f"in the {what} of the given segmentation")
    if given.heart is not None:
        far = share(given.heart, HEART_MM) < 0.5
        verdicts = _exclude(verdicts, far, "calcium outside the heart", "outside the heart of the given segmentation")
    if given.coronaries is not None:
        off = share(given.coronaries, COURSE_MM) == 0
        verdicts = _exclude(verdicts, off, "other calcium at the heart", "off the given coronary arteries")
    return replace(classification, judged=tuple(verdicts))


def _exclude(verdicts: list[Judged], which: npt.NDArray[Any], what: str, words: str) -> list[Judged]:
    given = Judged(label=EXCLUDED_LABEL, confidence=0.95, evidence=(words,), what=what)
    return [given if out and one.what != what else one for one, out in zip(verdicts, which, strict=True)]


def _near(mask: MaskVolume, volume: Volume, reach_mm: float) -> MaskVolume:
    """The mask grown by so many millimetres within its slices and across them."""
    at = np.argwhere(mask)
    if not len(at):
        return mask
    spacing = (volume.slice_increment_mm, *volume.pixel_spacing_mm)
    margin = [int(np.ceil(reach_mm / step)) + 1 for step in spacing]
    low = np.maximum(at.min(0) - margin, 0)
    high = np.minimum(at.max(0) + margin + 1, mask.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    grown = np.zeros(mask.shape, bool)
    grown[box] = ndimage.distance_transform_edt(~mask[box], spacing) <= reach_mm
    return grown
