"""What blood measures in this scan, and how noisy it is, at full resolution inside the tracked vessels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.chest import Chest
from scoring.anatomy.circles import Track
from scoring.anatomy.grid import Grid
from scoring.result import UnfitError
from scoring.volume import Volume

Point = tuple[float, float, float]

INNER_SHARE = 0.65
"""Share of a vessel's radius that is surely blood."""
CORE_RADIUS_MM = 12.0
NEAR_HEART_MM = 45.0
SMALLEST_DISC_MM2 = 100.0

ENHANCED_HU = 130.0
DENSEST_ENHANCED_HU = 700.0
ENHANCED_OPENING_MM = 5.0
SMALLEST_ENHANCED_ML = 8.0
"""So much tissue at least ten millimetres thick above 130 HU before the spine: only contrast medium does that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blood:
    """Blood as measured: medians over slices of discs inside the vessels."""

    hu: float  # the highest of the places
    noise_sd_hu: float  # of single pixels, trend removed; nan where no disc was large enough
    descending_hu: float | None
    ascending_hu: float | None
    core_hu: float | None
    slices: int  # discs that the noise rests on


def measure_blood(
    volume: Volume, grid: Grid, centre_mm: Point, descending: Track | None, ascending: Track | None
) -> Blood:
    """Level and noise of blood in the aortas and in the middle of the heart."""
    discs: dict[str, list[tuple[float, float]]] = {}
    for name, track in (("descending", descending), ("ascending", ascending)):
        if track is not None:
            near = np.abs(track.z_mm - centre_mm[0]) < NEAR_HEART_MM + (30.0 if name == "ascending" else 0.0)
            discs[name] = [
                _disc(volume, grid, (z, y, x), radius * INNER_SHARE)
                for z, y, x, radius in zip(
                    track.z_mm[near], track.y_mm[near], track.x_mm[near], track.radius_mm[near], strict=True
                )
            ]
    heights = grid.axis_mm(0)
    heights = heights[np.abs(heights - centre_mm[0]) < 15.0]
    discs["core"] = [_disc(volume, grid, (float(z), *centre_mm[1:]), CORE_RADIUS_MM) for z in heights]
    level = {name: _median([hu for hu, _ in values]) for name, values in discs.items()}
    noise = [sd for name in ("descending", "core", "ascending") for _, sd in discs.get(name, []) if np.isfinite(sd)]
    known = [hu for hu in level.values() if hu is not None]
    return Blood(
        hu=max(known) if known else float("nan"),
        noise_sd_hu=float(np.median(noise)) if noise else float("nan"),
        descending_hu=level.get("descending"),
        ascending_hu=level.get("ascending"),
        core_hu=level.get("core"),
        slices=len(noise),
    )


def refuse_bright_blood(grid: Grid, chest: Chest) -> None:
    """Stop before the search for soft tissue where vessels are as bright as contrast medium makes them.

    Raises
    ------
    UnfitError
        ``contrast``, with the HU of the bright region.
    """
    before_spine = grid.axis_mm(1) < chest.spine_mm[0] - 8.0
    # A rib that runs within the slice is as wide and as bright; unlike the heart it has lung on one side only.
    beside = np.logical_or.accumulate(chest.lungs, axis=2)
    beside &= np.logical_or.accumulate(chest.lungs[:, :, ::-1], axis=2)[:, :, ::-1]
    within = chest.compartment & beside & before_spine[:, None]
    bright = (grid.hu > ENHANCED_HU) & (grid.hu < DENSEST_ENHANCED_HU) & within
    # An opening in the slice alone: a test series may be three slices high.
    core = np.stack(
        [ndimage.distance_transform_edt(flat, grid.spacing_mm[1:]) > ENHANCED_OPENING_MM for flat in bright]
    )
    wide = core.sum() * float(np.prod(grid.spacing_mm)) / 1000.0
    if wide < SMALLEST_ENHANCED_ML:
        return
    hu = float(np.median(grid.hu[core]))
    raise UnfitError(
        "contrast",
        f"not scored: blood in the heart and great vessels measures {hu:.0f} HU, above 100 HU: the series has contrast "
        "medium; send the series without it",
        measured=hu,
        unit="HU",
    )


def _median(values: list[float]) -> float | None:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else None


def _disc(volume: Volume, grid: Grid, centre_mm: Point, radius_mm: float) -> tuple[float, float]:
    """Median HU and standard deviation without its trend, of a disc in the nearest slice of the scan."""
    index, row, column = grid.voxels(np.array([centre_mm]))[0]
    plane = volume.hu[int(np.clip(round(index), 0, len(volume.hu) - 1))]
    step_row, step_column = volume.pixel_spacing_mm
    rows = np.arange(max(0, int(row - radius_mm / step_row)), min(plane.shape[0], int(row + radius_mm / step_row) + 2))
    columns = np.arange(
        max(0, int(column - radius_mm / step_column)), min(plane.shape[1], int(column + radius_mm / step_column) + 2)
    )
    if not len(rows) or not len(columns):
        return float("nan"), float("nan")
    dy = (rows - row)[:, None] * step_row
    dx = (columns - column)[None] * step_column
    inside = dy**2 + dx**2 <= radius_mm**2
    values = plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][inside].astype(float)
    if not len(values):
        return float("nan"), float("nan")
    median = float(np.median(values))
    if len(values) * step_row * step_column < SMALLEST_DISC_MM2:
        return median, float("nan")
    return median, _noise(values, np.broadcast_to(dy, inside.shape)[inside], np.broadcast_to(dx, inside.shape)[inside])


def _noise(values: npt.NDArray[np.float64], dy: npt.NDArray[np.float64], dx: npt.NDArray[np.float64]) -> float:
    """Standard deviation about a plane; calcium on the wall is cut off."""
    kept = values < np.median(values) + 120.0
    values, dy, dx = values[kept], dy[kept], dx[kept]
    terms = np.stack([np.ones_like(values), dy, dx], 1)
    solution, *_ = np.linalg.lstsq(terms, values, rcond=None)
    return float(np.std(values - terms @ solution, ddof=3))
