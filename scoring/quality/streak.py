"""Streaks: noise that has a direction, as arms beside the chest make it."""

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy
from scoring.quality.limits import LIMITS
from scoring.result import Finding
from scoring.volume import Volume

HALF_MM = 13.0
SAMPLE_MM = 1.0
REACH_MM = 40.0
GREATEST_SLICES = 16
TISSUE_HU = 100.0
"""What differs by more from the median of the patch is fat or calcium."""
LEAST_TISSUE = 0.9
LEAST_SLICES = 4


def streak_ratio(volume: Volume, anatomy: Anatomy) -> float:
    """How much more the means of rows vary than those of columns (or the other way round), in the heart's middle.

    Median over slices; 1 where noise has no direction, nan where fewer than four slices show even tissue.
    """
    ratios = [ratio for patch in _patches(volume, anatomy) if np.isfinite(ratio := _log_ratio(patch))]
    if len(ratios) < LEAST_SLICES:
        return float("nan")
    return float(np.exp(abs(np.median(ratios))))


def _patches(volume: Volume, anatomy: Anatomy) -> npt.NDArray[np.float64]:
    """Squares about the heart's centre, axes (slice, back, left), sampled every millimetre."""
    grid = anatomy.grid
    up, back, left = anatomy.centre_mm
    heights = np.arange(grid.fine_shape[0]) * grid.fine_spacing_mm[0]
    heights = heights[np.abs(heights - up) < REACH_MM]
    heights = heights[:: 1 + len(heights) // GREATEST_SLICES]
    offset = np.arange(-HALF_MM + SAMPLE_MM / 2, HALF_MM, SAMPLE_MM)
    places = np.stack(np.meshgrid(heights, back + offset, left + offset, indexing="ij"), axis=-1)
    voxels = np.rint(grid.voxels(places.reshape(-1, 3))).astype(np.intp)
    voxels = np.clip(voxels, 0, np.array(volume.hu.shape) - 1)
    patches: npt.NDArray[np.float64] = volume.hu[tuple(voxels.T)].reshape(places.shape[:3]).astype(float)
    return patches


def _log_ratio(patch: npt.NDArray[np.float64]) -> float:
    """Logarithm of the ratio of one patch, its slow trend removed; nan where it is no even tissue."""
    even = np.abs(patch - np.median(patch)) < TISSUE_HU
    if not even.mean() >= LEAST_TISSUE:
        return float("nan")
    along = np.linspace(-1.0, 1.0, len(patch))
    y, x = np.meshgrid(along, along, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    trend, *_ = np.linalg.lstsq(terms[even], patch[even], rcond=None)
    rest = np.where(even, patch - terms @ trend, 0.0)
    rows, columns = float(rest.mean(1).std()), float(rest.mean(0).std())
    return float(np.log(rows / columns)) if rows > 0 and columns > 0 else float("nan")


def streaks(ratio: float) -> list[Finding]:
    """The finding on a ratio that `streak_ratio` measured."""
    severity = LIMITS["streak"].severity(ratio)
    if severity is None:
        return []
    sentence = (
        f"noise in the heart varies {ratio:.1f} times as much across one direction as along it: streaks, as of arms "
        "beside the chest, can pass for calcium or hide it"
    )
    return [Finding(code="streak", severity=severity, sentence=sentence, measured=ratio, unit="times")]
