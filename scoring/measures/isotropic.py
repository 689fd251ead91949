"""Isotropic volume: linear interpolation across the slices, threshold after it, voxels counted (Callister 1998).

Only pixels that are bright in one of two neighbouring slices can be bright between them, so nothing is
resampled but those. Whose a sample between two slices is: that of the bright voxel, and where both are
bright that of the nearer one; a voxel of an island below the minimum size yields to one that is not. So
a plaque that meets a rib across the slices ends half-way, as its voxels do, and tapers off into a speck
of its own. The minimum size is tested in each interpolated slice on the whole island, before division.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.candidates import Indices, Islands, Shape, patches
from scoring.protocol import Protocol
from scoring.result import Vessel
from scoring.volume import HuVolume, Volume

SAMPLES_AT_ONCE = 1_000_000
"""Interpolated samples held at once: it bounds memory, not the result."""

BACKGROUND_HU = 0.0
"""Stands for a neighbour that is no number, so that interpolation stays one."""

_POSITION_DIGITS = 9  # of a slice: a sample within 1e-9 of a slice centre is that slice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Where the interpolated slices lie: from the first to the last slice centre, none beyond."""

    step_mm: float
    share: npt.NDArray[np.float64]  # (k,) 0 at the lower slice of its interval, 1 at the upper
    is_upper: npt.NDArray[np.bool_]  # (k,) whether the upper slice is the nearer one
    first: Indices  # (intervals + 1,) first sample of each interval between two slices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """Pixels of one interval between two slices that are bright at least at one end: c columns, ascending."""

    interval: Indices  # (c,) lower slice
    pixel: Indices  # (c,) row * columns + column
    hu: npt.NDArray[np.float64]  # (2, c) at the lower and the upper slice
    holds: npt.NDArray[np.bool_]  # (2, c) which end can own a sample
    owner: npt.NDArray[np.uint8]  # (2, c)
    scored: npt.NDArray[np.bool_]  # (2, c)


def isotropic_volume_mm3(
    volume: Volume, islands: Islands, vessel_of_voxel: npt.NDArray[np.uint8], protocol: Protocol
) -> npt.NDArray[np.float64]:
    """Volume of each vessel on slices interpolated to the size of a pixel.

    Parameters
    ----------
    volume : Volume
    islands : Islands
        Found in it with the same protocol.
    vessel_of_voxel : (v,) uint8
        0 for a voxel that is not counted, else `Vessel.label`.
    protocol : Protocol

    Returns
    -------
    (5,) float
        mm3 by owner; the first is nobody's. An interpolated island counts only where it holds a sample beside a scored
        voxel of somebody; a vessel without a scored voxel of its own has no volume, whatever stands here.

    Notes
    -----
    Samples lie at k * step <= (slices - 1) * increment from the centre of the slice nearest to the feet, step = the
    square root of the pixel's area; a voxel counts pixel area x step. Midway between two slices the one nearer to
    the feet is the nearer one. So it does not matter which slice is stored first.
    """
    by_owner = np.zeros(len(Vessel) + 1)
    scored = (vessel_of_voxel > 0) & islands.large_enough[islands.island]
    if not scored.any():
        return by_owner
    material = _material(islands, scored)
    row_mm, column_mm = volume.pixel_spacing_mm
    step_mm = float(np.sqrt(row_mm * column_mm))
    from_last = bool(volume.voxel_to_lps_mm[2, 0] < 0)
    grid = _grid(islands.shape[0], volume.slice_increment_mm, step_mm, from_last=from_last)
    for places in _columns_in_parts(islands, material, grid):
        columns = _columns(volume.hu, islands, places, vessel_of_voxel, scored, protocol.threshold_hu)
        for bright in _bright_samples(columns, grid, protocol.threshold_hu):
            by_owner += _counted(columns, bright, grid, islands.shape, protocol, row_mm * column_mm)
    return by_owner * (row_mm * column_mm * grid.step_mm)


def _material(islands: Islands, scored: npt.NDArray[np.bool_]) -> Indices:
    """Voxels that can hang together with a scored one in an interpolated slice, as places in `Islands.flat`.

    Neighbouring samples lie beside bright voxels that touch, at most a slice apart: no interpolated island leaves
    a 26-connected component.
    """
    component = islands.component
    holds = np.zeros(int(component.max()) + 1, bool)
    holds[component[islands.island[scored]]] = True
    return np.flatnonzero(holds[component][islands.island])


def _grid(slices: int, increment_mm: float, step_mm: float, *, from_last: bool) -> _Grid:
    last = int(np.floor((slices - 1) * increment_mm / step_mm + 1e-9))
    position = np.arange(last + 1) * (step_mm / increment_mm)
    if from_last:
        position = (slices - 1) - position[::-1]
    position = np.round(position, _POSITION_DIGITS)
    interval = np.clip(np.floor(position).astype(np.int64), 0, max(slices - 2, 0))
    share = position - interval
    return _Grid(
        step_mm=step_mm,
        share=share,
        is_upper=np.round(share, _POSITION_DIGITS) >= 0.5 if from_last else np.round(share, _POSITION_DIGITS) > 0.5,
        first=np.searchsorted(interval, np.arange(max(slices - 1, 1) + 1)),
    )


def _columns_in_parts(islands: Islands, material: Indices, grid: _Grid) -> Iterator[Indices]:
    """Columns as interval * pixels of a slice + pixel, ascending, in parts that hold whole intervals."""
    plane = islands.shape[1] * islands.shape[2]
    flat = islands.flat[material]
    begin = np.searchsorted(flat, np.arange(islands.shape[0] + 1) * plane)
    intervals = grid.first.size - 1
    ends = np.minimum(np.arange(intervals) + 2, islands.shape[0])
    samples = np.cumsum((begin[ends] - begin[:intervals]) * np.diff(grid.first))
    first = 0
    while first < intervals:
        reach = (samples[first - 1] if first else 0) + SAMPLES_AT_ONCE
        last = max(int(np.searchsorted(samples, reach, side="right")), first + 1)
        columns = _columns_of(flat[begin[first] : begin[ends[last - 1]]], plane, first, last)
        if columns.size:
            yield columns
        first = last


def _columns_of(flat: Indices, plane: int, first: int, last: int) -> Indices:
    """Columns of the intervals from `first` to before `last` that these voxels lie at either end of."""
    as_lower, as_upper = flat[flat < last * plane], flat[flat >= (first + 1) * plane] - plane
    columns = np.concatenate([as_lower, as_upper])
    columns.sort(kind="stable")  # two ascending halves: a merge
    fresh = np.ones(columns.size, bool)
    fresh[1:] = columns[1:] != columns[:-1]
    return columns[fresh]


def _columns(
    hu: HuVolume,
    islands: Islands,
    places: Indices,
    vessel_of_voxel: npt.NDArray[np.uint8],
    scored: npt.NDArray[np.bool_],
    threshold_hu: float,
) -> _Columns:
    slices, rows, width = islands.shape
    interval, pixel = np.divmod(places, rows * width)
    row, column = np.divmod(pixel, width)
    ends = np.stack([interval, np.minimum(interval + 1, slices - 1)])
    values = hu[ends, row, column].astype(float)
    values[~np.isfinite(values)] = BACKGROUND_HU
    flat = ends * (rows * width) + pixel
    place = np.minimum(np.searchsorted(islands.flat, flat), islands.flat.size - 1)
    known = islands.flat[place] == flat  # a bright voxel outside the searched region is nobody's
    bright = values >= threshold_hu
    firm = bright & (~known | islands.large_enough[islands.island[place]])
    return _Columns(
        interval=interval,
        pixel=pixel,
        hu=values,
        holds=np.where(firm.any(axis=0), firm, bright),
        owner=np.where(known, vessel_of_voxel[place], 0).astype(np.uint8),
        scored=known & scored[place],
    )


def _bright_samples(columns: _Columns, grid: _Grid, threshold_hu: float) -> Iterator[tuple[Indices, Indices]]:
    """Samples at or above the threshold: interpolated slice and column of each, ascending, whole slices at once."""
    bounds = np.flatnonzero(np.diff(columns.interval, prepend=-1)).tolist()
    slices: list[Indices] = []
    places: list[Indices] = []
    held = 0
    for begin, end in zip(bounds, [*bounds[1:], columns.interval.size], strict=True):
        lower, upper = columns.hu[:, begin:end]
        first, last = grid.first[columns.interval[begin] : columns.interval[begin] + 2].tolist()
        step = max(SAMPLES_AT_ONCE // (end - begin), 1)
        for sample in range(first, last, step):
            share = grid.share[sample : min(sample + step, last), None]
            inside = np.flatnonzero(lower + share * (upper - lower) >= threshold_hu)
            above, place = np.divmod(inside, end - begin)
            slices.append(above + sample)
            places.append(place + begin)
            held += inside.size
            if held >= SAMPLES_AT_ONCE:
                yield np.concatenate(slices), np.concatenate(places)
                slices, places, held = [], [], 0
    if held:
        yield np.concatenate(slices), np.concatenate(places)


def _counted(
    columns: _Columns,
    bright: tuple[Indices, Indices],
    grid: _Grid,
    shape: Shape,
    protocol: Protocol,
    pixel_area_mm2: float,
) -> npt.NDArray[np.float64]:
    """Counted samples by owner."""
    sample, column = bright
    first = int(sample[0])
    flat = (sample - first) * (shape[1] * shape[2]) + columns.pixel[column]
    island = patches(flat, (int(sample[-1]) - first + 1, shape[1], shape[2]), protocol.connectivity)
    beside_scored = columns.scored[0] | columns.scored[1]
    kept = protocol.large_enough(np.bincount(island), pixel_area_mm2)
    kept &= np.bincount(island, beside_scored[column]) > 0
    lower_holds, upper_holds = columns.holds[:, column]
    from_upper = np.where(lower_holds & upper_holds, grid.is_upper[sample], upper_holds)
    owner = columns.owner[from_upper.astype(int), column]
    return np.bincount(owner[kept[island]], minlength=len(Vessel) + 1).astype(float)
