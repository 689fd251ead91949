"""Stents: a bright tube, dark inside and closed all around. Always "possible": calcified rings look alike."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy import Anatomy
from scoring.quality.limits import (
    LIMITS,
    STENT_CLOSED_IN_PLAQUE_MM3,
    STENT_CLOSED_MM3,
    STENT_CLOSED_SHARE,
    STENT_PEAK_HU,
    STENT_WALL_HU,
    STENT_WHOLE_SHARE,
)
from scoring.result import Finding
from scoring.volume import HuVolume, Volume

Values = npt.NDArray[np.float64]
Slab = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

OUTSIDE_MM = 9.0
FROM_BONE_MM = 4.0
LEAST_EXTENT_MM = 8.0
MARGIN_MM = 4.0
REACH_MM = 3.2
"""From any place in the lumen of a stent of 4 mm to the wall beyond its middle."""
DIRECTIONS = 8
CLOSED_DIRECTIONS = 7
DIP = 0.15
"""The lumen is darker than both walls by this share of the darker one."""
WALL_SHARE = 0.8
LUMEN_HU = -50.0
LEAST_LUMEN = 6
GAP_MM = 1.0


def stents(volume: Volume, anatomy: Anatomy) -> list[Finding]:
    """Whether a bright piece at the heart is hollow like a stent."""
    row, column = volume.pixel_spacing_mm
    step_mm = np.array([volume.slice_increment_mm, row, column])
    lengths = sorted(_hollow_mm(hu, own, step_mm) for hu, own in _bright_pieces(volume, anatomy, step_mm))
    severity = LIMITS["stent"].severity(lengths[-1]) if lengths else None
    if severity is None:
        return []
    sentence = (
        f"a bright tube, hollow over {lengths[-1]:.0f} mm: a stent is possible, which cannot be told from calcium; the "
        "score is not meant for treated arteries"
    )
    return [Finding(code="stent_possible", severity=severity, sentence=sentence, measured=lengths[-1], unit="mm")]


def _bright_pieces(volume: Volume, anatomy: Anatomy, step_mm: Values) -> Iterator[tuple[Slab, Mask]]:
    """HU and mask of each large, bright piece at the heart, with a margin in the slice."""
    box = _box(volume, anatomy)
    hu = volume.hu[box]
    bright = np.argwhere(hu > STENT_WALL_HU)
    if not len(bright):
        return
    corner = np.array([part.start for part in box])
    at_heart = anatomy.at(anatomy.millimetres(bright + corner))
    bright = bright[(at_heart.inside_closed > -OUTSIDE_MM) & (at_heart.bone > FROM_BONE_MM)]
    if not len(bright):
        return
    margin = np.array([0, *np.ceil(MARGIN_MM / step_mm[1:])], int)
    low, high = bright.min(0), bright.max(0) + 1
    labels = np.zeros(high - low + 2 * margin, np.int32)
    labels[tuple((bright - low + margin).T)] = 1
    ndimage.label(labels, np.ones((3, 3, 3)), output=labels)
    for number, found in enumerate(ndimage.find_objects(labels), start=1):
        extent = np.array([part.stop - part.start for part in found]) * step_mm
        if np.linalg.norm(extent) < LEAST_EXTENT_MM:
            continue
        wide = tuple(slice(part.start - m, part.stop + m) for part, m in zip(found, margin, strict=True))
        own = labels[wide] == number
        values = _padded_window(hu, [part.start - m + at for part, m, at in zip(wide, margin, low, strict=True)], own)
        if values[own].max() >= STENT_PEAK_HU:
            yield values, own


def _padded_window(hu: HuVolume, start: Sequence[int], own: Mask) -> Slab:
    """The part of a volume under a mask that begins at `start`; what lies outside it repeats the border."""
    places = [
        np.clip(np.arange(at, at + size), 0, most - 1)
        for at, size, most in zip(start, own.shape, hu.shape, strict=True)
    ]
    window: Slab = hu[np.ix_(*places)].astype(np.float32)
    return window


def _box(volume: Volume, anatomy: Anatomy) -> tuple[slice, slice, slice]:
    """Box of the scan around the closed outline of the heart and what may lie on it."""
    outline = anatomy.opened.inside_closed_mm > -OUTSIDE_MM
    corners = []
    for edge in (0, -1):
        at = [
            np.flatnonzero(outline.any(tuple(other for other in range(3) if other != axis)))[edge] for axis in range(3)
        ]
        corners.append([anatomy.grid.axis_mm(axis)[anatomy.opened.box[axis].start + at[axis]] for axis in range(3)])
    voxels = np.rint(anatomy.grid.voxels(np.array(corners))).astype(int)
    low, high = np.maximum(voxels.min(0) - 2, 0), np.minimum(voxels.max(0) + 3, volume.hu.shape)
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])


def _hollow_mm(hu: Slab, own: Mask, step_mm: Values) -> float:
    """Length of the longest stretch over which a piece is a closed, hollow tube; 0 where none is."""
    lumen, closed = _lumen(hu, own, step_mm)
    if len(lumen) < LEAST_LUMEN:
        return 0.0
    points = np.argwhere(own) * step_mm
    middle = points.mean(0)
    axis = np.linalg.eigh(np.cov((points - middle).T))[1][:, -1]
    filled = np.unique(np.floor((points - middle) @ axis))
    at = np.floor((lumen * step_mm - middle) @ axis)
    longest = 0.0
    for first, last in _stretches(np.unique(at), step_mm):
        inside = closed & (at >= first) & (at <= last)
        length = last - first + 1.0
        share = np.unique(at[inside]).size / max(1, ((filled >= first) & (filled <= last)).sum())
        whole = length >= STENT_WHOLE_SHARE * (filled[-1] - filled[0] + 1.0)
        wanted = STENT_CLOSED_MM3 if whole else STENT_CLOSED_IN_PLAQUE_MM3
        if share >= STENT_CLOSED_SHARE and inside.sum() * float(np.prod(step_mm)) >= wanted:
            longest = max(longest, float(length))
    return longest


def _stretches(places_mm: Values, step_mm: Values) -> list[tuple[float, float]]:
    """First and last of each run of ascending places without a gap wider than a slice."""
    cuts = np.flatnonzero(np.diff(places_mm) > step_mm[0] + GAP_MM)
    starts, ends = np.append(0, cuts + 1), np.append(cuts, len(places_mm) - 1)
    return [(float(places_mm[start]), float(places_mm[end])) for start, end in zip(starts, ends, strict=True)]


def _lumen(hu: Slab, own: Mask, step_mm: Values) -> tuple[npt.NDArray[np.intp], Mask]:
    """Voxels darker than walls on both sides: indices (n, 3), and which are closed all around in their slice.

    In a stent that lies in the slice the walls above and below fill the lumen: it is bright itself.
    """
    inner = ndimage.binary_dilation(own, np.ones((1, 3, 3)), iterations=int(np.ceil(1.5 / step_mm[1:].min())))
    index = np.argwhere(inner & (hu > LUMEN_HU))
    walls = np.stack([_wall(hu, own, index, step_mm, direction) for direction in range(DIRECTIONS)], axis=1)
    here = hu[tuple(index.T)]
    half = DIRECTIONS // 2
    lower = np.minimum(walls[:, :half], walls[:, half:]).max(1)
    dark = (lower > STENT_WALL_HU) & (here < (1.0 - DIP) * lower)
    closed = (walls > WALL_SHARE * lower[:, None]).sum(1) >= CLOSED_DIRECTIONS
    kept = dark & (closed | own[tuple(index.T)])
    return index[kept], closed[kept]


def _wall(hu: Slab, own: Mask, index: npt.NDArray[np.intp], step_mm: Values, direction: int) -> npt.NDArray[np.float32]:
    """Brightest voxel of the piece within reach of each place, looking one way in the slice."""
    angle = 2 * np.pi * direction / DIRECTIONS
    finest = float(step_mm[1:].min())
    brightest = np.zeros(len(index), np.float32)
    for away in np.arange(finest, REACH_MM, finest):
        row = np.rint(index[:, 1] + away * np.sin(angle) / step_mm[1]).astype(np.intp)
        column = np.rint(index[:, 2] + away * np.cos(angle) / step_mm[2]).astype(np.intp)
        row, column = np.clip(row, 0, own.shape[1] - 1), np.clip(column, 0, own.shape[2] - 1)
        seen = np.where(own[index[:, 0], row, column], hu[index[:, 0], row, column], 0.0)
        np.maximum(brightest, seen, out=brightest)
    return brightest
