"""On which side of the spine the heart lies, read from the lungs alone.

The search for the heart expects it on the left; this does not: the inner border of the left lung stands about twice
as far off the spine as that of the right, because the heart is between.
"""

import numpy as np
import numpy.typing as npt

from scoring.anatomy.chest import Chest
from scoring.anatomy.grid import Grid
from scoring.result import UnfitError

MIRRORED_PERCENT = -10.0
"""A heart that reaches so much farther to the right lies there: usual ones measured 9 to 64, mirrored -9 to -63."""

BEFORE_SPINE_MM = 10.0
BORDER_PERCENTILE = 80.0
"""Of the rows of a slice: the widest part of the heart, and no single vessel."""
LEAST_ROWS = 5
LEAST_SLICES = 4


def heart_to_left_percent(grid: Grid, chest: Chest, between_mm: tuple[float, float] = (-np.inf, np.inf)) -> float:
    """How much farther the left border of the heart stands off the spine than the right, in percent of both together.

    Parameters
    ----------
    grid : Grid
        The scan.
    chest : Chest
        Its lungs and spine.
    between_mm : (low, high)
        Heights that are looked at; all when not given.

    Returns
    -------
    float
        Negative when the heart reaches farther to the right; nan where fewer than four slices show both lungs.
    """
    z, y, x = (grid.axis_mm(axis) for axis in range(3))
    levels = np.flatnonzero((z > between_mm[0]) & (z < between_mm[1]))
    rows = y < chest.spine_mm[0] - BEFORE_SPINE_MM
    borders = [found for level in levels if (found := _borders(chest.lungs[level][rows], x - chest.spine_mm[1]))]
    if len(borders) < LEAST_SLICES:
        return float("nan")
    left, right = np.median(borders, axis=0)
    return float(100.0 * (left - right) / max(left + right, 1.0))


def _borders(lungs: npt.NDArray[np.bool_], left_of_spine_mm: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Distance of the inner border of each lung from the spine: left, right."""
    left, right = lungs & (left_of_spine_mm > 0), lungs & (left_of_spine_mm < 0)
    both = left.any(1) & right.any(1)
    if both.sum() < LEAST_ROWS:
        return None
    of_left = left_of_spine_mm[left[both].argmax(1)]
    of_right = -left_of_spine_mm[lungs.shape[1] - 1 - right[both][:, ::-1].argmax(1)]
    return float(np.percentile(of_left, BORDER_PERCENTILE)), float(np.percentile(of_right, BORDER_PERCENTILE))


def refuse_mirrored(grid: Grid, chest: Chest) -> None:
    """Stop where a heart on the right explains why its vessels are not found on the left.

    Raises
    ------
    UnfitError
        ``mirrored``, with the percentage.
    """
    percent = heart_to_left_percent(grid, chest)
    if not percent < MIRRORED_PERCENT:
        return
    raise UnfitError(
        "mirrored",
        f"not scored: the heart reaches {-percent:.0f} % farther to the right of the spine than to the left, and no "
        "aorta descends on the left: a mirrored heart (dextrocardia) is possible, or the images are mirrored; have the "
        "score read by hand",
        measured=percent,
        unit="%",
    )
