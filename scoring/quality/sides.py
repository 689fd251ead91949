"""Whether the heart lies on its usual side: a mirrored heart has other arteries where ours are expected."""

import numpy as np

from scoring.anatomy import Anatomy, heart_to_left_percent
from scoring.quality.limits import AORTA_LEFT_MM, LIMITS
from scoring.result import Finding, Severity

BELOW_MM, ABOVE_MM = 35.0, 15.0
"""About the heart's centre: above the dome of the liver, below the great vessels."""
AORTA_BELOW_MM, AORTA_ABOVE_MM = 15.0, 50.0


def side_percent(anatomy: Anatomy) -> float:
    """How much farther the heart reaches to the left of the spine than to the right; nan where lungs do not show it."""
    up = anatomy.centre_mm[0]
    return heart_to_left_percent(anatomy.grid, anatomy.chest, (up - BELOW_MM, up + ABOVE_MM))


def mirrored(anatomy: Anatomy, percent: float) -> list[Finding]:
    """The finding on a percentage that `side_percent` measured, and on the side of the descending aorta."""
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
