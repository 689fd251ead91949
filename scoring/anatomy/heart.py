"""Where the heart is: its centre, its body without vessels and folds, and distances to its surface."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.chest import Chest
from scoring.anatomy.circles import Track
from scoring.anatomy.grid import Field, Grid, Mask

Point = tuple[float, float, float]
Box = tuple[slice, slice, slice]
Line = npt.NDArray[np.float64]

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
BODY_TO_CENTRE_MM = (2.0, 10.0)
"""The soft tissue about that place has its own middle so far (y, x) from the heart's centre: phantoms, two real hearts.

It scatters less: by 5 and 3 mm in phantoms, the most central place by 9 and 5.
"""
BODY_HALF_HEIGHT_MM = 45.0
BODY_EXTENT = 1.1
GREATEST_SHIFT_MM = 20.0

AORTA_TO_CENTRE_MM = (-36.0, 2.0, 29.0)
"""So far (z, y, x) from the lower end of the ascending aorta, in y and x from its place at the ostia, the heart's
centre lies: phantoms, two real hearts."""
AORTA_SPREAD_MM = (12.0, 10.0, 9.0)
AORTA_WEIGHT = 0.5
OSTIA_UP_MM = 38.0
GREATEST_OFF_MM = (22.0, 20.0, 17.0)
"""A centre farther from where the aorta has it was mistaken: right ones lay within 18, 14 and 9 mm."""

OPENING_MM = 5.0
ABOVE_LIVER_MM = -30.0
LARGE_HEART = 1.3
"""Above the liver nothing but lung and fat surrounds the heart: there it may be so much larger than expected."""
CHAMBER_SHARE = 0.05
CHAMBER_WITHIN = 0.85
"""A part that fat divides from the rest belongs to the heart when it is so large and lies so far inside its extent."""
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


def find_core(grid: Grid, chest: Chest, descending: Track | None, near_mm: Point | None = None) -> Core | None:
    """Centre of the heart, from how deep soft tissue is, flanked by lungs, before the aorta.

    Parameters
    ----------
    grid, chest : Grid, Chest
        The chest.
    descending : Track or None
        What lies behind the heart.
    near_mm : tuple of float, optional
        Where (z, y, x) something else has the centre; it takes the place of the usual one.
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
        off_z, off_y, off_x = (
            (axis + CORE_TO_CENTRE_MM[k] - near_mm[k]) / AORTA_SPREAD_MM[k] for k, axis in enumerate((z, y, x))
        )
        usual = np.exp(-0.5 * (off_z[:, None, None] ** 2 + off_y[:, None] ** 2 + off_x**2))
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
    return Core(
        centre_mm=_in_body(depth > OPENING_MM, (z, y, x), centre),
        strength_mm=float(near[region].max()),
        flank=float(flank[at]),
    )


def _in_body(soft: Mask, axes: tuple[Line, Line, Line], centre_mm: Point) -> Point:
    """The centre moved within its slice to where the middle of the heart's soft tissue has it."""
    z, y, x = axes
    tall = np.abs(z - centre_mm[0]) < BODY_HALF_HEIGHT_MM
    body = soft[tall] & (_ellipsoid(z[tall], y, x, centre_mm) < BODY_EXTENT)
    voxels = body.sum()
    if not voxels:
        return centre_mm
    middle = ((body.sum((0, 2)) * y).sum() / voxels, (body.sum((0, 1)) * x).sum() / voxels)
    shift = np.add(middle, BODY_TO_CENTRE_MM) - centre_mm[1:]
    shift = np.clip(shift, -GREATEST_SHIFT_MM, GREATEST_SHIFT_MM)
    return centre_mm[0], centre_mm[1] + float(shift[0]), centre_mm[2] + float(shift[1])


def centre_by_aorta(ascending: Track, core: Core) -> Point | None:
    """Where (z, y, x) an ascending aorta that ends at its root has the heart's centre; None if the core is near."""
    ostia = core.centre_mm[0] + OSTIA_UP_MM
    place = (
        float(ascending.z_mm[0]) + AORTA_TO_CENTRE_MM[0],
        float(np.interp(ostia, ascending.z_mm, ascending.y_mm)) + AORTA_TO_CENTRE_MM[1],
        float(np.interp(ostia, ascending.z_mm, ascending.x_mm)) + AORTA_TO_CENTRE_MM[2],
    )
    off = np.abs(np.subtract(core.centre_mm, place))
    return place if (off > GREATEST_OFF_MM).any() else None


def level_by_aorta(core: Core, ascending: Track) -> Core:
    """The core half-way to the height that the root gives it; both err by centimetres, for reasons of their own."""
    z, y, x = core.centre_mm
    by_aorta = float(ascending.z_mm[0]) + AORTA_TO_CENTRE_MM[0]
    return replace(core, centre_mm=(z + AORTA_WEIGHT * (by_aorta - z), y, x))


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
    reach = np.where(z - centre_mm[0] > ABOVE_LIVER_MM, LARGE_HEART, 1.0)
    seed = (depth > OPENING_MM) & (ellipsoid < reach[:, None, None])
    labels, count = ndimage.label(seed)
    if not count:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    central = np.bincount(labels.ravel(), ellipsoid.ravel()) / np.maximum(np.bincount(labels.ravel()), 1)
    chambers = (sizes == sizes.max()) | ((sizes > CHAMBER_SHARE * sizes.max()) & (central < CHAMBER_WITHIN))
    body = soft & (ndimage.distance_transform_edt(~chambers[labels], grid.spacing_mm) <= OPENING_MM)
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
