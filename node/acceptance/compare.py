"""Compare one scored series with what is known of it, voxel by voxel or ball by ball. Runs inside the sandbox.

The scored voxels are those of the Segmentation that this node has just written: what is judged is what is delivered.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict
from scipy import ndimage
from scipy.spatial import cKDTree

from node.acceptance.reference import Contour, KnownLesion, Reference
from node.facts import CalciumNodeError
from node.pipeline.series_job import JobRequest
from node.reading import SeriesRead, read_series
from node.reading.masks import read_masks
from scoring.evaluate import compare_labels
from scoring.measures import agatston_in_mask
from scoring.protocol import PRESETS, Protocol, ScoringChoices, protocol_for
from scoring.result import LabelVolume, MaskVolume, UnfitError, Vessel
from scoring.volume import Volume

PIXELS_AGREE = 1.5
"""Points given in pixels and in millimetres may lie so many pixels apart: their origins differ by half a pixel."""


class ComparisonError(CalciumNodeError):
    """Why a reference cannot be laid onto its series."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LesionCounts(_Message):
    """Lesions of one series; volumes are None where the reference marks no voxels."""

    reference: int
    found: int
    false: int
    known_mm3: float | None = None
    scored_mm3: float | None = None
    both_mm3: float | None = None


class Errand(_Message):
    """What the child is told."""

    request: JobRequest
    reference: Reference
    segmentation: Path | None  # ours, of the score; None: nothing was scored


class Compared(_Message):
    """What it answers: figures of the reference, measured where it marks voxels."""

    total: float | None
    vessels: dict[Vessel, float] | None
    lesions: LesionCounts | None
    notes: tuple[str, ...] = ()
    fault: str | None = None  # why the reference cannot be used


def compare_in_child(errand_text: str) -> str:
    """Body of the child: an errand as JSON to figures as JSON."""
    errand = Errand.model_validate_json(errand_text)
    try:
        return _compared(errand).model_dump_json()
    except (CalciumNodeError, UnfitError) as fault:
        return Compared(total=None, vessels=None, lesions=None, fault=str(fault)).model_dump_json()


def _compared(errand: Errand) -> Compared:
    series = read_series(errand.request.paths)
    protocol = _protocol(errand.request, series)
    scored = np.zeros(series.volume.hu.shape, np.uint8)
    if errand.segmentation is not None:
        scored = _labels(read_masks(errand.segmentation, series).vessels, series.volume)
    reference = errand.reference
    if not reference.marks_voxels:
        lesions = _by_balls(series.volume, scored, reference.lesions or ())
        return Compared(total=reference.total, vessels=reference.vessels, lesions=lesions)
    known, notes = _known(reference, series)
    vessels = {vessel: agatston_in_mask(series.volume, known == vessel.label, protocol).agatston for vessel in Vessel}
    comparison = compare_labels(series.volume, protocol, scored=scored, known=known, look_alikes={})
    counts = LesionCounts(
        reference=len(comparison.reference),
        found=sum(lesion.found for lesion in comparison.reference),
        false=sum(not lesion.coronary for lesion in comparison.scored),
        known_mm3=comparison.calcium.known_mm3,
        scored_mm3=comparison.calcium.scored_mm3,
        both_mm3=comparison.calcium.both_mm3,
    )
    return Compared(total=sum(vessels.values()), vessels=vessels, lesions=counts, notes=notes)


def _protocol(request: JobRequest, series: SeriesRead) -> Protocol:
    choices = ScoringChoices(preset=request.preset, kvp_rule=request.kvp_rule, assume_kvp=request.assume_kvp)
    try:
        return protocol_for(choices, series.acquisition)[0]
    except UnfitError:  # the series is refused for it; its reference still has a category
        return PRESETS["literature"]


def _labels(masks: Mapping[Vessel, MaskVolume], volume: Volume) -> LabelVolume:
    labels = np.zeros(volume.hu.shape, np.uint8)
    for vessel, mask in masks.items():
        labels[mask] = vessel.label
    return labels


def _known(reference: Reference, series: SeriesRead) -> tuple[LabelVolume, tuple[str, ...]]:
    if reference.segmentation is not None:
        given = read_masks(reference.segmentation, series)
        if not given.vessels:
            raise ComparisonError(
                "reference", f"{reference.source} has no segment that is coded as LM, LAD, LCX or RCA"
            )
        return _labels(given.vessels, series.volume), ()
    return contour_labels(series.volume, reference.contours or ())


# ------------------------------------------------------------------------------------------ contours


def contour_labels(volume: Volume, contours: Sequence[Contour]) -> tuple[LabelVolume, tuple[str, ...]]:
    """Label volume of polygons, and what was odd about them.

    A polygon lies in the slice whose position is within half an increment of its z, whatever its ImageIndex says.
    Polygons of one vessel add up; where two vessels overlap, the first in the order of vessels has the voxel.
    """
    labels = np.zeros(volume.hu.shape, np.uint8)
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    overlap, indices = 0, []
    for contour in sorted(contours, key=lambda one: one.vessel.label):
        points = np.array(contour.points_mm, float)
        at = (inverse @ np.column_stack([points, np.ones(len(points))]).T).T[:, :3]
        index = _slice_of(at, points, volume)
        indices.append((contour.image_index, index))
        inside = _filled(_in_plane(contour, at), volume.hu.shape[1:])
        taken = inside & (labels[index] > 0) & (labels[index] != contour.vessel.label)
        overlap += int(taken.sum())
        labels[index][inside & (labels[index] == 0)] = contour.vessel.label
    notes = [f"{overlap} pixels lie in contours of two vessels; the first has them"] if overlap else []
    astray = _astray(indices, len(volume.hu))
    if astray:
        notes.append(f"ImageIndex and Point_mm disagree in {astray} of {len(indices)} contours; Point_mm was used")
    return labels, tuple(notes)


def _slice_of(at: npt.NDArray[np.float64], points: npt.NDArray[np.float64], volume: Volume) -> int:
    index = round(float(at[:, 0].mean()))  # nearest: within half an increment
    if not 0 <= index < len(volume.hu):
        low, high = sorted(volume.to_lps_mm(np.array([[0, 0, 0], [len(volume.hu) - 1, 0, 0]]))[:, 2])
        raise ComparisonError(
            "reference",
            f"a contour lies at z {points[0, 2]:.1f} mm, where the series, {low:.1f} to {high:.1f} mm, has no slice",
        )
    return index


def _in_plane(contour: Contour, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Column and row of each point."""
    by_mm = at[:, [2, 1]]
    if not contour.points_px:
        return by_mm
    by_px = np.array(contour.points_px, float)
    apart = float(np.median(np.abs(by_px - by_mm)))
    if apart > PIXELS_AGREE:
        raise ComparisonError(
            "reference",
            f"Point_px and Point_mm of a contour lie {apart:.0f} pixels apart: the contours belong to another series",
        )
    return by_px


def _filled(points: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    plane = Image.new("1", (shape[1], shape[0]))
    flat = [(float(column), float(row)) for column, row in points]
    if len(flat) >= 3:
        ImageDraw.Draw(plane).polygon(flat, fill=1, outline=1)
    elif flat:
        ImageDraw.Draw(plane).line([*flat, flat[0]], fill=1)
    return np.array(plane, bool)


def _astray(indices: Sequence[tuple[int, int]], slices: int) -> int:
    """Contours whose ImageIndex is that of another slice, counted from the end that explains more of them."""
    upwards = sum(stated != index for stated, index in indices)
    downwards = sum(stated != slices - 1 - index for stated, index in indices)
    return min(upwards, downwards)


# ------------------------------------------------------------------------------------------ balls


def _by_balls(volume: Volume, scored: LabelVolume, lesions: Sequence[KnownLesion]) -> LesionCounts:
    """Lesions that are known by a ball: found with one scored voxel in it; false is what lies in none."""
    places = np.argwhere(scored > 0)
    # 26-connected within a vessel, as lesions of a score are
    number = np.zeros(scored.shape, np.int32)
    for vessel in Vessel:
        mine = ndimage.label(scored == vessel.label, np.ones((3, 3, 3)))[0]
        number[mine > 0] = mine[mine > 0] + number.max()
    ours = number[tuple(places.T)]
    in_ball = np.zeros(len(places), bool)
    found = 0
    if len(places):
        tree = cKDTree(volume.to_lps_mm(places))
        for lesion in lesions:
            near = tree.query_ball_point(lesion.centre_lps_mm, lesion.radius_mm)
            found += bool(near)
            in_ball[near] = True
    false = len(np.unique(ours)) - len(np.unique(ours[in_ball]))
    return LesionCounts(reference=len(lesions), found=found, false=false)
