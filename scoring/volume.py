"""The HU volume, and the one function that turns slice positions into a stack geometry or a fault."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.result import UnfitError

HuVolume = npt.NDArray[Any]  # int16 where every value is a whole number, else float32; axes (slice, row, column)
Vector = npt.NDArray[np.float64]

UNEVEN_SHARE = 0.05
"""Largest difference of one step from the increment that still counts as even, as a share of the increment."""

SAME_POSITION_MM = 0.1
"""Two slices closer than this lie at one position."""

AXIAL_DEGREES = 15.0
"""Largest angle between the normal of the stack and the patient's long axis."""

UNIT_TOLERANCE = 0.01
"""Largest fault of a direction cosine's length, or of the right angle between two, that rounding explains."""

OFF_LINE_MM = 1.0
"""Largest distance of a slice's corner from the straight line of all; a tilted gantry keeps to its line."""

MINIMUM_SLICES = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """HU on a regular grid, axes (slice, row, column); slices ascend along the normal of the stack.

    `voxel_to_lps_mm` is 4 x 4 and takes (slice, row, column, 1) to millimetres in the patient's
    frame: + is left, posterior, head (PS3.3 C.7.6.2.1.1).
    """

    hu: HuVolume
    voxel_to_lps_mm: Vector

    def __post_init__(self) -> None:
        if self.hu.ndim != 3:
            raise ValueError(f"Volume.hu must have axes (slice, row, column), got shape {self.hu.shape}")
        if self.voxel_to_lps_mm.shape != (4, 4):
            raise ValueError(f"Volume.voxel_to_lps_mm must be 4 x 4, got {self.voxel_to_lps_mm.shape}")
        self.hu.flags.writeable = False
        self.voxel_to_lps_mm.flags.writeable = False

    @property
    def pixel_spacing_mm(self) -> tuple[float, float]:
        """Distance between rows, then between columns."""
        row, column = np.linalg.norm(self.voxel_to_lps_mm[:3, 1:3], axis=0)
        return float(row), float(column)

    @property
    def normal(self) -> Vector:
        """Unit vector across the slices, pointing to the last slice."""
        across = np.cross(self.voxel_to_lps_mm[:3, 2], self.voxel_to_lps_mm[:3, 1])
        unit: Vector = across / np.linalg.norm(across)
        return unit

    @property
    def slice_increment_mm(self) -> float:
        """Distance between neighbouring slice centres along the normal; not the slice thickness."""
        return abs(float(self.normal @ self.voxel_to_lps_mm[:3, 0]))

    def to_lps_mm(self, indices: npt.NDArray[Any]) -> Vector:
        """Millimetres of voxel centres: (n, 3) indices (slice, row, column) to (n, 3) LPS."""
        points: Vector = np.asarray(indices, float) @ self.voxel_to_lps_mm[:3, :3].T + self.voxel_to_lps_mm[:3, 3]
        return points


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StackGeometry:
    """How the slices of a series lie: `order` sorts the given positions along the normal."""

    order: npt.NDArray[np.intp]
    increment_mm: float
    voxel_to_lps_mm: Vector  # 4 x 4, for the slices in `order`


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole in a stack: images are missing between two neighbouring positions."""

    before: int  # index of the slice below the hole, in sorted order
    step_mm: float
    increment_mm: float

    @property
    def sentence(self) -> str:
        """The hole in words."""
        missing = max(1, round(self.step_mm / self.increment_mm) - 1)
        return (
            f"slices {self.before + 1} and {self.before + 2} lie {self.step_mm:.1f} mm apart where the series steps by "
            f"{self.increment_mm:.1f} mm: {missing} image{'s are' if missing > 1 else ' is'} missing; "
            "send the series again"
        )


def plane_normal(orientation: npt.ArrayLike) -> Vector:
    """Unit normal of a plane from Image Orientation (Patient): row cosines x column cosines.

    Raises
    ------
    UnfitError
        ``not_axial`` when the six numbers are no orientation.
    """
    cosines = np.asarray(orientation, float)
    if cosines.shape != (6,) or not np.isfinite(cosines).all():
        raise UnfitError(
            "not_axial", "the images state no usable Image Orientation (Patient); send the original images"
        )
    lengths = np.linalg.norm(cosines.reshape(2, 3), axis=1)
    along = float(cosines[:3] @ cosines[3:])
    # The length of the product alone would pass 2 x 0.5, and the affine would then scale rows and columns.
    if np.abs(lengths - 1.0).max() > UNIT_TOLERANCE or abs(along) > UNIT_TOLERANCE:
        raise UnfitError(
            "not_axial",
            "Image Orientation (Patient) holds row and column vectors that are no unit right angle "
            f"(lengths {lengths[0]:.3f} and {lengths[1]:.3f}, product {along:.3f}); send the original images",
        )
    across = np.cross(cosines[:3], cosines[3:])
    unit: Vector = across / np.linalg.norm(across)
    return unit


def first_gap(positions_mm: npt.ArrayLike) -> Gap | None:
    """First hole in sorted positions along the normal, or None. Steps below the increment are no hole."""
    steps = np.diff(np.asarray(positions_mm, float))
    if len(steps) < 2:
        return None
    increment = float(np.median(steps))
    holes = np.flatnonzero(steps > increment * 1.5)
    if not len(holes):
        return None
    return Gap(before=int(holes[0]), step_mm=float(steps[holes[0]]), increment_mm=increment)


def stack_geometry(
    positions_lps_mm: npt.ArrayLike, orientation: npt.ArrayLike, pixel_spacing_mm: tuple[float, float]
) -> StackGeometry:
    """Order, increment and affine of a stack of parallel slices.

    Parameters
    ----------
    positions_lps_mm : (n, 3)
        Image Position (Patient) of every slice, in any order.
    orientation : (6,)
        Image Orientation (Patient), the same for all slices.
    pixel_spacing_mm : (row, column)
        Distance between rows first, then between columns (PS3.3 10.7.1.3).

    Raises
    ------
    UnfitError
        ``not_axial``, ``too_few``, ``duplicate_position``, ``gap``, ``uneven`` or ``geometry`` (numbers
        that are none, or slices that do not lie above each other).

    Examples
    --------
    3 mm slices reconstructed every 1.5 mm, arriving unordered: the increment is 1.5, whatever the thickness:

    >>> stack = stack_geometry([[0, 0, 3.0], [0, 0, 0.0], [0, 0, 1.5]], [1, 0, 0, 0, 1, 0], (0.4, 0.4))
    >>> stack.increment_mm, stack.order.tolist()
    (1.5, [1, 2, 0])
    """
    points = np.asarray(positions_lps_mm, float).reshape(-1, 3)
    normal = _axial_normal(orientation)
    _check_numbers(points, pixel_spacing_mm)
    along = points @ normal
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    _check_steps(along[order], steps)
    increment = float(np.median(steps))
    cosines = np.asarray(orientation, float)
    affine = np.eye(4)
    affine[:3, 0] = (points[order[-1]] - points[order[0]]) / (len(points) - 1)
    affine[:3, 1] = cosines[3:] * pixel_spacing_mm[0]
    affine[:3, 2] = cosines[:3] * pixel_spacing_mm[1]
    affine[:3, 3] = points[order[0]]
    _check_line(points[order], affine)
    return StackGeometry(order=order, increment_mm=increment, voxel_to_lps_mm=affine)


def _check_line(sorted_points: Vector, affine: Vector) -> None:
    expected = affine[:3, 3] + np.arange(len(sorted_points))[:, None] * affine[:3, 0]
    across = np.cross(affine[:3, 2], affine[:3, 1])
    across /= np.linalg.norm(across)
    off = sorted_points - expected
    off -= (off @ across)[:, None] * across  # uneven steps along the normal have their own check
    worst = int(np.argmax(np.linalg.norm(off, axis=1)))
    distance = float(np.linalg.norm(off[worst]))
    if distance > OFF_LINE_MM:
        raise UnfitError(
            "geometry",
            f"slice {worst + 1} is shifted by {distance:.1f} mm against the others: images with different fields of "
            "view are mixed in one series; send each reconstruction as a series of its own",
            measured=distance,
            unit="mm",
        )


def _axial_normal(orientation: npt.ArrayLike) -> Vector:
    normal = plane_normal(orientation)
    degrees = float(np.degrees(np.arccos(min(1.0, abs(float(normal[2]))))))
    if degrees > AXIAL_DEGREES:
        raise UnfitError(
            "not_axial",
            f"the slices are tilted {degrees:.0f} degrees from axial, more than {AXIAL_DEGREES:.0f}: "
            "send the axial series",
            measured=degrees,
            unit="degrees",
        )
    return normal


def _check_numbers(points: Vector, pixel_spacing_mm: tuple[float, float]) -> None:
    if len(points) < MINIMUM_SLICES:
        raise UnfitError(
            "too_few",
            f"the series has {len(points)} slice{'s' if len(points) != 1 else ''}, "
            f"a score needs at least {MINIMUM_SLICES}",
            measured=float(len(points)),
            unit="slices",
        )
    if not np.isfinite(points).all():
        raise UnfitError("geometry", "an Image Position (Patient) is not a number; send the original images")
    if not all(np.isfinite(value) and 0 < value < 10 for value in pixel_spacing_mm):
        raise UnfitError(
            "geometry", f"Pixel Spacing {pixel_spacing_mm[0]:g} x {pixel_spacing_mm[1]:g} mm is not that of a CT"
        )


def _check_steps(sorted_along: Vector, steps: Vector) -> None:
    twins = np.flatnonzero(steps < SAME_POSITION_MM)
    if len(twins):
        raise UnfitError(
            "duplicate_position",
            f"{len(twins)} position{'s hold' if len(twins) > 1 else ' holds'} more than one slice (first at "
            f"{sorted_along[twins[0]]:.1f} mm along the stack): several volumes or phases are mixed in one series",
            measured=float(len(twins)),
            unit="positions",
        )
    gap = first_gap(sorted_along)
    if gap:
        raise UnfitError("gap", gap.sentence, measured=gap.step_mm, unit="mm")
    increment = float(np.median(steps))
    worst = float(np.abs(steps - increment).max())
    if worst > max(UNEVEN_SHARE * increment, 0.02):
        raise UnfitError(
            "uneven",
            f"the slices are not evenly spaced: steps differ by up to {worst:.2f} mm from {increment:.2f} mm",
            measured=worst,
            unit="mm",
        )
