"""Connected sets of many voxels: label images, a slab of slices at a time.

Where a large share of all voxels is bright the graph of runs would have more nodes and edges than the volume has
voxels. A label image costs the same whatever it shows.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.candidates.runs import Indices, Labels, Shape, joined

SLAB_VOXELS = 2**25
"""Voxels labelled at once (5 bytes each): it bounds memory, not the result."""


def planar_labels(flat: Indices, shape: Shape, connectivity: int) -> Labels:
    """2-D connected set (4 or 8) of each voxel of an ascending list, numbered by first voxel."""
    structure = np.zeros((3, 3, 3), bool)
    structure[1] = ndimage.generate_binary_structure(2, 2 if connectivity == 8 else 1)
    labels = np.empty(flat.size, np.int32)
    found = 0
    for part, first_slice, slices in _slabs(flat, shape, overlap=0):
        label, number = _slab(flat[part], shape, first_slice, slices, structure)
        labels[part] = label + found
        found += number
    return labels


def spatial_labels(flat: Indices, shape: Shape) -> Labels:
    """26-connected component of each voxel of an ascending list, numbered by first voxel."""
    labels = np.empty(flat.size, np.int32)
    pairs: list[npt.NDArray[Any]] = [np.zeros((2, 0), np.int32)]
    found = done = 0
    for part, first_slice, slices in _slabs(flat, shape, overlap=1):
        label, number = _slab(flat[part], shape, first_slice, slices, np.ones((3, 3, 3), bool))
        label += found
        shared = max(done - part.start, 0)  # voxels of the slice that the slab before had too
        pairs.append(np.unique(np.stack([labels[part.start : done], label[:shared]]), axis=1))
        labels[max(done, part.start) : part.stop] = label[shared:]
        found, done = found + number, part.stop
    first, second = np.concatenate(pairs, axis=1)
    return joined(found, first, second)[labels]


def _slabs(flat: Indices, shape: Shape, *, overlap: int) -> Iterator[tuple[slice, int, int]]:
    """Voxels of each slab, its first slice and how many it has; neighbouring slabs share `overlap` slices."""
    plane = shape[1] * shape[2]
    last = int(flat[-1]) // plane
    thick = max(SLAB_VOXELS // plane, overlap + 1)
    first = int(flat[0]) // plane
    while True:
        slices = min(thick, last + 1 - first)
        begin, end = np.searchsorted(flat, [first * plane, (first + slices) * plane]).tolist()
        yield slice(begin, end), first, slices
        if first + slices > last:
            return
        first += slices - overlap


def _slab(
    flat: Indices, shape: Shape, first_slice: int, slices: int, structure: npt.NDArray[np.bool_]
) -> tuple[Labels, int]:
    inside = flat - first_slice * shape[1] * shape[2]
    image = np.zeros((slices, shape[1], shape[2]), bool)
    image.reshape(-1)[inside] = True
    label = np.empty(image.shape, np.int32)
    number = int(ndimage.label(image, structure, output=label))
    return label.reshape(-1)[inside] - 1, number
