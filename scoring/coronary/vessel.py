"""Whose artery: by place about the aortic circle and the heart's centre, and how far from the next border."""

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Places
from scoring.result import Vessel

Values = npt.NDArray[np.float64]

ROOT_FROM_MM = 15.0
"""Height above the heart's centre from which on the aortic root parts the vessels."""
RIGHT_OF_CENTRE_MM = -12.0
LOW_MM = -15.0
LOW_RIGHT_MM = 8.0
OSTIUM_RIGHT_MM = -5.0
RIGHT_OF_AORTA_MM = 2.0
FRONT_SLOPE = 0.7
MAIN_LEFT_OF_AORTA_MM = 6.0
MAIN_FROM_CIRCLE_MM = 14.5
MAIN_SURE_MM = 7.0
"""The left main is 5 to 15 mm long: only near the aorta is it surely not yet one of its branches."""
MAIN_BACK_MM = (-4.0, 15.0)
MAIN_BACK_FAR_MM = 11.5
MAIN_NEAR_MM = 7.0
"""Beyond this distance from a circle that is known, what lies farther back has left the main artery."""
MAIN_LEFT_OF_CENTRE_MM = 8.0
MAIN_FROM_HEIGHT_MM = 22.0
CIRCUMFLEX_BACK_MM = 9.0
BORDER_MM = 3.0
"""Confidence in the vessel falls within this distance of a border between two."""


def assign(places: Places) -> tuple[npt.NDArray[np.int64], Values]:
    """Vessel label (1 to 4) of each place, and the confidence in it (0.6 to 1).

    Each vessel's region is a box or a union of boxes about the aortic circle and the heart's centre; how
    deep a place lies in a region, in millimetres, decides and tells how sure that is.
    """
    back, left = places.from_aorta[:, 0], places.from_aorta[:, 1]
    up, _, heart_left = places.from_centre.T
    at_root = up - ROOT_FROM_MM
    # At the root the right artery leaves in front and the left main to the left; below it, sides decide.
    right = _either(
        _both(at_root, RIGHT_OF_CENTRE_MM - heart_left, RIGHT_OF_AORTA_MM - left),
        _both(at_root, OSTIUM_RIGHT_MM - heart_left, -back - FRONT_SLOPE * left - 2.0),
        _both(-at_root, RIGHT_OF_CENTRE_MM - heart_left),
        _both(LOW_MM - up, LOW_RIGHT_MM - heart_left),
    )
    main = where_main_runs(places)
    circumflex = back - CIRCUMFLEX_BACK_MM
    label = np.select(
        [right > 0, main > 0, circumflex > 0],
        [Vessel.RCA.label, Vessel.LM.label, Vessel.LCX.label],
        Vessel.LAD.label,
    )
    # Only borders that would change the answer count: those of the regions asked before it, and its own.
    margin = np.select(
        [right > 0, main > 0],
        [right, np.minimum(main, -right)],
        np.minimum(np.minimum(-right, -main), np.abs(circumflex)),
    )
    sure = np.clip(margin / BORDER_MM, 0.0, 1.0)
    length_known = np.clip((MAIN_FROM_CIRCLE_MM - places.aortic_wall) / MAIN_SURE_MM, 0.0, 1.0)
    return label, 0.6 + 0.4 * np.where(label == Vessel.LM.label, np.minimum(sure, length_known), sure)


def where_main_runs(places: Places) -> Values:
    """How deep each place lies in the region of the left main, in millimetres: negative outside."""
    back, left = places.from_aorta.T
    up, _, heart_left = places.from_centre.T
    branched = (places.aortic_wall > MAIN_NEAR_MM) & (places.aorta.trust > 0.5)
    return _both(
        left - MAIN_LEFT_OF_AORTA_MM,
        MAIN_FROM_CIRCLE_MM - places.aortic_wall,
        back - MAIN_BACK_MM[0],
        np.where(branched, MAIN_BACK_FAR_MM, MAIN_BACK_MM[1]) - back,
        MAIN_LEFT_OF_CENTRE_MM - heart_left,
        up - MAIN_FROM_HEIGHT_MM,
    )


def _both(*depths: Values) -> Values:
    deepest: Values = np.min(depths, axis=0)
    return deepest


def _either(*depths: Values) -> Values:
    deepest: Values = np.max(depths, axis=0)
    return deepest
