"""Motion: a border of the heart that is seen twice, and a heart that jumps between slices. Always "possible"."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy import Anatomy
from scoring.quality.limits import LIMITS
from scoring.result import Finding, Severity
from scoring.volume import Volume

Values = npt.NDArray[np.float64]

RAYS = 48
RAYS_OF_A_SECTOR = 4
SAMPLE_MM = 0.3
NEAREST_MM, FARTHEST_MM = 8.0, 110.0
LUNG_HU, TISSUE_HU = -650.0, -150.0
"""A border that is seen twice has a step between lung and fat; a still one has none."""
BELOW_MM, ABOVE_MM = 25.0, 30.0
"""About the heart's centre: where lung lies beside the heart and the dome of the liver does not."""
EVERY_MM = 2.4
STANDARD_SLICE_MM = 3.0
FINE_PIXEL_MM = 0.5
"""A coarser pixel broadens every border by what it is coarser."""
BACK_SECTORS = (1, 2, 3, 4)
"""Behind the heart lie hila, oesophagus and aorta, not lung alone."""
STEEPEST = 1.0
LEAST_RAYS = 16
BROADEST = 3
"""A heart that moves to and fro is doubled on both sides: the mean of so many broadest sectors counts."""

SHIFT_BELOW_MM, SHIFT_ABOVE_MM = 30.0, 55.0
RIM_MM = 9.0
CONTRAST_HU = (-400.0, 50.0)
SMOOTHING_CELLS = 1.2
OUTLIER_HU = 60.0
ROUNDS = 3
LEAST_CELLS = 300
NEIGHBOURS = 3
EXPLAINED = 0.75
"""A jump is believed where shifting one slice back takes away a quarter of its difference from the next and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What was measured; nan where the heart's border could not be followed."""

    doubling_mm: float  # width of the zone between lung and heart that a still, sharp border does not have
    step_mm: float  # greatest shift of the heart from one slice to the next, less that of the slices around


def measure_motion(volume: Volume, anatomy: Anatomy) -> Motion:
    """Doubling of the border of the heart and steps between its slices."""
    return Motion(doubling_mm=_doubling(volume, anatomy), step_mm=_step(anatomy))


def motion(measured: Motion) -> list[Finding]:
    """One finding with what was measured: the severer of the two signs gives severity and figure."""
    signs = []
    for name, figure, said in (
        ("doubling", measured.doubling_mm, "the border of the heart is doubled or blurred over {0:.1f} mm"),
        ("step", measured.step_mm, "the heart jumps by {0:.1f} mm from one slice to the next"),
    ):
        severity = LIMITS[name].severity(figure)
        if severity is not None:
            signs.append((severity, figure, said.format(figure)))
    if not signs:
        return []
    worst = next((sign for sign in signs if sign[0] is Severity.WEAKENS), signs[0])
    severity = Severity.WEAKENS if len(signs) > 1 else worst[0]
    sentence = (
        f"{' and '.join(said for *_, said in signs)}: motion during the scan is possible, which doubles, smears or "
        "hides calcium"
    )
    return [Finding(code="motion_possible", severity=severity, sentence=sentence, measured=worst[1], unit="mm")]


# ------------------------------------------------------------------------------------------ doubling


def _doubling(volume: Volume, anatomy: Anatomy) -> float:
    heights, radius, width = _borders(volume, anatomy)
    if len(heights) < 3:
        return float("nan")
    # A wall that leans is cut obliquely: the slice shows it as wide as it leans within the slice's thickness.
    lean = np.abs(np.diff(radius, axis=0)) / (heights[1] - heights[0])
    lean = np.fmax(np.vstack([lean, np.full(RAYS, np.nan)]), np.vstack([np.full(RAYS, np.nan), lean]))
    blur = max(0.0, max(volume.pixel_spacing_mm) - FINE_PIXEL_MM)
    excess = width - blur - lean * max(volume.slice_increment_mm, STANDARD_SLICE_MM)
    excess[~(lean < STEEPEST)] = np.nan
    sectors = []
    for sector in range(RAYS // RAYS_OF_A_SECTOR):
        rays = excess[:, sector * RAYS_OF_A_SECTOR : (sector + 1) * RAYS_OF_A_SECTOR]
        rays = rays[np.isfinite(rays)]
        if sector not in BACK_SECTORS and len(rays) >= LEAST_RAYS:
            quarter = len(rays) // 4
            sectors.append(float(np.sort(rays)[quarter:-quarter].mean()))
    return float(np.mean(sorted(sectors)[-BROADEST:])) if len(sectors) >= BROADEST else float("nan")


def _borders(volume: Volume, anatomy: Anatomy) -> tuple[Values, Values, Values]:
    """Rays from the heart's axis to the lung: heights, and (height, ray) where tissue ends and how far lung is from it.

    Rays run to the left first, then by the back, the right and the front.
    """
    grid = anatomy.grid
    up, back, left = anatomy.centre_mm
    heights: Values = np.arange(grid.fine_shape[0]) * np.float64(grid.fine_spacing_mm[0])
    heights = heights[(heights > up - BELOW_MM) & (heights < up + ABOVE_MM)]
    heights = heights[:: max(1, round(EVERY_MM / grid.fine_spacing_mm[0]))]
    angle = np.arange(RAYS) * 2 * np.pi / RAYS
    away = np.arange(NEAREST_MM, FARTHEST_MM, SAMPLE_MM)
    shape = (len(heights), RAYS, len(away))
    y = np.broadcast_to(back + np.sin(angle)[:, None] * away, shape)
    x = np.broadcast_to(left + np.cos(angle)[:, None] * away, shape)
    z = np.broadcast_to(heights[:, None, None], shape)
    voxels = np.rint(grid.voxels(np.stack([z, y, x], axis=-1).reshape(-1, 3))).astype(np.intp)
    inside = ((voxels >= 0) & (voxels < volume.hu.shape)).all(1).reshape(shape)
    voxels = np.clip(voxels, 0, np.array(volume.hu.shape) - 1)
    hu = volume.hu[tuple(voxels.T)].reshape(shape)
    lung = inside & (hu < LUNG_HU)
    first = lung.argmax(2)
    index = np.arange(len(away))
    last = np.where(inside & (hu > TISSUE_HU) & (index < first[..., None]), index, -1).max(2)
    known = lung.any(2) & (last >= 0)
    radius: Values = np.where(known, away[last], np.nan)
    width: Values = np.where(known, (first - last - 1) * SAMPLE_MM, np.nan)
    return heights, radius, width


# ------------------------------------------------------------------------------------------ steps


def _step(anatomy: Anatomy) -> float:
    grid, box = anatomy.grid, anatomy.opened.box
    up = grid.axis_mm(0)[box[0]] - anatomy.centre_mm[0]
    part = np.flatnonzero((up > -SHIFT_BELOW_MM) & (up < SHIFT_ABOVE_MM))
    if len(part) < 2 * NEIGHBOURS:
        return float("nan")
    chosen = slice(int(part[0]), int(part[-1]) + 1)
    near = anatomy.opened.inside_closed_mm[chosen] > -RIM_MM
    smooth = ndimage.gaussian_filter(
        np.clip(grid.hu[box][chosen], *CONTRAST_HU), (0.0, SMOOTHING_CELLS, SMOOTHING_CELLS)
    )
    shifts = np.array(
        [_shift(smooth[k], smooth[k + 1], near[k] & near[k + 1], grid.spacing_mm[1:]) for k in range(len(smooth) - 1)]
    )
    # Where the grid averages slices, a jump inside an average is seen as two smaller ones.
    lengths = (1, 2) if grid.spacing_mm[0] > 1.5 * grid.fine_spacing_mm[0] else (1,)
    jumps = [_jump(shifts, k, length) for length in lengths for k in range(len(shifts) + 1 - length)]
    return max(jumps, default=float("nan"))


def _jump(shifts: Values, first: int, length: int) -> float:
    """How far some consecutive shifts together differ from their neighbours; 0 where they explain little."""
    own = shifts[first : first + length]
    around = [shifts[max(0, first - NEIGHBOURS) : first], shifts[first + length : first + length + NEIGHBOURS]]
    others = np.concatenate(around)
    others = others[np.isfinite(others).all(1)]
    if not len(others) or not own[:, 2].max() < EXPLAINED:
        return 0.0
    return float(np.hypot(*(own[:, :2].sum(0) - length * np.median(others[:, :2], axis=0))))


def _shift(
    lower: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    where: npt.NDArray[np.bool_],
    spacing_mm: tuple[float, ...],
) -> tuple[float, float, float]:
    """In-plane shift (y, x) of the upper against the lower slice in mm, and the share of the difference it leaves.

    Least squares of the brightness constancy (Lucas and Kanade 1981), iterated, outliers weighed down.
    """
    if where.sum() < LEAST_CELLS:
        return float("nan"), float("nan"), float("nan")
    rows, columns = (slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(where))
    lower, upper, where = lower[rows, columns], upper[rows, columns], where[rows, columns]
    moved, shift = upper, np.zeros(2)
    for _ in range(ROUNDS):
        slope_y, slope_x = np.gradient((lower + moved) / 2)
        rest = lower - moved
        weight = where / (1.0 + (rest / OUTLIER_HU) ** 2)
        cross = float((weight * slope_y * slope_x).sum())
        normal = np.array([[(weight * slope_y**2).sum(), cross], [cross, (weight * slope_x**2).sum()]], float)
        normal += np.eye(2) * 1e-6  # an even slice has no slope and no shift
        shift = shift + np.linalg.solve(
            normal, np.array([(weight * slope_y * rest).sum(), (weight * slope_x * rest).sum()], float)
        )
        moved = ndimage.shift(upper, -shift, order=1, mode="nearest")
    before, after = (float(np.sqrt(((lower - other)[where] ** 2).mean())) for other in (upper, moved))
    return float(shift[0] * spacing_mm[0]), float(shift[1] * spacing_mm[1]), after / max(before, 1e-6)
