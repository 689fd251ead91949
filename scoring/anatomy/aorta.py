"""The descending and the ascending aorta with its root: what a circle must satisfy to be one of them."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy.circles import Track, Votes, Wanted, best_track

Point = tuple[float, float, float]

DESCENDING_RADIUS_MM = (9.0, 19.0)
DESCENDING_X_MM = (-15.0, 55.0)
"""From the middle of the spine: + is left."""
DESCENDING_Y_MM = (-38.0, 30.0)
"""From the front of the vertebrae: + is back."""

ASCENDING_RADIUS_MM = (13.5, 24.0)
"""A superior vena cava is smaller."""
ASCENDING_Z_MM = (22.0, 95.0)
ASCENDING_X_MM = (-62.0, -2.0)
ASCENDING_Y_MM = (-45.0, 25.0)
"""From the heart's centre."""
EXPECTED_X_MM = -29.0
EXPECTED_SPREAD_MM = 8.0
COST_PER_MM_OFF_PATH = 0.03
"""Beyond the spread: a pulmonary trunk lies left of the path."""
LEAST_RIGHT_MM = 18.0
COST_PER_MM_TOO_CENTRAL = 0.1
"""Right tracks lay 23 to 43 mm right of the heart's centre, tracks on the right outflow tract 9 to 15."""
COST_PER_MM_TO_THE_RIGHT = 1.0
"""On the way down the aorta bends left; what bends right is the right atrium."""
COST_PER_MM_FORWARD = 0.5
"""On the way down it runs back or straight; what lies before it is the outflow tract of the right ventricle."""
DRIFT_LEFT_PER_MM_DOWN = 0.25

SMOOTHING_MM = 6.0

CUT_SHORT_MM = 6.0
DEEPER_MM = 20.0
"""A track that ends within the first of these from its usual limit is sought again, so much deeper."""


def find_descending(votes: Votes, spine_mm: tuple[float, float]) -> Track | None:
    """Track of the descending aorta beside the spine."""
    wanted = Wanted(
        radius_mm=DESCENDING_RADIUS_MM,
        y_mm=_about(spine_mm[0], DESCENDING_Y_MM),
        x_mm=_about(spine_mm[1], DESCENDING_X_MM),
    )
    track = best_track(votes, wanted)
    return _smooth(track) if track else None


def find_ascending(votes: Votes, heart_centre_mm: Point, deeper_mm: float = 0.0) -> Track | None:
    """Track of the ascending aorta down into its root; it may end so much deeper than usual."""
    z, y, x = heart_centre_mm

    def off_path(x_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        off = np.maximum(0.0, np.abs(x_mm - x - EXPECTED_X_MM) - EXPECTED_SPREAD_MM)
        central = np.maximum(0.0, x_mm - x + LEAST_RIGHT_MM)
        cost: npt.NDArray[np.float64] = COST_PER_MM_OFF_PATH * off + COST_PER_MM_TOO_CENTRAL * central
        return cost

    wanted = Wanted(
        radius_mm=ASCENDING_RADIUS_MM,
        z_mm=_about(z, (ASCENDING_Z_MM[0] - deeper_mm, ASCENDING_Z_MM[1])),
        y_mm=_about(y, ASCENDING_Y_MM),
        x_mm=_about(x, ASCENDING_X_MM),
        penalty_at_x=off_path,
        drift_x_per_mm_down=DRIFT_LEFT_PER_MM_DOWN,
        cost_per_mm_right=COST_PER_MM_TO_THE_RIGHT,
        cost_per_mm_forward=COST_PER_MM_FORWARD,
    )
    track = best_track(votes, wanted)
    return _smooth(track) if track else None


def whole_ascending(votes: Votes, heart_centre_mm: Point, track: Track | None) -> Track | None:
    """The same track down to where it ends, or None where it cannot be told: a chamber below is as round as a root."""
    lowest = heart_centre_mm[0] + ASCENDING_Z_MM[0] + CUT_SHORT_MM
    if track is not None and track.z_mm[0] > lowest:
        return track
    deeper = find_ascending(votes, heart_centre_mm, DEEPER_MM)
    if deeper is None or (track is not None and abs(deeper.z_mm[-1] - track.z_mm[-1]) > CUT_SHORT_MM):
        return None
    return deeper


def _about(centre: float, limits: tuple[float, float]) -> tuple[float, float]:
    return centre + limits[0], centre + limits[1]


def _smooth(track: Track) -> Track:
    """The same track without the steps of the grid."""
    if len(track.z_mm) < 3:
        return track
    sigma = SMOOTHING_MM / float(track.z_mm[1] - track.z_mm[0]) / 2
    return Track(
        slices=track.slices,
        z_mm=track.z_mm,
        y_mm=ndimage.gaussian_filter1d(track.y_mm, sigma, mode="nearest"),
        x_mm=ndimage.gaussian_filter1d(track.x_mm, sigma, mode="nearest"),
        radius_mm=ndimage.gaussian_filter1d(track.radius_mm, sigma, mode="nearest"),
        share=track.share,
    )
