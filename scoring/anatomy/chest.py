"""Lungs, bones, spine and the compartment between the lungs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from scoring.anatomy.grid import Grid, Mask

LUNG_HU = -500.0
SMALLEST_LUNG_ML = 15.0
OPEN_AIR_HU = -955.0
"""Mean below this and touching the border: the room, not a lung."""
CORNER_AIR_HU = -930.0
BODY_HU = -250.0
SMALLEST_SHARE_IN_BODY = 0.6
"""Air under the table or beside the arms lies outside the convex hull of the body."""

BONE_HU = 140.0
SMALLEST_BONE_MM3 = 3000.0

WINDOW_BELOW_MM = 12.0
WINDOW_ABOVE_MM = 25.0
BONE_WINDOW_MM = 13.0
INSIDE_MM = 13.0
"""The compartment lies this far inside the hulls."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chest:
    """Coarse masks and places of the chest."""

    lungs: Mask
    bones: Mask
    hull: Mask  # convex hull of the lungs around each slice
    compartment: Mask  # where a heart can be
    midline_mm: float  # x between the lungs
    spine_mm: tuple[float, float]  # y of the front of the vertebrae, x of their middle
    spine_seen: bool


def find_chest(grid: Grid) -> Chest | None:
    """Lungs, bones and what lies between, or None without two sides of lung."""
    body = _body_hull(grid)
    lungs = find_lungs(grid, body)
    if not lungs.any():
        return None
    bones = find_bones(grid, body)
    hull, compartment = _compartment(grid, lungs, bones)
    midline = _midline(grid, lungs)
    spine, seen = _spine(grid, lungs, bones, midline)
    return Chest(
        lungs=lungs,
        bones=bones,
        hull=hull,
        compartment=compartment,
        midline_mm=midline,
        spine_mm=spine,
        spine_seen=seen,
    )


def _body_hull(grid: Grid) -> Mask:
    """Convex hull, slice by slice, of the largest piece of tissue."""
    labels, count = ndimage.label(grid.hu > BODY_HU)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    body = labels == sizes.argmax()
    y, x = grid.axis_mm(1), grid.axis_mm(2)
    hull = np.zeros(body.shape, bool)
    for z, flat in enumerate(body):
        found = _depth_in_hull(flat, y, x)
        if found is not None:
            hull[z][found[0]] = found[1] <= 0
    return hull


def find_lungs(grid: Grid, body: Mask) -> Mask:
    """Air inside the body that is neither the room nor small."""
    labels, count = ndimage.label((grid.hu < LUNG_HU) & ~grid.padded)
    flat = labels.ravel()
    voxels = np.bincount(flat, minlength=count + 1)
    mean = np.bincount(flat, weights=grid.hu.ravel(), minlength=count + 1) / np.maximum(voxels, 1)
    on_border = np.zeros(count + 1, bool)
    for face in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        on_border[np.unique(face)] = True
    in_corner = np.zeros(count + 1, bool)
    for row in (0, -1):
        for column in (0, -1):
            in_corner[np.unique(labels[:, row, column])] = True
    keep = voxels * float(np.prod(grid.spacing_mm)) > SMALLEST_LUNG_ML * 1000
    keep &= ~(on_border & (mean < OPEN_AIR_HU)) & ~(in_corner & (mean < CORNER_AIR_HU))
    keep &= np.bincount(flat[body.ravel()], minlength=count + 1) > SMALLEST_SHARE_IN_BODY * voxels
    keep[0] = False
    lungs: Mask = keep[labels]
    return lungs


def find_bones(grid: Grid, body: Mask) -> Mask:
    """Dense pieces too large for calcified plaque."""
    labels, count = ndimage.label((grid.hu > BONE_HU) & body, np.ones((3, 3, 3)))
    volume = np.bincount(labels.ravel(), minlength=count + 1) * float(np.prod(grid.spacing_mm))
    keep = volume > SMALLEST_BONE_MM3
    keep[0] = False
    bones: Mask = keep[labels]
    return bones


def _compartment(grid: Grid, lungs: Mask, bones: Mask) -> tuple[Mask, Mask]:
    step = grid.spacing_mm[0]
    depth = len(lungs)
    hull = np.zeros(lungs.shape, bool)
    compartment = np.zeros(lungs.shape, bool)
    both = lungs | bones
    y, x = grid.axis_mm(1), grid.axis_mm(2)
    for z in range(depth):
        below, above, bones_by = (round(reach / step) for reach in (WINDOW_BELOW_MM, WINDOW_ABOVE_MM, BONE_WINDOW_MM))
        around: Mask = np.logical_or.reduce(lungs[max(0, z - below) : z + above + 1])
        beside: Mask = np.logical_or.reduce(both[max(0, z - bones_by) : z + bones_by + 1])
        for flat in (around, beside):
            found = _depth_in_hull(flat, y, x)
            if found is None:
                continue
            box, reach = found
            hull[z][box] |= reach <= 0
            compartment[z][box] |= reach <= -INSIDE_MM
    return hull, compartment


def _depth_in_hull(
    flat: Mask, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
) -> tuple[tuple[slice, slice], npt.NDArray[np.float64]] | None:
    """Box of a mask, and in it the signed distance to the nearest line of its convex hull: negative inside.

    A convex outline moved inwards is where that distance is below a limit. None where there is no hull.
    """
    rows = np.flatnonzero(flat.any(1))
    if len(rows) < 3:
        return None
    first = flat[rows].argmax(1)
    last = flat.shape[1] - 1 - flat[rows, ::-1].argmax(1)
    points = np.concatenate([np.stack([y[rows], x[first]], 1), np.stack([y[rows], x[last]], 1)])
    try:
        edges = ConvexHull(points).equations
    except QhullError:  # all points on one line
        return None
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(first.min()), int(last.max()) + 1))
    reach = np.full((box[0].stop - box[0].start, box[1].stop - box[1].start), -np.inf)
    for normal_y, normal_x, offset in edges:
        np.maximum(reach, (normal_y * y[box[0]] + offset)[:, None] + normal_x * x[box[1]], out=reach)
    return box, reach


def _midline(grid: Grid, lungs: Mask) -> float:
    """Place between the lungs: the middle of the widest gap of each row that has lung on both sides, median."""
    x = grid.axis_mm(2)
    rows = lungs.reshape(-1, lungs.shape[2])
    rows = rows[rows.sum(1) > 0]
    # A row's gap: the longest run without lung between its first and last lung voxel.
    middles, widths = [], []
    for row in rows[:: max(1, len(rows) // 3000)]:
        at = np.flatnonzero(row)
        gaps = np.diff(at)
        widest = int(gaps.argmax()) if len(gaps) else -1
        if widest >= 0 and gaps[widest] * grid.spacing_mm[2] > 25:
            middles.append(0.5 * (x[at[widest]] + x[at[widest + 1]]))
            widths.append(gaps[widest])
    if middles:
        return float(np.median(middles))
    return float(np.average(x, weights=lungs.sum((0, 1))))


def _spine(grid: Grid, lungs: Mask, bones: Mask, midline: float) -> tuple[tuple[float, float], bool]:
    """Front and middle of the vertebral column; from the lungs where the field of view cut it away."""
    y, x = grid.axis_mm(1), grid.axis_mm(2)
    rows = np.flatnonzero(lungs.any((0, 2)))
    back = float(y[rows[-1]])
    behind = y > 0.5 * (y[rows[0]] + back)
    near = np.abs(x - midline) < 45
    column = bones[:, behind][:, :, near].sum((0, 1)) if near.any() else np.zeros(0)
    per_slice = column.sum() * grid.spacing_mm[1] * grid.spacing_mm[2] / len(bones)
    if per_slice < 150:  # mm2: less than a vertebra's cortex
        return (back - 35.0, midline), False
    smooth = ndimage.uniform_filter1d(column.astype(float), max(1, round(30 / grid.spacing_mm[2])), mode="constant")
    middle = float(x[near][int(smooth.argmax())])
    narrow: Mask = np.logical_or.reduce(bones[:, behind][:, :, np.abs(x - middle) < 10], axis=2)
    fronts = [y[behind][row.argmax()] for row in narrow if row.any()]
    return (float(np.median(fronts)), middle), True
