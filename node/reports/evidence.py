"""Why each lesion was counted or not, as pages for a person: `calcium-node score --explain`. No DICOM object."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from node.facts import Picture
from node.pictures import (
    AMBER,
    ASCENDING,
    DESCENDING,
    TILES,
    Colour,
    Ellipse,
    ExplainRow,
    ExplainTile,
    Mark,
    explain_page,
    png,
)
from node.reports.captures import LABEL_COLOURS
from node.reports.plan import COLOURS
from node.reports.spelling import one_decimal
from scoring.result import EXCLUDED_LABEL, Excluded, Landmark, Lesion, MaskVolume, Score, Unfit, printed_agatston
from scoring.volume import Volume

FAT_HU = (-190, -30)
MARGIN_MM = 12.0
SLICES_OF_A_REFUSAL = 6
CIRCLE_COLOURS = {"ascending aorta": ASCENDING, "descending aorta": DESCENDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A lesion or excluded calcium, with its place in the volume."""

    number: str
    verdict: str
    colour: Colour
    agatston: float
    confidence: float
    evidence: tuple[str, ...]
    place: tuple[float, float, float]  # slice, row, column

    @property
    def slice_index(self) -> int:
        return round(self.place[0])


def explain(result: Score | Unfit, volume: Volume) -> tuple[Picture, ...]:
    """Pages with every candidate on the slice of its centre: heart region, aorta, fat, verdict and evidence.

    Parameters
    ----------
    result : Score or Unfit
        Of a refused series the slices show what was taken for the heart, where anything was.
    volume : Volume
        The volume that was scored.
    """
    if isinstance(result, Unfit):
        return _refused(result, volume)
    candidates = _candidates(result, volume)
    slices = sorted({candidate.slice_index for candidate in candidates}, reverse=True)
    if not slices:
        slices = _spread_over(result.heart)
    return tuple(
        Picture(file_name=f"explain-{number:02}.png", data=png(_page(result, volume, candidates, chosen, number)))
        for number, chosen in enumerate(_batches(slices), start=1)
    )


def _batches(slices: Sequence[int]) -> list[list[int]]:
    return [list(slices[start : start + TILES]) for start in range(0, len(slices), TILES)] or [[]]


def _candidates(score: Score, volume: Volume) -> list[_Candidate]:
    found: list[Lesion | Excluded] = [*score.lesions, *score.excluded]
    return [_candidate(number, item, volume) for number, item in enumerate(found, start=1)]


def _candidate(number: int, item: Lesion | Excluded, volume: Volume) -> _Candidate:
    last = np.array(volume.hu.shape) - 1
    voxel = np.linalg.solve(volume.voxel_to_lps_mm, np.append(item.centre_lps_mm, 1.0))[:3]
    at = np.clip(voxel, 0, last)
    counted = isinstance(item, Lesion)
    return _Candidate(
        number=str(number),
        verdict=f"{item.vessel}" if isinstance(item, Lesion) else f"not counted: {item.what}",
        colour=COLOURS[item.vessel] if isinstance(item, Lesion) else AMBER,
        agatston=item.agatston,
        confidence=item.confidence,
        evidence=item.evidence,
        place=(_slice_of(item, at[0]) if counted else float(at[0]), float(at[1]), float(at[2])),
    )


def _slice_of(item: Lesion | Excluded, centre: float) -> float:
    """The slice of a lesion nearest to its centre: a bent lesion may have none of its voxels there."""
    slices = item.slices if isinstance(item, Lesion) else ()
    return float(min(slices, key=lambda index: abs(index - centre))) if slices else centre


def _page(
    score: Score, volume: Volume, candidates: Sequence[_Candidate], slices: Sequence[int], number: int
) -> npt.NDArray[np.uint8]:
    here = [candidate for candidate in candidates if candidate.slice_index in slices]
    box = _box(score.heart, volume)
    tiles = [
        _tile(
            volume, score.heart, score.labels, score.landmarks, index, box, [c for c in here if c.slice_index == index]
        )
        for index in slices
    ]
    total = (
        f"Agatston {printed_agatston(score.total.agatston)}: {len(score.lesions)} counted, {len(score.excluded)} not"
    )
    return explain_page(
        f"{total}; page {number}, preliminary",
        tuple(tiles),
        tuple(_row(candidate) for candidate in here),
        LABEL_COLOURS,
        excluded=EXCLUDED_LABEL,
        notes=() if here else ("No calcium was found at the heart; the slices show where it was looked for.",),
    )


def _row(candidate: _Candidate) -> ExplainRow:
    return ExplainRow(
        number=candidate.number,
        verdict=candidate.verdict,
        colour=candidate.colour,
        agatston=one_decimal(candidate.agatston),
        confidence=f"{candidate.confidence:.2f}",
        evidence="; ".join(candidate.evidence),
    )


def _refused(unfit: Unfit, volume: Volume) -> tuple[Picture, ...]:
    heart = np.zeros(volume.hu.shape, bool) if unfit.heart is None else unfit.heart
    labels = np.zeros(volume.hu.shape, np.uint8)
    box = _box(heart, volume)
    tiles = [_tile(volume, heart, labels, unfit.landmarks, index, box, ()) for index in _spread_over(heart)]
    page = explain_page(
        f"Not scored: {unfit.reason.code}",
        tuple(tiles),
        (),
        LABEL_COLOURS,
        excluded=EXCLUDED_LABEL,
        notes=(unfit.reason.sentence,),
    )
    return (Picture(file_name="explain-01.png", data=png(page)),)


def _spread_over(heart: MaskVolume) -> list[int]:
    """Slices from the top of the heart to its bottom, or of the whole where none was found."""
    reached = np.flatnonzero(heart.any(axis=(1, 2)))
    low, high = (int(reached[0]), int(reached[-1])) if reached.size else (0, len(heart) - 1)
    return sorted({int(index) for index in np.linspace(high, low, SLICES_OF_A_REFUSAL).round()}, reverse=True)


def _box(heart: MaskVolume, volume: Volume) -> tuple[slice, slice]:
    """The heart with a margin, in rows and columns; everything where no heart was found."""
    flat: MaskVolume = np.asarray(heart.any(axis=0))
    if not flat.any():
        return slice(0, flat.shape[0]), slice(0, flat.shape[1])
    sides = []
    for axis, step in zip((1, 0), volume.pixel_spacing_mm, strict=True):
        at = np.flatnonzero(flat.any(axis=axis))
        margin = round(MARGIN_MM / step)
        sides.append(slice(max(0, int(at[0]) - margin), int(at[-1]) + margin + 1))
    return sides[0], sides[1]


def _tile(
    volume: Volume,
    heart: MaskVolume,
    labels: npt.NDArray[np.uint8],
    landmarks: Sequence[Landmark],
    index: int,
    box: tuple[slice, slice],
    candidates: Sequence[_Candidate],
) -> ExplainTile:
    hu = volume.hu[index][box]
    inside = heart[index][box]
    row, column = box[0].start, box[1].start
    step_row, step_column = volume.pixel_spacing_mm
    return ExplainTile(
        caption=f"slice {index + 1} of {len(volume.hu)}",
        hu=hu,
        labels=labels[index][box],
        heart=inside,
        fat=inside & (hu > FAT_HU[0]) & (hu < FAT_HU[1]),
        circles=tuple(
            Ellipse(
                row=mark.row - row,
                column=mark.column - column,
                row_radius=mark.radius_mm / step_row,
                column_radius=mark.radius_mm / step_column,
                colour=CIRCLE_COLOURS.get(mark.what, ASCENDING),
            )
            for mark in landmarks
            if mark.slice_index == index
        ),
        marks=tuple(
            Mark(row=one.place[1] - row, column=one.place[2] - column, words=one.number, colour=one.colour)
            for one in candidates
        ),
    )
