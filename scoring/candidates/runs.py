"""Connected sets of few voxels: a graph of runs, without an image of the whole volume.

The nodes are runs: unbroken stretches of voxels in one row. Two runs of neighbouring rows touch when their column
ranges overlap, and both ends of that overlap come from one binary search over all runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Shape = tuple[int, int, int]
Indices = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]

RUNS_AT_ONCE = 400_000
"""Runs whose neighbours are sought at once: it bounds memory, not the result."""


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


def runs_of(flat: Indices, shape: Shape, kind: npt.NDArray[Any] | None = None) -> Runs:
    """Runs of an ascending voxel list; with `kind` a run also ends where the kind changes."""
    begins = np.ones(flat.size, bool)
    np.not_equal(flat[1:] - flat[:-1], 1, out=begins[1:])
    if flat.size:  # the first voxel in or after a row begins a run even beside the last one of the row before
        rows = np.arange(int(flat[0]) // shape[2], int(flat[-1]) // shape[2] + 1)
        begins[np.searchsorted(flat, rows * shape[2])] = True
    if kind is not None:
        begins[1:] |= kind[1:] != kind[:-1]
    start = np.flatnonzero(begins)
    row = flat[start] // shape[2]
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
        size = part.stop - part.start
        above, below = _touching(runs, part, row_step=1, slice_step=0, widen=connectivity == 8)
        # The pairs come by their first run, so they are the rows of a sparse matrix as they stand.
        first = np.zeros(size + 1, np.int32)
        np.cumsum(np.bincount(above - part.start, minlength=size), out=first[1:])
        graph = csr_array((np.ones(below.size), (below - part.start).astype(np.int32), first), shape=(size, size))
        number, label = connected_components(graph, directed=False)
        labels[part] = label + found
        found += number
    return labels


def spatial_labels(runs: Runs) -> Labels:
    """26-connected component of each run, numbered by first voxel."""
    patch = planar_labels(runs, 8)
    first: list[Labels] = [np.zeros(0, np.int32)]
    second: list[Labels] = [np.zeros(0, np.int32)]
    for part in _whole_slices(runs):
        for row_step in (-1, 0, 1):
            here, there = _touching(runs, part, row_step=row_step, slice_step=1, widen=True)
            one, other = patch[here], patch[there]
            new = np.ones(one.size, bool)  # long neighbours meet in every row; once is enough
            new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
            first.append(one[new])
            second.append(other[new])
    number = int(patch.max()) + 1 if patch.size else 0
    return joined(number, np.concatenate(first), np.concatenate(second))[patch]


def joined(number: int, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Labels:
    """Connected component of each of `number` nodes given pairs of them, numbered by first node."""
    if not number:
        return np.zeros(0, np.int32)
    graph = coo_array((np.ones(first.size, bool), (first, second)), shape=(number, number))
    labels: Labels = connected_components(graph, directed=False)[1].astype(np.int32, copy=False)
    return labels


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
    """Pairs of runs: one of `part`, ascending, and one so many rows and slices on whose columns overlap."""
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
