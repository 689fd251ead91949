"""Which arm holds which density: by how much calcium each holds, checked by the water rod and by handedness."""

from dataclasses import dataclass

import numpy as np

from scoring.qa.geometry import DENSITIES_MG_CM3, DIAMETERS_MM, Pose, Vector
from scoring.qa.result import Handedness
from scoring.qa.rods import Rods, find_rods
from scoring.qa.sample import signal_of_insert
from scoring.volume import Volume

SURE_RATIO = 1.25
"""Arms are told apart surely where one holds so much more than the next; made, they stand 2 to 1 above water."""

SEEN_SHARE = 0.5
"""A 5 mm insert that holds so much less per volume than the 3 mm one of its arm is cut or not there."""

FARTHEST_FROM_TEMPLATE_MM = 1.0
"""Farther from its place in the template an insert's centre of gravity says more of noise than of making."""


LEAST_EXCESS_HU = 80.0
"""Mean excess of an insert that can be seen well: 200 mg/cm3 at 140 kVp has 200 HU."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arms:
    """Arms of the pose in the order 800, 400, 200 mg/cm3, and the rods that were found."""

    order: tuple[int, int, int]
    sure: bool
    water_agrees: bool | None
    handedness: Handedness
    rods: Rods | None


def identify(volume: Volume, pose: Pose) -> Arms:
    """Densities of the arms.

    The excess of HU over a whole insert orders them: blur and slices leave it as it is. Only where
    two arms come too close does the water rod decide, which stands opposite 200 mg/cm3.
    """
    calcium = np.array([_calcium(volume, pose, arm) for arm in range(3)])
    first, second, third = (int(arm) for arm in np.argsort(-calcium, kind="stable"))
    sure = bool(calcium[first] >= SURE_RATIO * calcium[second] and calcium[second] >= SURE_RATIO * calcium[third] > 0)
    rods = find_rods(volume, pose, third)
    opposite = None if rods is None else rods.arm_opposite_water
    if opposite is not None and not sure:
        first, second = (arm for arm in (first, second, third) if arm != opposite)
        third = opposite
    order = (first, second, third)
    return Arms(
        order=order,
        sure=sure,
        water_agrees=None if opposite is None else opposite == order[2],
        handedness=_handedness(pose, order, rods),
        rods=rods,
    )


def insert_centre(volume: Volume, pose: Pose, arm: int, diameter_mm: int) -> Vector:
    """Centre of an insert: its own centre of gravity in the plane where it can be seen well, else the template's."""
    template = pose.place(arm, diameter_mm)
    if diameter_mm == min(DIAMETERS_MM):
        return template
    found = signal_of_insert(volume, template, diameter_mm)
    if found is None or found.excess_hu_mm3 < LEAST_EXCESS_HU * np.pi / 4 * diameter_mm**3:
        return template
    off = found.centre_lps_mm - template
    off -= (off @ pose.axis) * pose.axis
    moved: Vector = template + off if np.linalg.norm(off) <= FARTHEST_FROM_TEMPLATE_MM else template
    return moved


def _calcium(volume: Volume, pose: Pose, arm: int) -> float:
    """Mean excess HU over the known volume of an arm's 5 mm insert, or of its 3 mm one where that is not seen."""
    excess = [0.0, 0.0]
    for place, diameter in enumerate(DIAMETERS_MM[:2]):
        found = signal_of_insert(volume, insert_centre(volume, pose, arm, diameter), diameter)
        if found is not None:
            excess[place] = found.excess_hu_mm3 / (np.pi / 4 * diameter**3)
    wide, narrow = excess
    return wide if wide >= SEEN_SHARE * narrow else narrow


def _handedness(pose: Pose, order: tuple[int, ...], rods: Rods | None) -> Handedness:
    if rods is None or len(order) != len(DENSITIES_MG_CM3):
        return Handedness.UNKNOWN
    towards_rods = pose.axis * np.sign(rods.distance_mm)
    turn = float(np.cross(pose.arms[order[0]], pose.arms[order[1]]) @ towards_rods)
    return Handedness.AS_MADE if turn > 0 else Handedness.MIRRORED
