"""Connected sets of voxels, by the way that costs least: runs where they are few, label images where they are many."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.candidates import images
from scoring.candidates.runs import Indices, Labels, Runs, Shape, planar_labels, runs_of, spatial_labels

CROWDED_SHARE = 1 / 16
"""Share of a stack's voxels from which a label image costs less than runs of single voxels."""


def patches(flat: Indices, shape: Shape, connectivity: int, kind: npt.NDArray[Any] | None = None) -> Labels:
    """2-D connected set of each voxel within its slice.

    Parameters
    ----------
    flat : (v,)
        Indices into the ravelled volume, ascending, each once.
    shape : (slices, rows, columns)
    connectivity : int
        4 or 8.
    kind : (v,), optional
        Voxels of different kinds never touch.

    Returns
    -------
    (v,) int32
        Sets are numbered by their first voxel.
    """
    runs = runs_of(flat, shape, kind)
    return np.repeat(patches_of_runs(flat, runs, connectivity), runs.length)


def patches_of_runs(flat: Indices, runs: Runs, connectivity: int) -> Labels:
    """2-D connected set of each run of a voxel list: numbering as of `patches`."""
    if not is_crowded(flat, runs.shape):
        return planar_labels(runs, connectivity)
    return _each_kind(flat, runs, lambda some: images.planar_labels(some, runs.shape, connectivity))


def components(flat: Indices, shape: Shape, kind: npt.NDArray[Any] | None = None) -> Labels:
    """26-connected component of each voxel: parameters and numbering as of `patches`."""
    runs = runs_of(flat, shape, kind)
    if not is_crowded(flat, shape):
        return np.repeat(spatial_labels(runs), runs.length)
    return np.repeat(_each_kind(flat, runs, lambda some: images.spatial_labels(some, shape)), runs.length)


def is_crowded(flat: Indices, shape: Shape) -> bool:
    """Whether so many voxels of the slices from the first to the last one are in the list that images cost less."""
    if not flat.size:
        return False
    plane = shape[1] * shape[2]
    slices = int(flat[-1]) // plane - int(flat[0]) // plane + 1
    return flat.size > CROWDED_SHARE * slices * plane


def _each_kind(flat: Indices, runs: Runs, label: Callable[[Indices], Labels]) -> Labels:
    """Label of each run by a function that labels voxels, the kinds apart."""
    if runs.kind is None:
        return label(flat)[runs.start]
    labels, found = np.empty(len(runs), np.int32), 0
    for value in np.unique(runs.kind):
        chosen = runs.kind == value
        of_voxel = label(flat[np.repeat(chosen, runs.length)])
        lengths = runs.length[chosen]
        labels[chosen] = of_voxel[np.cumsum(lengths) - lengths] + found
        found = int(of_voxel.max()) + 1 + found
    return _by_first_run(labels, found)


def _by_first_run(labels: Labels, number: int) -> Labels:
    first = np.empty(number, np.int64)
    first[labels[::-1]] = np.arange(labels.size)[::-1]  # of several the last one written stays: the first run
    rank = np.empty(number, np.int32)
    rank[np.argsort(first)] = np.arange(number, dtype=np.int32)
    return rank[labels]
