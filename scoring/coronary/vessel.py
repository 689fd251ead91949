"""Whose artery: by the traced fork of the left main, the aortic circle and the heart's centre."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Places
from scoring.coronary.fork import Fork
from scoring.result import Vessel

Values = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]

ROOT_FROM_MM = 15.0
"""Height above the heart's centre from which on the aortic root parts the vessels."""
RIGHT_OF_CENTRE_MM = -12.0
LOW_MM = -15.0
LOW_RIGHT_MM = 8.0
OSTIUM_RIGHT_MM = -5.0
RIGHT_OF_AORTA_MM = 2.0
FRONT_SLOPE = 0.7

UNSEEN_HEIGHT = 0.4
"""Of a fork that was not seen the height is the least certain: so much of it counts in distances."""
NEAR_COURSE_MM = 15.0
"""So near to a traced course the nearest one decides; beyond it, the plane through the fork."""
MAIN_REACH_MM = 6.0
UNSEEN_REACH_MM = 3.0
"""More where the vessels were not seen."""
BACKWARD_PER_MM_UP = 0.3
"""The border of the two left arteries' ground tilts forward on the way down, as the long axis of the heart does."""
BORDER_MM = 3.0
"""Confidence in the vessel falls within this distance of a border between two."""
UNSEEN = 0.8
"""Confidence near the fork where its vessels were not seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Courses:
    """How far n places lie from the traced courses: arrays of length n, millimetres; far where none was traced."""

    main: Values
    anterior: Values
    circumflex: Values
    behind_fork: Values  # behind the plane that parts LAD and circumflex
    seen: float

    @property
    def nearest(self) -> Values:
        """Distance to the nearest of the three."""
        least: Values = np.min([self.main, self.anterior, self.circumflex], axis=0)
        return least


def courses_at(fork: Fork, points_mm: Points) -> Courses:
    """Distances of places to the courses of the left arteries."""
    points = np.asarray(points_mm, float).reshape(-1, 3)
    z, y, _ = fork.point_mm
    weights = np.array([UNSEEN_HEIGHT + (1 - UNSEEN_HEIGHT) * fork.seen, 1.0, 1.0])
    return Courses(
        main=_distance(points * weights, fork.main_mm * weights),
        anterior=_distance(points * weights, fork.anterior_mm * weights),
        circumflex=_distance(points * weights, fork.circumflex_mm * weights),
        behind_fork=points[:, 1] - y - BACKWARD_PER_MM_UP * (points[:, 0] - z),
        seen=fork.seen,
    )


def assign(places: Places, courses: Courses) -> tuple[npt.NDArray[np.int64], Values]:
    """Vessel label (1 to 4) of each place, and the confidence in it (0.6 to 1).

    The right artery has a region about the aortic circle and the heart's centre. Left of it the nearest
    traced course decides, and farther away the plane through the fork. How deep a place lies in its
    region, in millimetres, tells how sure that is.
    """
    right = _right(places, courses)
    left, margin = _left(courses)
    label = np.where(right > 0, Vessel.RCA.label, left)
    margin = np.where(right > 0, right, np.minimum(-right, margin))
    sure = 0.6 + 0.4 * np.clip(margin / BORDER_MM, 0.0, 1.0)
    near_fork = (label != Vessel.RCA.label) & (courses.nearest < NEAR_COURSE_MM)
    return label, sure * np.where(near_fork, UNSEEN + (1 - UNSEEN) * courses.seen, 1.0)


def _right(places: Places, courses: Courses) -> Values:
    """How deep each place lies in the ground of the right artery; negative outside."""
    back, left = places.from_aorta.T
    up, _, heart_left = places.from_centre.T
    at_root = up - ROOT_FROM_MM
    # Sides decide; at the root the right artery leaves in front and the left main to the left.
    region = _either(
        _both(RIGHT_OF_CENTRE_MM - heart_left, _either(-at_root, RIGHT_OF_AORTA_MM - left)),
        _both(at_root, OSTIUM_RIGHT_MM - heart_left, -back - FRONT_SLOPE * left - 2.0),
        _both(LOW_MM - up, LOW_RIGHT_MM - heart_left),
    )
    return _both(region, courses.nearest - MAIN_REACH_MM)


def _left(courses: Courses) -> tuple[npt.NDArray[np.int64], Values]:
    """Which of the left arteries, and how far the next border is."""
    reach = MAIN_REACH_MM + (1 - courses.seen) * UNSEEN_REACH_MM
    distance = np.stack([np.where(courses.main < reach, courses.main, np.inf), courses.anterior, courses.circumflex])
    order = np.sort(distance, axis=0)
    nearest = distance.argmin(0) + Vessel.LM.label
    near = order[0] < NEAR_COURSE_MM
    far = np.where(courses.behind_fork > 0, Vessel.LCX.label, Vessel.LAD.label)
    # The border of two courses is met half-way.
    margin = np.where(near, 0.5 * np.minimum(order[1] - order[0], 99.0), np.abs(courses.behind_fork))
    return np.where(near, nearest, far), margin


def _distance(points: Points, line: Points) -> Values:
    """Distance to a polyline by its points, which lie closer together than it matters."""
    if not len(line):
        return np.full(len(points), 99.0)
    least: Values = np.sqrt(((points[:, None] - line[None]) ** 2).sum(2).min(1)) if len(points) else np.zeros(0)
    return least


def _both(*depths: Values) -> Values:
    deepest: Values = np.min(depths, axis=0)
    return deepest


def _either(*depths: Values) -> Values:
    deepest: Values = np.max(depths, axis=0)
    return deepest
