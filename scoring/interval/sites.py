"""Where calcium may count in a repeat: what counted, what nearly did, and the pixels around."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.candidates import components
from scoring.interval.raster import Indices, Raster
from scoring.interval.seeds import Seeds

REACH_MM = 1.2
"""So far about what is seen now a repeat may count: blur and noise move an edge by about a pixel."""
MARGIN = (3, 4, 4)
"""Canonical voxels about the sites that their neighbours are read from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Voxels that a repeat may count, in a box of canonical voxels with a margin: n voxels, ascending."""

    shape: tuple[int, int, int]  # of the box
    corner: Indices  # (3,) canonical voxel at the box's origin; may be negative
    flat: Indices  # (n,) in the box
    site: npt.NDArray[np.int32]  # (n,) number of the deposit
    label: npt.NDArray[np.uint8]  # (sites,) Vessel.label of each
    fresh: Indices  # (u,) voxels whose value the sites and their neighbours need

    def voxels(self, flat: Indices) -> tuple[Indices, Indices, Indices]:
        """Canonical slices, rows and columns of places in the box."""
        z, y, x = np.unravel_index(flat, self.shape)
        return z + self.corner[0], y + self.corner[1], x + self.corner[2]


def find_sites(raster: Raster, seeds: Seeds) -> Sites:
    """Grow the seeds by `REACH_MM` in the slice and by one slice; there must be one."""
    at = raster.canonical(seeds.flat)
    order = np.lexsort(at[::-1])
    at, label = at[:, order], seeds.label[order]
    margin = np.array(MARGIN)
    disc = _disc(REACH_MM, raster.spacing_mm)
    grow = np.array([1, *np.abs(disc).max(0)])
    corner = at.min(1) - grow - margin
    shape = at.max(1) + grow + margin - corner + 1
    box = (int(shape[0]), int(shape[1]), int(shape[2]))
    seed = np.ravel_multi_index(tuple(at - corner[:, None]), box).astype(np.int64)
    deposit = components(seed, box)
    # One deposit belongs to one vessel here; where a lesion is divided, each part is a site of its own.
    pair, site = np.unique(deposit.astype(np.int64) * 8 + label, return_inverse=True)
    owner = np.zeros(box, np.int32).reshape(-1)
    offsets = np.array([[dz, dy, dx] for dz in (-1, 1, 0) for dy, dx in disc])
    steps = np.array([box[1] * box[2], box[2], 1])
    reach = (np.abs(offsets[:, 0]) * 2 + np.hypot(offsets[:, 1], offsets[:, 2])).argsort(kind="stable")[::-1]
    for offset in offsets[reach] @ steps:  # the nearest seed writes last
        owner[seed + offset] = site + 1
    if seeds.blocked.size:
        inside = raster.canonical(seeds.blocked) - corner[:, None]
        inside = inside[:, ((inside >= 0) & (inside < shape[:, None])).all(0)]
        owner[np.ravel_multi_index(tuple(inside), box)] = 0
    owner[seed] = site + 1
    cube = owner.reshape(box)
    for axis, size in enumerate(raster.shape):  # a repeat has no slice beyond the ends of this one
        beyond = (np.arange(box[axis]) + corner[axis] < 0) | (np.arange(box[axis]) + corner[axis] >= size)
        cube[(slice(None),) * axis + (beyond,)] = 0
    flat = np.flatnonzero(owner)
    return Sites(
        shape=box,
        corner=corner,
        flat=flat,
        site=owner[flat] - 1,
        label=(pair % 8).astype(np.uint8),
        fresh=_around(flat, box),
    )


def _disc(radius_mm: float, spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    most = [int(radius_mm / step) for step in spacing_mm[1:]]
    return np.array(
        [
            (dy, dx)
            for dy in range(-most[0], most[0] + 1)
            for dx in range(-most[1], most[1] + 1)
            if (dy * spacing_mm[1]) ** 2 + (dx * spacing_mm[2]) ** 2 <= radius_mm**2
        ]
    )


def _around(flat: Indices, box: tuple[int, int, int]) -> Indices:
    """The voxels, and those one slice below and two above, which a shifted table brings in."""
    marked = np.zeros(box, bool).reshape(-1)
    for slices in (-1, 0, 1, 2):
        marked[flat + slices * box[1] * box[2]] = True
    return np.flatnonzero(marked)
