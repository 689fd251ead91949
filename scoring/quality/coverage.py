"""Whether the whole heart lies within the slices and the field of view, and whether it holds measured values."""

import numpy as np

from scoring.anatomy import Anatomy
from scoring.quality.limits import LIMITS
from scoring.result import Finding, Severity

EMPTY_HU = -1020.0
"""Gas in the stomach or in a hernia measures about -1000; a missing value is -1024 or less in every voxel of a cell."""
INSIDE_MM = 3.0
END_SLICES = 2
"""Of the grid: their mean outline stands for the end of the stack."""


def coverage(anatomy: Anatomy) -> list[Finding]:
    """Findings on both ends of the stack and on the sides and the front of the field of view."""
    step = anatomy.grid.spacing_mm[0]
    above, below = anatomy.above_centre_mm, anatomy.below_centre_mm
    right, left, front = _field_of_view(anatomy)
    found = [
        _cover("extent", above + below + step, "the series covers only {0:.0f} mm, less than half a heart"),
        _cover("top", above, "the series ends {0:.0f} mm above the heart's centre: the left main may not be covered"),
        _cover("bottom", below, "the series begins {0:.0f} mm below the heart's centre: the apex is cut off"),
        _cover(
            "side", min(right, left), "the field of view ends {0:.0f} mm beside the heart's centre: the heart is cut"
        ),
        _cover("front", front, "the field of view ends {0:.0f} mm before the heart's centre: the heart is cut"),
    ]
    return [*(finding for finding in found if finding), *_outline_at_ends(anatomy)]


def _outline_at_ends(anatomy: Anatomy) -> list[Finding]:
    """Whether the first or the last slice cuts the heart where it is wide, wherever its centre was taken to be."""
    area = (anatomy.opened.inside_closed_mm > 0).sum((1, 2)).astype(float)
    largest = max(float(area.max()), 1.0)
    box, found = anatomy.opened.box[0], []
    for name, reached, ends, end in (
        ("top_share", box.stop == len(anatomy.grid.hu), area[-END_SLICES:], "highest"),
        ("bottom_share", box.start == 0, area[:END_SLICES], "lowest"),
    ):
        percent = 100.0 * float(ends.mean()) / largest
        severity = LIMITS[name].severity(percent) if reached else None
        if severity is None:
            continue
        said = f"at the {end} slice the heart's outline is {percent:.0f} % as large as where it is largest"
        # What was taken for a heart and has no core either may be the liver below a heart that is cut above.
        if severity is Severity.REFUSE or LIMITS["core"].severity(anatomy.core_strength_mm) is not None:
            severity = Severity.REFUSE
            said = f"not scored: {said}: half of it may lie beyond; send the series that covers the whole heart"
        else:
            said += ": a good part of it lies beyond, and calcium there is not counted"
        found.append(Finding(code="coverage", severity=severity, sentence=said, measured=percent, unit="%"))
    return found


def _cover(name: str, measured: float, sentence: str) -> Finding | None:
    severity = LIMITS[name].severity(measured)
    if severity is None:
        return None
    said = sentence.format(measured)
    if severity is Severity.REFUSE:
        said = f"not scored: {said}; send the series that covers the whole heart"
    return Finding(code="coverage", severity=severity, sentence=said, measured=measured, unit="mm")


def _field_of_view(anatomy: Anatomy) -> tuple[float, float, float]:
    """Distances from the heart's centre to where the image ends: right, left, front."""
    grid = anatomy.grid
    z, y, x = grid.cells(np.array([anatomy.centre_mm]))[0]
    row, column = ~grid.padded[z, y], ~grid.padded[z, :, x]
    right = float(np.argmin(np.append(row[x::-1], False))) * grid.spacing_mm[2]
    left = float(np.argmin(np.append(row[x:], False))) * grid.spacing_mm[2]
    front = float(np.argmin(np.append(column[y::-1], False))) * grid.spacing_mm[1]
    return right, left, front


def padding(anatomy: Anatomy) -> list[Finding]:
    """Whether values are missing inside the heart."""
    grid, box = anatomy.grid, anatomy.opened.box
    empty = (grid.padded[box] | (grid.hu[box] < EMPTY_HU)) & (anatomy.opened.inside_closed_mm > INSIDE_MM)
    millilitres = float(empty.sum() * np.prod(grid.spacing_mm) / 1000.0)
    severity = LIMITS["padding"].severity(millilitres)
    if severity is None:
        return []
    sentence = f"not scored: {millilitres:.1f} ml within the heart hold no measured value; send the original images"
    return [Finding(code="padding", severity=severity, sentence=sentence, measured=millilitres, unit="ml")]
