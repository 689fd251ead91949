"""What the regions of a phantom measure: discs in a slice, and the calcium of one insert above its surroundings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.qa.geometry import Vector
from scoring.volume import Volume

RING_WIDTH_MM = 2.0
"""Width of the ring in which the surroundings of an insert are measured."""

BLUR_MM = 2.0
"""So far beyond its edge the blur of any kernel carries an insert's calcium."""

CORE_SHARE = 0.3
"""Pixels below this share of an insert's largest excess say more of the noise than of its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """HU in a disc of one slice."""

    mean_hu: float
    sd_hu: float
    pixels: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signal:
    """What one insert adds to its surroundings."""

    centre_lps_mm: Vector  # centre of gravity of the excess
    excess_hu_mm3: float
    background_hu: float


def index_of(volume: Volume, point_lps_mm: Vector) -> Vector:
    """Place of a point in the array (slice, row, column), not rounded."""
    affine = volume.voxel_to_lps_mm
    return np.asarray(np.linalg.solve(affine[:3, :3], point_lps_mm - affine[:3, 3]), np.float64)


def disc(volume: Volume, slice_index: int, centre: tuple[float, float], radius_mm: float) -> Disc | None:
    """HU within `radius_mm` of a place (row, column) in a slice, or None where the disc is cut by the image."""
    rows, columns = _window(volume, centre, radius_mm)
    if rows is None or columns is None:
        return None
    away = _distance_mm(volume, rows, columns, centre)
    values = volume.hu[slice_index, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][away <= radius_mm]
    values = values.astype(float)
    if not values.size or not np.isfinite(values).all():
        return None
    return Disc(mean_hu=float(values.mean()), sd_hu=float(values.std()), pixels=int(values.size))


def signal_of_insert(volume: Volume, centre_lps_mm: Vector, diameter_mm: int) -> Signal | None:
    """Excess over the surroundings about a supposed insert, or None where it lies outside the scan or adds nothing.

    The sum of HU above the surroundings does not depend on blur or on how slices cut the insert, so it tells densities
    apart where the mean HU of a small insert cannot.
    """
    radius_mm = diameter_mm / 2 + BLUR_MM
    half_length_mm = diameter_mm / 2 + volume.slice_increment_mm + 1.0
    at = index_of(volume, centre_lps_mm)
    reach = half_length_mm / volume.slice_increment_mm
    first, last = max(int(np.ceil(at[0] - reach)), 0), min(int(np.floor(at[0] + reach)), len(volume.hu) - 1)
    rows, columns = _window(volume, (at[1], at[2]), radius_mm + RING_WIDTH_MM)
    if first > last or rows is None or columns is None:
        return None
    away = _distance_mm(volume, rows, columns, (at[1], at[2]))
    box = volume.hu[first : last + 1, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    inside, ring = away <= radius_mm, (away > radius_mm) & (away <= radius_mm + RING_WIDTH_MM)
    background = float(np.median(box[:, ring]))
    excess = np.where(inside, box - background, 0.0)
    total = float(excess.sum())
    if not np.isfinite(total) or total <= 0:
        return None
    row_mm, column_mm = volume.pixel_spacing_mm
    return Signal(
        centre_lps_mm=volume.to_lps_mm(_gravity(excess, first, rows, columns)[None])[0],
        excess_hu_mm3=total * row_mm * column_mm * volume.slice_increment_mm,
        background_hu=background,
    )


def _gravity(
    excess: npt.NDArray[np.float64], first: int, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> Vector:
    """Centre of gravity: across the slices of all excess, within them of what stands out of the noise."""
    by_slice = np.maximum(excess.sum((1, 2)), 0.0)
    plane = excess.sum(0)
    plane = np.maximum(plane - CORE_SHARE * plane.max(), 0.0)
    return np.array(
        [
            first + float(by_slice @ np.arange(len(by_slice))) / float(by_slice.sum()),
            float(plane.sum(1) @ rows) / float(plane.sum()),
            float(plane.sum(0) @ columns) / float(plane.sum()),
        ]
    )


def _window(
    volume: Volume, centre: tuple[float, float], radius_mm: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | tuple[None, None]:
    """Rows and columns that a disc touches, or nothing where it leaves the image."""
    parts = []
    for place, spacing, size in zip(centre, volume.pixel_spacing_mm, volume.hu.shape[1:], strict=True):
        low, high = int(np.ceil(place - radius_mm / spacing)), int(np.floor(place + radius_mm / spacing))
        if low < 0 or high >= size or low > high:
            return None, None
        parts.append(np.arange(low, high + 1))
    return parts[0], parts[1]


def _distance_mm(
    volume: Volume, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], centre: tuple[float, float]
) -> npt.NDArray[np.float64]:
    row_mm, column_mm = volume.pixel_spacing_mm
    away: npt.NDArray[np.float64] = np.hypot(
        (rows[:, None] - centre[0]) * row_mm, (columns[None, :] - centre[1]) * column_mm
    )
    return away
