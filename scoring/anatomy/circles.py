"""Circles of soft tissue by gradient votes, and the best track of circles through the slices.

Every edge pixel votes, for each radius, for the centre that lies along the gradient: towards the
brighter side, because blood is brighter than the fat and lung around it (Hough transform by
gradient direction, Kimme 1975). A track is the dearest path through the vote maxima of the slices.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.grid import Grid, Mask

Nodes = tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]  # places (n, 3) as (radius, y, x), and their values

RADII_MM = np.arange(9.0, 25.6, 1.5)
CLIP_HU = (-110.0, 55.0)
"""Votes see fat and blood; how far lung lies below fat, or bone above blood, adds nothing."""
SMALLEST_GRADIENT_HU_PER_MM = 8.0
SOFT_HU = (-40.0, 125.0)
SMALLEST_CLEARANCE = 0.55
"""The centre lies so many radii inside soft tissue: a vertebra's cortex or a hilum does not."""

CANDIDATES_PER_SLICE = 20
FULL_VOTES = 0.08
"""Votes per pixel of circumference that count as a whole circle after smoothing."""
GREATEST_REWARD = 1.4
COST_OF_A_SLICE = 0.45
REFERENCE_STEP_MM = 3.0

COST_PER_MM_SIDEWAYS = 0.12
FREE_PIXELS = 0.75
COST_PER_MM_RADIUS = 0.06


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Votes:
    """Smoothed votes of a box of the grid: axes (radius, z, y, x)."""

    share: npt.NDArray[np.float32]  # votes per pixel of circumference
    clearance_mm: npt.NDArray[np.float32]  # (z, y, x) distance to what is not soft tissue
    corner: tuple[int, int, int]  # first voxel of the box in the grid
    z_mm: npt.NDArray[np.float64]
    y_mm: npt.NDArray[np.float64]
    x_mm: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Circles in consecutive slices, ascending in z: one entry a slice."""

    slices: npt.NDArray[np.intp]  # of the grid
    z_mm: npt.NDArray[np.float64]
    y_mm: npt.NDArray[np.float64]
    x_mm: npt.NDArray[np.float64]
    radius_mm: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]  # how much of a whole circle each one showed

    @property
    def length_mm(self) -> float:
        """Distance from the lowest to the highest circle."""
        return float(self.z_mm[-1] - self.z_mm[0]) if len(self.z_mm) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """Where a track may run, as a box of limits, and what it pays."""

    radius_mm: tuple[float, float]
    y_mm: tuple[float, float]
    x_mm: tuple[float, float]
    z_mm: tuple[float, float] = (-np.inf, np.inf)
    penalty_at_x: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] = np.zeros_like  # a slice, by x
    drift_x_per_mm_down: float = 0.0  # expected movement to the left on the way down
    cost_per_mm_right: float = COST_PER_MM_SIDEWAYS  # on the way down
    cost_per_mm_forward: float = COST_PER_MM_SIDEWAYS  # on the way down


def cast_votes(grid: Grid, where: Mask) -> Votes:
    """Votes of the edges inside `where`, in its bounding box."""
    box = ndimage.find_objects(where.astype(np.uint8))[0]
    hu = np.clip(grid.hu[box], *CLIP_HU)
    smooth = ndimage.gaussian_filter(hu, (0.0, 1.0, 1.0))
    up = np.gradient(smooth, grid.spacing_mm[1], axis=1)
    across = np.gradient(smooth, grid.spacing_mm[2], axis=2)
    strength = np.hypot(up, across)
    edge = np.flatnonzero((strength > SMALLEST_GRADIENT_HU_PER_MM) & where[box])
    shape = hu.shape
    z, y, x = np.unravel_index(edge, shape)
    toward_y = (up.ravel()[edge] / strength.ravel()[edge]) / grid.spacing_mm[1]
    toward_x = (across.ravel()[edge] / strength.ravel()[edge]) / grid.spacing_mm[2]
    votes = np.zeros((len(RADII_MM), *shape), np.float32)
    for k, radius in enumerate(RADII_MM):
        row = np.rint(y + radius * toward_y).astype(np.intp)
        column = np.rint(x + radius * toward_x).astype(np.intp)
        inside = (row >= 0) & (row < shape[1]) & (column >= 0) & (column < shape[2])
        place = (z[inside] * shape[1] + row[inside]) * shape[2] + column[inside]
        pixels = 2 * np.pi * radius / np.sqrt(grid.spacing_mm[1] * grid.spacing_mm[2])
        votes[k] = np.bincount(place, minlength=hu.size).reshape(shape) / pixels
    sigma_z = min(1.0, REFERENCE_STEP_MM / grid.spacing_mm[0])
    votes = ndimage.gaussian_filter(votes, (0.7, 0.7 * sigma_z, 1.0, 1.0), truncate=2.5)
    soft = (grid.hu[box] > SOFT_HU[0]) & (grid.hu[box] < SOFT_HU[1])
    return Votes(
        share=votes,
        clearance_mm=_planar_distance(soft, grid.spacing_mm),
        corner=tuple(part.start for part in box),
        z_mm=grid.axis_mm(0)[box[0]],
        y_mm=grid.axis_mm(1)[box[1]],
        x_mm=grid.axis_mm(2)[box[2]],
    )


def _planar_distance(soft: Mask, spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.float32]:
    """Distance within each slice to what is not soft; the border of the box counts as soft."""
    distance = [ndimage.distance_transform_edt(flat, spacing_mm[1:]) for flat in soft]
    return np.stack(distance).astype(np.float32)


def best_track(votes: Votes, wanted: Wanted) -> Track | None:
    """The track of greatest reward, or None where no circle is worth its cost."""
    radii = _between(RADII_MM, wanted.radius_mm)
    part = _cut(votes, radii, wanted)
    if not part.share.size:
        return None
    step_mm = float(votes.z_mm[1] - votes.z_mm[0]) if len(votes.z_mm) > 1 else REFERENCE_STEP_MM
    clear = part.clearance_mm[None] >= SMALLEST_CLEARANCE * RADII_MM[radii][:, None, None, None]
    reward = np.minimum(part.share / FULL_VOTES, GREATEST_REWARD) - COST_OF_A_SLICE
    value = np.where(clear, reward - wanted.penalty_at_x(part.x_mm), -np.inf) * (step_mm / REFERENCE_STEP_MM)
    nodes = [_candidates(value[:, z]) for z in range(value.shape[1])]
    return _walk_down(part, RADII_MM[radii], wanted, nodes, step_mm)


def _cut(votes: Votes, radii: slice, wanted: Wanted) -> Votes:
    """The part of the votes that a track may use."""
    z, y, x = (
        _between(axis, limits)
        for axis, limits in ((votes.z_mm, wanted.z_mm), (votes.y_mm, wanted.y_mm), (votes.x_mm, wanted.x_mm))
    )
    return Votes(
        share=votes.share[radii, z, y, x],
        clearance_mm=votes.clearance_mm[z, y, x],
        corner=(votes.corner[0] + z.start, votes.corner[1] + y.start, votes.corner[2] + x.start),
        z_mm=votes.z_mm[z],
        y_mm=votes.y_mm[y],
        x_mm=votes.x_mm[x],
    )


def _between(values: npt.NDArray[np.float64], limits: tuple[float, float]) -> slice:
    """The part of ascending values within limits."""
    return slice(int(np.searchsorted(values, limits[0])), int(np.searchsorted(values, limits[1], side="right")))


def _candidates(value: npt.NDArray[np.float64]) -> Nodes:
    """Best places (radius, y, x) of a slice and their values: maxima over neighbouring places."""
    best = value.max(0)
    peaks = best >= ndimage.maximum_filter(best, 3) - 1e-9
    peaks &= np.isfinite(best)
    flat = np.flatnonzero(peaks)
    if not len(flat):
        return np.zeros((0, 3), np.intp), np.zeros(0)
    flat = flat[np.argsort(-best.ravel()[flat], kind="stable")[:CANDIDATES_PER_SLICE]]
    y, x = np.unravel_index(flat, best.shape)
    radius = value[:, y, x].argmax(0)
    return np.stack([radius, y, x], 1), best.ravel()[flat]


def _walk_down(
    votes: Votes,
    radii_mm: npt.NDArray[np.float64],
    wanted: Wanted,
    nodes: list[Nodes],
    step_mm: float,
) -> Track | None:
    """Dynamic programme from the head down; a track may begin and end anywhere."""
    totals: list[npt.NDArray[np.float64]] = [np.zeros(0)] * len(nodes)
    came_from: list[npt.NDArray[np.intp]] = [np.zeros(0, np.intp)] * len(nodes)
    for z in range(len(nodes) - 1, -1, -1):
        places, value = nodes[z]
        totals[z] = value.copy()
        came_from[z] = np.full(len(value), -1, np.intp)
        if z + 1 < len(nodes) and len(value) and len(totals[z + 1]):
            gain = totals[z + 1][:, None] - _cost(votes, radii_mm, wanted, nodes[z + 1][0], places, step_mm)
            best = gain.argmax(0)
            better = gain[best, np.arange(len(value))] > 0
            totals[z] += np.where(better, gain[best, np.arange(len(value))], 0)
            came_from[z] = np.where(better, best, -1)
    ends = [float(total.max()) if len(total) else -np.inf for total in totals]
    z = int(np.argmax(ends))
    if not np.isfinite(ends[z]) or ends[z] <= 0:
        return None
    return _trace(votes, radii_mm, nodes, came_from, z, int(totals[z].argmax()))


def _cost(
    votes: Votes,
    radii_mm: npt.NDArray[np.float64],
    wanted: Wanted,
    above: npt.NDArray[np.intp],
    below: npt.NDArray[np.intp],
    step_mm: float,
) -> npt.NDArray[np.float64]:
    """Cost of each step from a circle (rows) to one in the slice below (columns)."""
    dy = votes.y_mm[below[:, 1]][None] - votes.y_mm[above[:, 1]][:, None]
    dx = votes.x_mm[below[:, 2]][None] - votes.x_mm[above[:, 2]][:, None] - wanted.drift_x_per_mm_down * step_mm
    free = FREE_PIXELS * float(votes.y_mm[1] - votes.y_mm[0])
    right = np.maximum(0.0, -dx - free)
    forward = np.maximum(0.0, -dy - free)
    sideways = np.maximum(0.0, np.hypot(dy, dx) - free)
    radius = np.abs(radii_mm[below[:, 0]][None] - radii_mm[above[:, 0]][:, None])
    extra = (wanted.cost_per_mm_right - COST_PER_MM_SIDEWAYS) * right
    extra += (wanted.cost_per_mm_forward - COST_PER_MM_SIDEWAYS) * forward
    cost: npt.NDArray[np.float64] = COST_PER_MM_SIDEWAYS * sideways + extra + COST_PER_MM_RADIUS * radius
    return cost


def _trace(
    votes: Votes,
    radii_mm: npt.NDArray[np.float64],
    nodes: list[Nodes],
    came_from: list[npt.NDArray[np.intp]],
    z: int,
    node: int,
) -> Track:
    slices, places = [], []
    while node >= 0:
        slices.append(z)
        places.append(nodes[z][0][node])
        node = int(came_from[z][node])
        z += 1
    at = np.array(places)
    planes = np.array(slices, np.intp)
    return Track(
        slices=planes + votes.corner[0],
        z_mm=votes.z_mm[planes],
        y_mm=votes.y_mm[at[:, 1]],
        x_mm=votes.x_mm[at[:, 2]],
        radius_mm=radii_mm[at[:, 0]],
        share=votes.share[at[:, 0], planes, at[:, 1], at[:, 2]].astype(float) / FULL_VOTES,
    )
