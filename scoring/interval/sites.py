"""Where calcium may count in a repeat: what counted, what nearly did, and the pixels around."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.candidates import Indices, components
from scoring.interval.raster import Raster
from scoring.interval.seeds import Seeds

REACH_MM = 1.2
"""So far about what is seen now a repeat may count: blur and noise move an edge by about a pixel."""
SLICES_BEYOND = 1
MARGIN = (3, 4, 4)
"""Canonical voxels about the sites that their neighbours are read from."""
STRETCH_MM = 10.0
"""Over such a stretch the height of an artery changes by about a slice: the next one meets the slices anew."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Voxels that a repeat may count, in a box of canonical voxels with a margin: n voxels, ascending."""

    shape: tuple[int, int, int]  # of the box
    corner: Indices  # (3,) canonical voxel at the box's origin; may be negative
    flat: Indices  # (n,) in the box
    site: npt.NDArray[np.int32]  # (n,) number of the site: a stretch of a deposit, of one vessel
    label: npt.NDArray[np.uint8]  # (sites,) Vessel.label of each
    fresh: Indices  # (u,) voxels whose value the sites and their neighbours need

    def voxels(self, flat: Indices) -> tuple[Indices, Indices, Indices]:
        """Canonical slices, rows and columns of places in the box."""
        z, y, x = np.unravel_index(flat, self.shape)
        return z + self.corner[0], y + self.corner[1], x + self.corner[2]


def find_sites(raster: Raster, seeds: Seeds) -> Sites:
    """Grow the seeds by `REACH_MM` in the slice and by one slice; there must be one seed at least."""
    at = raster.canonical(seeds.flat)
    order = np.lexsort(at[::-1])  # the same whatever the order of storage
    at, label = at[:, order], seeds.label[order]
    offsets = _offsets(raster.spacing_mm)
    beyond = np.abs(offsets).max(0) + MARGIN
    corner = at.min(1) - beyond
    z, y, x = at.max(1) + beyond - corner + 1
    box = (int(z), int(y), int(x))
    seed = np.ravel_multi_index(tuple(at - corner[:, None]), box).astype(np.int64)
    site, label_of_site = _stretches(seed, at, label, box, raster.spacing_mm)
    owner = np.zeros(box, np.int32).reshape(-1)
    for offset in offsets @ (box[1] * box[2], box[2], 1):
        owner[seed + offset] = site + 1
    owner[_inside(raster.canonical(seeds.blocked) - corner[:, None], box)] = 0
    owner[seed] = site + 1
    _cut_at_the_ends(owner.reshape(box), corner, raster.shape)
    flat = np.flatnonzero(owner)
    return Sites(
        shape=box,
        corner=corner,
        flat=flat,
        site=owner[flat] - 1,
        label=label_of_site,
        fresh=_around(flat, box),
    )


def _offsets(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """(k, 3) steps to the neighbours that belong to a seed, the farthest first: the nearest seed writes last."""
    most = [int(REACH_MM / step) for step in spacing_mm[1:]]
    steps = np.array(
        [
            (dz, dy, dx)
            for dz in range(-SLICES_BEYOND, SLICES_BEYOND + 1)
            for dy in range(-most[0], most[0] + 1)
            for dx in range(-most[1], most[1] + 1)
        ]
    )
    across = np.hypot(steps[:, 1] * spacing_mm[1], steps[:, 2] * spacing_mm[2])
    near = across <= REACH_MM
    far = np.hypot(steps[:, 0] * spacing_mm[0], across)
    # Of two seeds as far away the order of voxels decides, which flips do not change.
    order: npt.NDArray[np.int64] = steps[near][np.argsort(-far[near], kind="stable")]
    return order


def _stretches(
    seed: Indices,
    at: Indices,
    label: npt.NDArray[np.uint8],
    box: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Site of each seed, and whose each site is: seeds of one vessel that hang together, cut where they are long."""
    kinds, deposit = np.unique(components(seed, box).astype(np.int64) * 8 + label, return_inverse=True)
    parts = [_parts(index * step, deposit, len(kinds)) for index, step in zip(at[1:], spacing_mm[1:], strict=True)]
    rows, site = np.unique(np.stack([deposit, *parts], axis=1), axis=0, return_inverse=True)
    return site.reshape(-1).astype(np.int32), (kinds[rows[:, 0]] % 8).astype(np.uint8)


def _parts(place_mm: npt.NDArray[np.float64], deposit: Indices, count: int) -> Indices:
    """Number of the stretch of each seed along one axis: each deposit is cut into equal ones of about `STRETCH_MM`."""
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, deposit, place_mm)
    np.maximum.at(last, deposit, place_mm)
    length = np.maximum(last - first, 1e-6)
    stretches = np.maximum(np.rint(length / STRETCH_MM), 1)
    share = (place_mm - first[deposit]) / length[deposit]
    number: Indices = np.minimum(share * stretches[deposit], stretches[deposit] - 1).astype(np.int64)
    return number


def _inside(at: Indices, box: tuple[int, int, int]) -> Indices:
    kept = at[:, ((at >= 0) & (at < np.array(box)[:, None])).all(0)]
    return np.asarray(np.ravel_multi_index(tuple(kept), box), np.int64)


def _cut_at_the_ends(owner: npt.NDArray[np.int32], corner: Indices, shape: tuple[int, int, int]) -> None:
    """A repeat has no slice and no pixel beyond the ends of this scan."""
    for axis, size in enumerate(shape):
        along = np.arange(owner.shape[axis]) + corner[axis]
        owner[(slice(None),) * axis + ((along < 0) | (along >= size),)] = 0


def _around(flat: Indices, box: tuple[int, int, int]) -> Indices:
    """The voxels, and those one slice below and two above, which a shifted table brings in."""
    marked = np.zeros(box, bool).reshape(-1)
    for slices in (-1, 0, 1, 2):
        marked[flat + slices * box[1] * box[2]] = True
    return np.flatnonzero(marked)
