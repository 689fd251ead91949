"""Islands above threshold in each slice and how they hang together in 3-D, from the bright voxels alone.

Nothing here touches a label image of the whole volume. The nodes of the graph are runs: unbroken
stretches of bright voxels in one row. Two runs of neighbouring rows touch when their column ranges
overlap, and both ends of that overlap come from one binary search over all runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scoring.protocol import Protocol

Shape = tuple[int, int, int]
Region = tuple[slice, slice, slice]
Indices = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]

RUNS_AT_ONCE = 400_000
"""Runs whose neighbours are sought at once: it bounds the memory of a volume full of specks, not the result."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Islands:
    """Every 2-D island at or above the threshold inside the searched region, as a structure of arrays.

    Islands are numbered by their first voxel. v voxels, n islands.
    """

    shape: Shape
    flat: Indices  # (v,) voxel indices into hu.ravel(), ascending
    island: Labels  # (v,) island of each voxel
    hu: npt.NDArray[np.float32]  # (v,)
    slice_index: Labels  # (n,)
    pixels: Labels  # (n,)
    peak_hu: npt.NDArray[np.float64]  # (n,)
    sum_hu: npt.NDArray[np.float64]  # (n,)
    centre_index: npt.NDArray[np.float64]  # (n, 3) mean slice, row, column of its voxels
    large_enough: npt.NDArray[np.bool_]  # (n,) by the protocol's minimum size, before any division
    component: Labels  # (n,) number of its 26-connected 3-D component

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Unbroken stretches of voxels of one kind in one row, ascending."""

    shape: Shape
    start: Indices  # (r,) place of the first voxel in the voxel list
    length: Indices  # (r,)
    row: Indices  # (r,) counted over all slices: slice * rows + row
    left: Indices  # (r,) first column
    kind: npt.NDArray[Any] | None  # (r,) runs of different kinds never touch

    def __len__(self) -> int:
        return len(self.start)


def find_islands(
    hu: npt.NDArray[Any], protocol: Protocol, pixel_area_mm2: float, *, region: Region | None = None
) -> Islands:
    """Islands at or above the protocol's threshold.

    Parameters
    ----------
    hu : (slices, rows, columns)
        Hounsfield units; values that are not finite never count.
    protocol : Protocol
        Threshold, connectivity and minimum size.
    pixel_area_mm2 : float
        Area of one pixel, > 0.
    region : tuple of three slices, optional
        Box to search (slice, row, column); islands are cut at its border. Everything by default.

    Raises
    ------
    ValueError
        The array has not three axes, or the pixel has no area.
    """
    if hu.ndim != 3:
        raise ValueError(f"hu must have axes (slice, row, column), got shape {hu.shape}")
    if not (np.isfinite(pixel_area_mm2) and pixel_area_mm2 > 0):
        raise ValueError(f"the area of a pixel must be above 0 mm2, got {pixel_area_mm2}")
    shape: Shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    flat, values = _bright_voxels(hu, protocol.threshold_hu, region or (slice(None),) * 3)
    runs = runs_of(flat, shape)
    island_of_run = planar_labels(runs, protocol.connectivity)
    return _islands(runs, island_of_run, flat, values, protocol, pixel_area_mm2)


def components(flat: Indices, shape: Shape) -> Labels:
    """26-connected component of each voxel of a sparse set.

    Parameters
    ----------
    flat : (v,)
        Indices into the ravelled volume, ascending, each once.
    shape : (slices, rows, columns)

    Returns
    -------
    (v,) int32
        Components are numbered by their first voxel.
    """
    runs = runs_of(flat, shape)
    patch = planar_labels(runs, 8)
    component: Labels = linked_labels(runs, patch, 8)[patch]
    return np.repeat(component, runs.length)


def runs_of(flat: Indices, shape: Shape, kind: npt.NDArray[Any] | None = None) -> Runs:
    """Runs of an ascending voxel list; with `kind` a run also ends where the kind changes."""
    row_of_voxel = flat // shape[2]
    begins = np.ones(flat.size, bool)
    begins[1:] = (flat[1:] - flat[:-1] != 1) | (row_of_voxel[1:] != row_of_voxel[:-1])
    if kind is not None:
        begins[1:] |= kind[1:] != kind[:-1]
    start = np.flatnonzero(begins)
    row = row_of_voxel[start]
    return Runs(
        shape=shape,
        start=start,
        length=np.diff(start, append=flat.size),
        row=row,
        left=flat[start] - row * shape[2],
        kind=None if kind is None else kind[start],
    )


def planar_labels(runs: Runs, connectivity: int) -> Labels:
    """2-D connected set (4 or 8) of each run, numbered by first voxel."""
    labels = np.empty(len(runs), np.int32)
    found = 0
    for part in _whole_slices(runs):
        above, below = _touching(runs, part, row_step=1, slice_step=0, widen=connectivity == 8)
        number, label = _connected(part.stop - part.start, above - part.start, below - part.start)
        labels[part] = label + found
        found += number
    return labels


def linked_labels(runs: Runs, patch: Labels, connectivity: int) -> Labels:
    """26-connected component of each 2-D set, given the set of each run."""
    steps = [(-1, 1), (0, 1), (1, 1)]
    if connectivity == 4:  # sets that touch by a corner are apart in 2-D and together in 3-D
        steps.append((1, 0))
    first: list[Labels] = [np.zeros(0, np.int32)]
    second: list[Labels] = [np.zeros(0, np.int32)]
    for part in _whole_slices(runs):
        for row_step, slice_step in steps:
            here, there = _touching(runs, part, row_step=row_step, slice_step=slice_step, widen=True)
            one, other = patch[here], patch[there]
            new = np.ones(one.size, bool)  # long neighbours meet in every row; once is enough
            new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
            first.append(one[new])
            second.append(other[new])
    number = int(patch.max()) + 1 if patch.size else 0
    return _connected(number, np.concatenate(first), np.concatenate(second))[1]


def _bright_voxels(
    hu: npt.NDArray[Any], threshold_hu: float, region: Region
) -> tuple[Indices, npt.NDArray[np.float32]]:
    box = [range(*part.indices(size)) for part, size in zip(region, hu.shape, strict=True)]
    if any(side.step != 1 for side in box):
        raise ValueError(f"a region is a box without steps, got {region}")
    slices, rows, columns = box
    # An integer limit keeps the comparison within int16; for whole numbers it is the same limit.
    limit = int(np.ceil(threshold_hu)) if hu.dtype.kind in "iu" else threshold_hu
    flat, values = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for index in slices:
        plane = hu[index, rows.start : rows.stop, columns.start : columns.stop]
        inside = np.flatnonzero(plane >= limit)
        bright = plane.take(inside)
        if hu.dtype.kind == "f" and not np.isfinite(bright).all():
            inside, bright = inside[np.isfinite(bright)], bright[np.isfinite(bright)]
        flat.append(_into_volume(inside, index, rows, columns, hu.shape))
        values.append(bright.astype(np.float32))
    return np.concatenate(flat), np.concatenate(values)


def _into_volume(inside: Indices, index: int, rows: range, columns: range, shape: tuple[int, ...]) -> Indices:
    if len(columns) == shape[2]:
        return inside + (index * shape[1] + rows.start) * shape[2]
    row, column = np.divmod(inside, max(len(columns), 1))
    return (index * shape[1] + rows.start + row) * shape[2] + columns.start + column


def _whole_slices(runs: Runs) -> Iterator[slice]:
    """Spans of runs that hold whole slices and about RUNS_AT_ONCE runs."""
    begin = 0
    while begin < len(runs):
        end = min(begin + RUNS_AT_ONCE, len(runs))
        if end < len(runs):
            end_of_slice = (runs.row[end - 1] // runs.shape[1] + 1) * runs.shape[1]
            end = int(np.searchsorted(runs.row, end_of_slice))
        yield slice(begin, end)
        begin = end


def _touching(runs: Runs, part: slice, *, row_step: int, slice_step: int, widen: bool) -> tuple[Indices, Indices]:
    """Pairs of runs: one of `part`, and one so many rows and slices on whose columns overlap."""
    rows, stride = runs.shape[1], runs.shape[2] + 2
    row, left = runs.row[part], runs.left[part]
    right = left + runs.length[part] - 1
    begin_key = runs.row * stride + runs.left
    end_key = begin_key + runs.length - 1
    there = (row + slice_step * rows + row_step) * stride
    low = np.searchsorted(end_key, there + left - int(widen))
    high = np.searchsorted(begin_key, there + right + int(widen), side="right")
    count = np.maximum(high - low, 0)
    if row_step:  # the row before the first and after the last belongs to another slice
        count[row % rows == (rows - 1 if row_step > 0 else 0)] = 0
    source = np.repeat(np.arange(part.start, part.stop), count)
    target = np.repeat(low - (np.cumsum(count) - count), count) + np.arange(source.size)
    if runs.kind is not None:
        same = runs.kind[source] == runs.kind[target]
        source, target = source[same], target[same]
    return source, target


def _connected(number: int, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[int, Labels]:
    """Connected components of an undirected graph, numbered by their first node."""
    if not number:
        return 0, np.zeros(0, np.int32)
    graph = coo_array((np.ones(first.size, bool), (first, second)), shape=(number, number))
    found, label = connected_components(graph, directed=False)
    return int(found), label.astype(np.int32, copy=False)


def _islands(
    runs: Runs,
    island_of_run: Labels,
    flat: Indices,
    values: npt.NDArray[np.float32],
    protocol: Protocol,
    pixel_area_mm2: float,
) -> Islands:
    number = int(island_of_run.max()) + 1 if len(runs) else 0
    slice_of_run, row = np.divmod(runs.row, max(runs.shape[1], 1))
    pixels = np.bincount(island_of_run, runs.length, number)
    peak = np.full(number, -np.inf)
    total: npt.NDArray[np.float64] = np.zeros(number)
    if number:
        np.maximum.at(peak, island_of_run, np.maximum.reduceat(values, runs.start).astype(float))
        np.add.at(total, island_of_run, np.add.reduceat(values, runs.start, dtype=float))
    slice_index = np.zeros(number, np.int32)
    slice_index[island_of_run] = slice_of_run
    middle = runs.left + (runs.length - 1) / 2
    centre = np.stack(
        [
            slice_index,
            np.bincount(island_of_run, row * runs.length, number) / pixels,
            np.bincount(island_of_run, middle * runs.length, number) / pixels,
        ],
        axis=1,
    )
    return Islands(
        shape=runs.shape,
        flat=flat,
        island=np.repeat(island_of_run, runs.length),
        hu=values,
        slice_index=slice_index,
        pixels=pixels.astype(np.int32),
        peak_hu=peak,
        sum_hu=total,
        centre_index=centre,
        large_enough=protocol.large_enough(pixels, pixel_area_mm2),
        component=linked_labels(runs, island_of_run, protocol.connectivity),
    )
