"""The QRM cardiac calcification insert as it is made, and where a found one lies.

Nine hydroxyapatite cylinders, as long as wide, stand with their centres in one plane on three arms 120 degrees apart,
one density an arm. Two rods lie in another section: 200 mg/cm3 on the axis, water-equivalent beside it, opposite the
200 mg/cm3 arm (van Praagh 2021, doi 10.1002/mp.14912, and its code; radii measured on a real scan).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.result import Point

Points = npt.NDArray[np.float64]  # (n, 3) LPS millimetres
Vector = npt.NDArray[np.float64]  # (3,)

DENSITIES_MG_CM3 = (800, 400, 200)
DIAMETERS_MM = (5, 3, 1)
RADIUS_OF_DIAMETER_MM = {5: 37.5, 3: 25.0, 1: 12.5}
"""Distance of the inserts of each diameter from the axis."""

ROD_DENSITY_MG_MM3 = 0.2
ROD_RADIUS_MM = 10.0
WATER_ROD_AXIS_MM = 22.5
ROD_REGION_RADIUS_MM = 6.9
"""Radius of the discs in which rods and noise are measured: 1.5 cm2, clear of the rod's edge."""

BODY_RADIUS_MM = 47.0
"""The cylinder that holds the inserts is 100 mm wide; its joint with the thorax shows as a dark ring outside this."""


def known_mass_mg(density_mg_cm3: int, diameter_mm: int) -> float:
    """Mass of hydroxyapatite in an insert that is as long as wide.

    Examples
    --------
    >>> [round(known_mass_mg(density, 5), 2) for density in DENSITIES_MG_CM3]
    [78.54, 39.27, 19.63]
    """
    return math.pi / 4 * diameter_mm**3 * density_mg_cm3 / 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """Where the plane of the inserts lies. `arms` are unit vectors in no order yet, 120 degrees apart about `axis`."""

    centre_lps_mm: Vector
    axis: Vector  # unit, along the normal of the stack as far as the phantom is not tilted
    arms: Points  # (3, 3), a row an arm
    scale: float  # measured radii over nominal ones

    def place(self, arm: int, diameter_mm: int) -> Vector:
        """Centre of one insert."""
        point: Vector = self.centre_lps_mm + self.arms[arm] * (RADIUS_OF_DIAMETER_MM[diameter_mm] * self.scale)
        return point

    def places(self, diameters_mm: tuple[int, ...] = DIAMETERS_MM) -> Points:
        """Centres of the inserts of the named diameters: arm by arm, (3 * diameters, 3)."""
        return np.array([self.place(arm, diameter) for arm in range(3) for diameter in diameters_mm])


def point_of(vector: Vector) -> Point:
    """A point as it leaves the room."""
    x, y, z = (float(value) for value in vector)
    return x, y, z


def unit(vector: npt.NDArray[np.float64]) -> Vector:
    """The vector at length 1."""
    scaled: Vector = vector / np.linalg.norm(vector)
    return scaled
