"""Small bright spots in even surroundings: what an insert looks like before anyone knows where the phantom lies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.qa.geometry import Points
from scoring.volume import Volume

GRID_MM = 0.9
"""Pixels are averaged to about this size for the search, slices to about twice that."""

SPOT_SD_MM, SURROUND_SD_MM = 1.5, 4.5
"""Gaussians whose difference answers to a disc of 3 to 5 mm."""

FAINTEST_HU = 15.0
"""Answer of the weakest spot that is looked at; the 200 mg/cm3, 3 mm insert answers with some 40 HU."""

APART_MM = 4.0
"""Two spots are at least this far from each other."""

RING_MM = (5.5, 8.5)
"""Where the surroundings of a spot are looked at: clear of its neighbour on the arm, 12.5 mm on."""

EVEN_HU = 70.0
"""Widest spread (10 to 90 %) of smoothed surroundings that still is one material."""

SOFT_HU = (-120.0, 250.0)
"""Surroundings that may be the body of the insert at any tube voltage."""

LEAST_OF_RING = 0.5
"""Share of the ring that must lie inside the image."""

MOST_SPOTS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchGrid:
    """The scan averaged to about a millimetre and smoothed in the plane."""

    smooth: npt.NDArray[np.float32]  # (slice, row, column)
    voxel_to_lps_mm: npt.NDArray[np.float64]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots:
    """Places and answers, the strongest first."""

    places_lps_mm: Points
    answer_hu: npt.NDArray[np.float64]


def search_grid(volume: Volume) -> SearchGrid:
    """The coarse, smoothed scan; what does not fill a block at the far end is left out."""
    spacing = (volume.slice_increment_mm, *volume.pixel_spacing_mm)
    blocks = tuple(
        max(1, round(goal / step)) for goal, step in zip((2 * GRID_MM, GRID_MM, GRID_MM), spacing, strict=True)
    )
    coarse = _block_mean(volume.hu, blocks)
    steps = (spacing[0] * blocks[0], spacing[1] * blocks[1], spacing[2] * blocks[2])
    for plane in coarse:
        ndimage.gaussian_filter(plane, (SPOT_SD_MM / steps[1], SPOT_SD_MM / steps[2]), output=plane, mode="nearest")
    affine = volume.voxel_to_lps_mm.copy()
    affine[:3, 3] += affine[:3, :3] @ ((np.array(blocks) - 1) / 2)
    affine[:3, :3] *= np.array(blocks)
    return SearchGrid(smooth=coarse, voxel_to_lps_mm=affine, spacing_mm=steps)


def spots(grid: SearchGrid) -> Spots:
    """Spots that answer in three dimensions more than everything near, in even surroundings of soft tissue."""
    wide = np.sqrt(SURROUND_SD_MM**2 - SPOT_SD_MM**2)
    _, row_mm, column_mm = grid.spacing_mm
    answer = np.stack([
        plane - ndimage.gaussian_filter(plane, (wide / row_mm, wide / column_mm), mode="nearest")
        for plane in grid.smooth
    ])  # fmt: skip
    reach = [max(1, round(APART_MM / step)) for step in grid.spacing_mm]
    highest = ndimage.maximum_filter(answer, [2 * part + 1 for part in reach], mode="nearest")
    found = np.argwhere((answer >= highest) & (answer >= FAINTEST_HU))
    values = answer[tuple(found.T)]
    alone = _stand_alone(grid, found)
    found, values = found[alone], values[alone]
    strongest = np.argsort(-values, kind="stable")[:MOST_SPOTS]
    places = found[strongest].astype(float) @ grid.voxel_to_lps_mm[:3, :3].T + grid.voxel_to_lps_mm[:3, 3]
    return Spots(places_lps_mm=places, answer_hu=values[strongest].astype(float))


def _stand_alone(grid: SearchGrid, found: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a ring about each spot, most of it inside the image, holds one soft material."""
    _, row_mm, column_mm = grid.spacing_mm
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radii = np.linspace(*RING_MM, 3)
    rows = found[:, 1:2] + np.rint(np.outer(radii, np.sin(angle)) / row_mm).astype(int).ravel()
    columns = found[:, 2:3] + np.rint(np.outer(radii, np.cos(angle)) / column_mm).astype(int).ravel()
    size = grid.smooth.shape
    inside = (rows >= 0) & (rows < size[1]) & (columns >= 0) & (columns < size[2])
    around = grid.smooth[found[:, :1], np.clip(rows, 0, size[1] - 1), np.clip(columns, 0, size[2] - 1)]
    whole = np.flatnonzero(inside.mean(axis=1) >= LEAST_OF_RING)
    alone = np.zeros(len(found), bool)
    # Outside the image the nearest pixel stands in; of half a ring that leaves the percentiles what they are.
    low, middle, high = np.percentile(around[whole], (10, 50, 90), axis=1)
    alone[whole] = (high - low <= EVEN_HU) & (middle >= SOFT_HU[0]) & (middle <= SOFT_HU[1])
    return alone


def _block_mean(hu: npt.NDArray[np.generic], blocks: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Means of whole blocks, a slab of slices at a time; what is no number counts as air."""
    across, down, along = blocks
    slabs, rows, columns = hu.shape[0] // across, hu.shape[1] // down, hu.shape[2] // along
    out = np.empty((slabs, rows, columns), np.float32)
    for slab in range(slabs):
        part = hu[slab * across : (slab + 1) * across, : rows * down, : columns * along].astype(np.float32)
        part = np.nan_to_num(part, nan=-1000.0, posinf=-1000.0, neginf=-1000.0)
        out[slab] = part.reshape(across, rows, down, columns, along).mean((0, 2, 4))
    return out
