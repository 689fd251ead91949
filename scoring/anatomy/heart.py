"""Where the heart is: its centre, its body without vessels and folds, and distances to its surface."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.chest import Chest
from scoring.anatomy.circles import Track
from scoring.anatomy.grid import Field, Grid, Mask

Point = tuple[float, float, float]
Box = tuple[slice, slice, slice]

SOFT_HU = -25.0
"""Blood, muscle and the calcium in them are above; what is denser and large is bone."""
CORE_STEP = 2
"""The centre is sought on voxels twice as large as the grid's."""
CORE_CAP_MM = 38.0
FLANK_RIGHT_MM = 75.0
FLANK_LEFT_MM = 80.0
FLANK_SOFTNESS_MM = 6.0
LEFT_OF_SPINE_MM = (25.0, 28.0)
BEFORE_AORTA_MM = (62.0, 24.0)
"""Mean and standard deviation of the heart's place."""
CORE_SMOOTHING_MM = 7.0
CORE_TO_CENTRE_MM = (-3.0, 5.0, 8.0)
"""The most central soft place lies so far (z, y, x) from the middle of the heart: mean over phantoms."""

AORTA_TO_CENTRE_MM = (2.0, 29.0)
"""So far (y, x) from the ascending aorta at the ostia the heart's centre lies: phantoms, two real hearts."""
AORTA_SPREAD_MM = (10.0, 9.0)
OSTIA_UP_MM = 38.0
GREATEST_OFF_MM = (20.0, 17.0)
"""A centre farther from where the aorta has it was mistaken: right ones lay within 14 and 9 mm."""

OPENING_MM = 5.0
LONG_AXIS = (-0.66, -0.47, 0.58)
"""From base to apex, (z, y, x): down, forward, left."""
HALF_LENGTH_MM = 75.0
HALF_WIDTH_MM = 62.0
CLOSING_MM = 14.0
BOX_MM = 95.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Core:
    """The most central soft place of the chest."""

    centre_mm: Point
    strength_mm: float  # radius of the ball of soft tissue there, times the share of flanking lung
    flank: float


def find_core(
    grid: Grid, chest: Chest, descending: Track | None, near_mm: tuple[float, float] | None = None
) -> Core | None:
    """Centre of the heart, from how deep soft tissue is, flanked by lungs, before the aorta.

    Parameters
    ----------
    grid, chest : Grid, Chest
        The chest.
    descending : Track or None
        What lies behind the heart.
    near_mm : tuple of float, optional
        Where (y, x) something else has the centre; it takes the place of the usual one.
    """
    step = CORE_STEP
    hu = _halve(grid.hu)
    spacing = (grid.spacing_mm[0], grid.spacing_mm[1] * step, grid.spacing_mm[2] * step)
    y = grid.axis_mm(1)[: hu.shape[1] * step].reshape(-1, step).mean(1)
    x = grid.axis_mm(2)[: hu.shape[2] * step].reshape(-1, step).mean(1)
    z = grid.axis_mm(0)
    aorta_y = _before_aorta(descending, chest, z)
    soft = (hu > SOFT_HU) & (_halve((chest.compartment & ~chest.bones).astype(np.float32)) > 0.5)
    soft &= y[None, :, None] < aorta_y[:, None, None]
    if not soft.any():
        return None
    padded = np.pad(soft, 1)
    depth = ndimage.distance_transform_edt(padded, spacing)[1:-1, 1:-1, 1:-1]
    flank = _flank(_halve(chest.lungs.astype(np.float32)) > 0.5, spacing[2])
    spine_x = chest.spine_mm[1]
    across = np.exp(-0.5 * ((x - spine_x - LEFT_OF_SPINE_MM[0]) / LEFT_OF_SPINE_MM[1]) ** 2)
    ahead = np.exp(-0.5 * ((aorta_y[:, None] - y - BEFORE_AORTA_MM[0]) / BEFORE_AORTA_MM[1]) ** 2)
    usual = across * ahead[:, :, None]
    if near_mm is not None:
        off_y = (y + CORE_TO_CENTRE_MM[1] - near_mm[0]) / AORTA_SPREAD_MM[0]
        off_x = (x + CORE_TO_CENTRE_MM[2] - near_mm[1]) / AORTA_SPREAD_MM[1]
        usual = np.exp(-0.5 * (off_y[:, None] ** 2 + off_x**2))[None]
    likely = np.minimum(depth, CORE_CAP_MM) * flank * usual
    likely = ndimage.gaussian_filter(likely, [CORE_SMOOTHING_MM / s for s in spacing])
    at = np.unravel_index(int(likely.argmax()), likely.shape)
    near = np.minimum(depth, CORE_CAP_MM) * flank
    region = tuple(slice(max(0, i - 2), i + 3) for i in at)
    centre = (
        float(z[at[0]]) + CORE_TO_CENTRE_MM[0],
        float(y[at[1]]) + CORE_TO_CENTRE_MM[1],
        float(x[at[2]]) + CORE_TO_CENTRE_MM[2],
    )
    return Core(centre_mm=centre, strength_mm=float(near[region].max()), flank=float(flank[at]))


def centre_by_aorta(ascending: Track, core: Core) -> tuple[float, float] | None:
    """Where (y, x) the ascending aorta has the heart's centre, if the core is far from there."""
    z = core.centre_mm[0] + OSTIA_UP_MM
    y = float(np.interp(z, ascending.z_mm, ascending.y_mm)) + AORTA_TO_CENTRE_MM[0]
    x = float(np.interp(z, ascending.z_mm, ascending.x_mm)) + AORTA_TO_CENTRE_MM[1]
    far = abs(core.centre_mm[1] - y) > GREATEST_OFF_MM[0] or abs(core.centre_mm[2] - x) > GREATEST_OFF_MM[1]
    return (y, x) if far else None


def _halve(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """In-plane block mean by CORE_STEP."""
    n, rows, columns = values.shape
    rows, columns = rows // CORE_STEP, columns // CORE_STEP
    kept = values[:, : rows * CORE_STEP, : columns * CORE_STEP]
    mean: npt.NDArray[np.float32] = kept.reshape(n, rows, CORE_STEP, columns, CORE_STEP).mean((2, 4))
    return mean


def _before_aorta(descending: Track | None, chest: Chest, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where the descending aorta lies, front to back, at every slice; the spine's front where it is not known."""
    if descending is None:
        return np.full(len(z), chest.spine_mm[0] - 5.0)
    return np.interp(z, descending.z_mm, descending.y_mm)


def _flank(lungs: Mask, step_mm: float) -> npt.NDArray[np.float64]:
    """How well each place has lung on both sides in its row: 0 to 1."""
    columns = np.arange(lungs.shape[2])
    last = np.maximum.accumulate(np.where(lungs, columns, -10_000), axis=2)
    following = np.minimum.accumulate(np.where(lungs, columns, 10_000)[:, :, ::-1], axis=2)[:, :, ::-1]
    right = np.asarray((columns - last) * step_mm, float)
    left = np.asarray((following - columns) * step_mm, float)
    near_right = _logistic((FLANK_RIGHT_MM - right) / FLANK_SOFTNESS_MM)
    near_left = _logistic((FLANK_LEFT_MM - left) / FLANK_SOFTNESS_MM)
    return np.asarray(near_right * near_left, float)


def _logistic(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    out: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(value, -50, 50)))
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedHeart:
    """The heart's body and distances to it, in a box of the grid."""

    box: Box
    body: Mask
    outside_mm: Field  # signed distance to the surface of the body: negative inside
    inside_closed_mm: Field  # depth inside the closed outline: negative outside
    ellipsoid: Field  # 1 on the surface of the expected ellipsoid


def open_heart(grid: Grid, chest: Chest, centre_mm: Point, descending: Track | None) -> OpenedHeart | None:
    """Soft tissue of the heart without vessels and folds thinner than twice the opening."""
    box = box_around(grid, centre_mm, BOX_MM)
    z, y, x = (grid.axis_mm(axis)[box[axis]] for axis in range(3))
    aorta_y = _before_aorta(descending, chest, z)
    hu = grid.hu[box]
    soft = (hu > SOFT_HU) & chest.compartment[box] & ~chest.bones[box]
    soft &= y[None, :, None] < aorta_y[:, None, None]
    ellipsoid = _ellipsoid(z, y, x, centre_mm)
    depth = ndimage.distance_transform_edt(soft, grid.spacing_mm)
    seed = (depth > OPENING_MM) & (ellipsoid < 1)
    labels, count = ndimage.label(seed)
    if not count:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest = labels == sizes.argmax()
    body = soft & (ndimage.distance_transform_edt(~largest, grid.spacing_mm) <= OPENING_MM)
    beyond = ndimage.distance_transform_edt(~body, grid.spacing_mm)
    within = ndimage.distance_transform_edt(body, grid.spacing_mm)
    closed = ndimage.distance_transform_edt(beyond <= CLOSING_MM, grid.spacing_mm) - CLOSING_MM
    return OpenedHeart(
        box=box,
        body=body,
        outside_mm=(beyond - within).astype(np.float32),
        inside_closed_mm=closed.astype(np.float32),
        ellipsoid=ellipsoid.astype(np.float32),
    )


def box_around(grid: Grid, centre_mm: Point, half_mm: float) -> Box:
    """Box of the grid within so many millimetres of a point."""
    parts = []
    for axis in range(3):
        at = grid.axis_mm(axis)
        inside = np.flatnonzero(np.abs(at - centre_mm[axis]) <= half_mm)
        parts.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return parts[0], parts[1], parts[2]


def _ellipsoid(
    z: npt.NDArray[np.float64], y: npt.NDArray[np.float64], x: npt.NDArray[np.float64], centre_mm: Point
) -> npt.NDArray[np.float64]:
    """Distance from the centre in units of the expected ellipsoid."""
    axis = np.array(LONG_AXIS) / np.linalg.norm(LONG_AXIS)
    dz, dy, dx = z[:, None, None] - centre_mm[0], y[:, None] - centre_mm[1], x - centre_mm[2]
    along = dz * axis[0] + dy * axis[1] + dx * axis[2]
    squared = dz**2 + dy**2 + dx**2
    across = np.maximum(0.0, squared - along**2)
    value: npt.NDArray[np.float64] = np.sqrt((along / HALF_LENGTH_MM) ** 2 + across / HALF_WIDTH_MM**2)
    return value
