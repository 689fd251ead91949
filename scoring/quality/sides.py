"""Whether the heart lies on its usual side: a mirrored heart has other arteries where ours are expected.

Both signs are read without the search for the heart, which expects it on the left: how far the inner borders of
the two lungs stand off the spine, and on which side of it the descending aorta runs.
"""

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy
from scoring.quality.limits import AORTA_LEFT_MM, LIMITS
from scoring.result import Finding, Severity

BEFORE_SPINE_MM = 10.0
BORDER_PERCENTILE = 80.0
"""Of the rows of a slice: the widest part of the heart, and no single vessel."""
BELOW_MM, ABOVE_MM = 35.0, 15.0
"""About the heart's centre: above the dome of the liver, below the great vessels."""
AORTA_BELOW_MM, AORTA_ABOVE_MM = 15.0, 50.0
LEAST_ROWS = 5
LEAST_SLICES = 4


def heart_to_left_percent(anatomy: Anatomy) -> float:
    """How much farther the left border of the heart stands off the spine than the right, of both together; or nan."""
    grid, chest = anatomy.grid, anatomy.chest
    z, y, x = (grid.axis_mm(axis) for axis in range(3))
    levels = np.flatnonzero((z > anatomy.centre_mm[0] - BELOW_MM) & (z < anatomy.centre_mm[0] + ABOVE_MM))
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


def _aorta_left_mm(anatomy: Anatomy) -> float:
    """How far left of the spine the descending aorta runs beside the heart, or nan."""
    track = anatomy.descending
    if track is None:
        return float("nan")
    up = track.z_mm - anatomy.centre_mm[0]
    beside = (up > -AORTA_BELOW_MM) & (up < AORTA_ABOVE_MM)
    if not beside.any():
        return float("nan")
    return float(np.median(track.x_mm[beside])) - anatomy.chest.spine_mm[1]


def mirrored(anatomy: Anatomy) -> list[Finding]:
    """Whether heart and aorta lie on the right."""
    percent = heart_to_left_percent(anatomy)
    severity = LIMITS["mirrored"].severity(percent)
    if severity is None:  # also where the borders could not be measured: `not_judged` says so
        return []
    said = f"the heart reaches {-percent:.0f} % farther to the right of the spine than to the left"
    if severity is Severity.REFUSE and not _aorta_left_mm(anatomy) > AORTA_LEFT_MM:
        said = (
            f"not scored: {said}, and the aorta does not descend on the left: a mirrored heart (dextrocardia) is "
            "possible, or the images are mirrored; have the score read by hand"
        )
    else:
        severity = Severity.WEAKENS
        said += ": a shifted or mirrored heart is possible, and arteries may be named wrongly"
    return [Finding(code="mirrored", severity=severity, sentence=said, measured=percent, unit="%")]
