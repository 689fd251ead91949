"""Faults painted into the images of a phantom, by other means than the phantom's own, and what each must raise.

Each maker takes a scan and gives a scan; positions are LPS millimetres.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from scoring.anatomy import find_anatomy
from scoring.phantom import Phantom, demo_spec, make_phantom
from scoring.protocol import PRESETS
from scoring.quality import image_findings
from scoring.result import Finding, Severity, UnfitError, Vessel
from scoring.volume import Volume
from tests.support.phantoms import brighter, demo_phantom, noisier, slices_of

BLUR_MM = 0.45
SAMPLES_ACROSS, SAMPLES_IN_SLICE = 4, 3
HIGHEST_HU = 3071
SPACING_MM = 0.25
PART = 40
"""Points of a rod that are painted at once."""


@lru_cache(maxsize=1)
def fine_phantom() -> Phantom:
    """The demo's person with pixels as small as those of a calcium scan, without noise specks or look-alikes."""
    return make_phantom(replace(demo_spec(), matrix=360, fov_mm=190.0, distractors=()))


def with_hu(volume: Volume, hu: npt.NDArray[np.floating]) -> Volume:
    """The same grid with other values."""
    whole = np.clip(np.rint(hu), -1024, None).astype(np.int16)
    return Volume(hu=whole, voxel_to_lps_mm=volume.voxel_to_lps_mm.copy())


def rod(
    volume: Volume, points_lps_mm: npt.ArrayLike, radius_mm: float, density_hu: float, *, wall_mm: float | None = None
) -> Volume:
    """A round rod, or a tube with a wall, along a line; blurred and stored in 12 bits as a scanner does."""
    return rods(volume, [points_lps_mm], radius_mm, density_hu, wall_mm=wall_mm)


def rods(
    volume: Volume,
    lines: Sequence[npt.ArrayLike],
    radius_mm: float,
    density_hu: float,
    *,
    wall_mm: float | None = None,
) -> Volume:
    """Several rods or tubes."""
    hu = np.array(volume.hu, np.float32)
    for line in lines:
        points = _dense(np.atleast_2d(np.asarray(line, float)))
        part = len(points) if wall_mm else PART  # a rod in parts: their boxes are smaller than that of the whole
        for start in range(0, len(points), part):
            inner_mm = radius_mm - wall_mm if wall_mm else 0.0
            box, share = _share(volume, points[start : start + part + 1], radius_mm, inner_mm)
            hu[box] = np.minimum(hu[box] + share * (density_hu - hu[box]), HIGHEST_HU)
    return with_hu(volume, hu)


def _share(
    volume: Volume, line: npt.NDArray[np.float64], radius_mm: float, inner_mm: float
) -> tuple[tuple[slice, ...], npt.NDArray[np.float64]]:
    """How much of each voxel of a box lies between two distances from a line, blurred in the slice."""
    step = np.array([volume.slice_increment_mm, *volume.pixel_spacing_mm])
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    index = line @ inverse[:3, :3].T + inverse[:3, 3]
    margin = np.ceil((radius_mm + np.array([0.0, 3 * BLUR_MM, 3 * BLUR_MM])) / step) + 1
    low = np.maximum(np.floor(index.min(0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(index.max(0) + margin) + 1, volume.hu.shape).astype(int)
    size, fine = high - low, np.array([SAMPLES_ACROSS, SAMPLES_IN_SLICE, SAMPLES_IN_SLICE])
    axes = [low[k] - 0.5 + (np.arange(size[k] * fine[k]) + 0.5) / fine[k] for k in range(3)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    lps = places.reshape(-1, 3) @ volume.voxel_to_lps_mm[:3, :3].T + volume.voxel_to_lps_mm[:3, 3]
    away = cKDTree(line).query(lps, distance_upper_bound=radius_mm + 0.1)[0].reshape(places.shape[:3])
    filled = (away <= radius_mm) & (away >= inner_mm)
    share = ndimage.gaussian_filter(filled.astype(float), [0.0, *(BLUR_MM * fine[1:] / step[1:])], truncate=3.0)
    share = share.reshape(size[0], fine[0], size[1], fine[1], size[2], fine[2]).mean((1, 3, 5))
    return tuple(slice(start, end) for start, end in zip(low, high, strict=True)), share


def _dense(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    run = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    at = np.arange(0.0, run[-1] + SPACING_MM, SPACING_MM)
    return np.stack([np.interp(at, run, points[:, axis]) for axis in range(3)], axis=1)


def mirrored_in_the_body(volume: Volume) -> Volume:
    """Left and right of the person exchanged; the scan's frame stays."""
    return with_hu(volume, volume.hu[:, :, ::-1].astype(float))


def stepped(volume: Volume, by_mm: float) -> Volume:
    """The upper half of the slices shifted to the left against the lower."""
    hu = np.array(volume.hu)
    upper = slice(len(hu) // 2, None)
    hu[upper] = np.roll(hu[upper], round(by_mm / volume.pixel_spacing_mm[1]), axis=2)
    return with_hu(volume, hu.astype(float))


def doubled(volume: Volume, by_mm: float) -> Volume:
    """Every image seen twice, so far apart to the left and right."""
    columns = round(by_mm / volume.pixel_spacing_mm[1])
    return with_hu(volume, (volume.hu.astype(float) + np.roll(volume.hu, columns, axis=2)) / 2)


def streaked(volume: Volume, sd_hu: float) -> Volume:
    """Noise that runs from left to right, as between arms beside the chest."""
    row, column = volume.pixel_spacing_mm
    noise = np.random.default_rng(3).normal(size=volume.hu.shape)
    noise = ndimage.gaussian_filter(noise, (0.0, 0.6 / row, 15.0 / column))
    return with_hu(volume, volume.hu + sd_hu * noise / noise.std())


def blanked(volume: Volume, centre_lps_mm: npt.ArrayLike, half_mm: float) -> Volume:
    """A cube of the lowest value where images lack pixels."""
    hu = np.array(volume.hu, float)
    low = _index(volume, np.asarray(centre_lps_mm, float) - half_mm)
    high = _index(volume, np.asarray(centre_lps_mm, float) + half_mm)
    hu[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = -1024
    return with_hu(volume, hu)


def overflowing(volume: Volume, centre_lps_mm: npt.ArrayLike) -> Volume:
    """Dense metal whose middle exceeds what is stored and comes back as the lowest value."""
    hu = np.array(volume.hu, float)
    z, y, x = _index(volume, centre_lps_mm)
    hu[z - 1 : z + 2, y - 4 : y + 5, x - 4 : x + 5] = 1900
    hu[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = -1024
    return with_hu(volume, hu)


def _index(volume: Volume, lps_mm: npt.ArrayLike) -> npt.NDArray[np.intp]:
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    index: npt.NDArray[np.intp] = np.rint(inverse[:3, :3] @ np.asarray(lps_mm, float) + inverse[:3, 3]).astype(np.intp)
    return index


def repeated(volume: Volume) -> Volume:
    """One slice that holds the image of its neighbour."""
    hu = np.array(volume.hu, float)
    hu[len(hu) // 2] = hu[len(hu) // 2 - 1]
    return with_hu(volume, hu)


# ------------------------------------------------------------------------------------------ faults of the heart


def in_frame(x: float, y: float, z: float) -> npt.NDArray[np.float64]:
    """A place of the fine phantom's heart, canonical millimetres to LPS."""
    place: npt.NDArray[np.float64] = fine_phantom().patient.frame.to_lps(np.array([[x, y, z]], float))[0]
    return place


def stented(vessel: Vessel) -> Volume:
    """A tube of 3 mm and 14 mm long in place of a stretch of an artery."""
    course = fine_phantom().patient.tree.main[vessel]
    stretch = course.between(min(12.0, course.length_mm - 14), min(26.0, course.length_mm)).points_lps_mm
    return rod(fine_phantom().volume, stretch, 1.75, 2200.0, wall_mm=0.4)


def clipped(clips: int) -> Volume:
    """Clips of 3 mm along a graft over the front of the heart, 16 mm apart."""
    places = [(-10 + 12 * k, -52 + 2 * k, 52 - 13 * k) for k in range(clips)]
    ends = [np.stack([in_frame(x - 1, y, z), in_frame(x + 1, y, z)]) for x, y, z in places]
    return rods(fine_phantom().volume, ends, 1.1, 6000.0)


def wired(volume: Volume, count: int) -> Volume:
    """Wires through the sternum."""
    places = [(x, -84, z) for z in np.linspace(-20, 40, count) for x in (0.0,)]
    lines = [np.stack([in_frame(x - 9, y, z), in_frame(x + 9, y, z)]) for x, y, z in places]
    return rods(volume, lines, 0.7, 6000.0)


def with_lead() -> Volume:
    """From the superior vena cava to the apex of the right ventricle."""
    way = [(-42, 14, 60), (-38, 12, 10), (-20, -5, -15), (10, -34, -27)]
    return rod(fine_phantom().volume, np.stack([in_frame(*place) for place in way]), 1.0, 6000.0)


LITERATURE = PRESETS["literature"]

Expected = set[tuple[str, Severity]]

FAULTS: dict[str, tuple[Callable[[], Volume], Expected]] = {
    "contrast": (lambda: brighter(demo_phantom().volume, 70.0), {("contrast", Severity.REFUSE)}),
    "noise": (lambda: noisier(demo_phantom().volume, 38.0), {("noise", Severity.REFUSE)}),
    "no top": (lambda: slices_of(demo_phantom().volume, slice(0, 30)), {("coverage", Severity.REFUSE)}),
    "no apex": (lambda: slices_of(demo_phantom().volume, slice(16, None)), {("coverage", Severity.WEAKENS)}),
    "mirrored": (lambda: mirrored_in_the_body(demo_phantom().volume), {("mirrored", Severity.REFUSE)}),
    "a step of 4 mm": (lambda: stepped(demo_phantom().volume, 4.0), {("motion_possible", Severity.WEAKENS)}),
    "seen twice, 5 mm apart": (lambda: doubled(demo_phantom().volume, 5.0), {("motion_possible", Severity.WEAKENS)}),
    "streaks": (lambda: streaked(demo_phantom().volume, 25.0), {("streak", Severity.WEAKENS)}),
    "a slice twice": (lambda: repeated(demo_phantom().volume), {("duplicates", Severity.REFUSE)}),
    "a lead": (with_lead, {("metal", Severity.WEAKENS), ("saturation", Severity.WEAKENS)}),
    "clips": (lambda: clipped(4), {("cabg_possible", Severity.WEAKENS)}),
    "a clip and wires": (lambda: wired(clipped(1), 4), {("cabg_possible", Severity.WEAKENS)}),
    "wires alone": (
        lambda: wired(fine_phantom().volume, 4),
        {("cabg_possible", Severity.NOTE), ("metal", Severity.NOTE)},
    ),
    "a stent across the slices": (lambda: stented(Vessel.RCA), {("stent_possible", Severity.WEAKENS)}),
    "a stent along the slices": (lambda: stented(Vessel.LAD), {("stent_possible", Severity.WEAKENS)}),
    "values that wrapped": (
        lambda: overflowing(fine_phantom().volume, in_frame(0, -20, 0)),
        {("saturation", Severity.WEAKENS)},
    ),
    "a hole in the heart": (
        lambda: blanked(fine_phantom().volume, in_frame(0, -10, 0), 6.0),
        {("padding", Severity.REFUSE)},
    ),
}
"""Scans with one fault each, and the findings that it must raise."""


@cache
def findings_of(fault: str) -> tuple[Finding, ...]:
    """Findings of the image of one fault of the table, without the line that stands on every result."""
    return findings_in(FAULTS[fault][0]())


def findings_in(volume: Volume) -> tuple[Finding, ...]:
    """Findings of an image, without the line that stands on every result; a refusal by anatomy is one of them."""
    try:
        anatomy = find_anatomy(volume)
    except UnfitError as unfit:
        return (unfit.finding,)
    found = image_findings(volume, anatomy, LITERATURE)
    return tuple(finding for finding in found if finding.code != "not_judged")
