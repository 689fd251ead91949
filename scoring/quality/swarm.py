"""A swarm of specks: single pixels above the threshold all over the heart, which no smooth noise explains.

The standard deviation in blood does not show them where they are rare and bright (a faulty detector, a broken
transfer, salt noise), yet two that touch pass the minimum size.
"""

import numpy as np

from scoring.anatomy import Anatomy
from scoring.candidates import find_islands
from scoring.protocol import Protocol
from scoring.quality.limits import LIMITS
from scoring.result import Finding, Severity
from scoring.volume import Volume

SPECK_PIXELS = 3
DEPTH_MM = 3.0
"""Counted so deep inside the outline of the heart: airways and bone lie outside."""


def swarm(volume: Volume, anatomy: Anatomy, protocol: Protocol) -> list[Finding]:
    """Finding ``noise`` where islands of at most three pixels fill too large a share of the heart."""
    row_mm, column_mm = volume.pixel_spacing_mm
    islands = find_islands(volume.hu, protocol, row_mm * column_mm, region=anatomy.region())
    small = np.flatnonzero(islands.pixels <= SPECK_PIXELS)
    places = anatomy.at(anatomy.millimetres(islands.centre_index[small]))
    inside = small[places.inside_closed > DEPTH_MM]
    voxel_mm3 = row_mm * column_mm * volume.slice_increment_mm
    heart_mm3 = float((anatomy.opened.inside_closed_mm > DEPTH_MM).sum()) * float(np.prod(anatomy.grid.spacing_mm))
    percent = 100.0 * float(islands.pixels[inside].sum()) * voxel_mm3 / max(heart_mm3, voxel_mm3)
    severity = LIMITS["swarm"].severity(percent)
    if severity is None:
        return []
    said = (
        f"{len(inside)} specks of 1 to {SPECK_PIXELS} pixels above {protocol.threshold_hu:g} HU lie all over the "
        f"heart, {percent:.2f} % of it: noise or faults of the image, and where two meet they pass for calcium"
    )
    if severity is Severity.REFUSE:
        said = f"not scored: {said}; send a softer reconstruction or the original images"
    return [Finding(code="noise", severity=severity, sentence=said, measured=percent, unit="%")]
