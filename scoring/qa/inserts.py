"""Agatston, volume, mass and mean HU of each insert: only islands that lie at it count."""

import numpy as np
import numpy.typing as npt

from scoring.candidates import Islands, Region, find_islands
from scoring.measures import Calibration, measure
from scoring.protocol import Protocol
from scoring.qa.arms import insert_centre
from scoring.qa.geometry import DENSITIES_MG_CM3, DIAMETERS_MM, Pose, Vector, known_mass_mg, point_of
from scoring.qa.result import Insert, MassFactor
from scoring.qa.sample import index_of
from scoring.volume import Volume

EDGE_MM = 0.5
"""With one pixel, how far beyond an insert's edge the middle of an island may lie and still be its own (van Praagh
2021: within the insert's radius and one pixel, rounded up)."""

END_MM = 1.5
"""With half a slice, how far beyond an insert's end the middle of an island may lie."""

SEARCH_MM = 15.0
"""Islands are looked for so far around all inserts: farther than any that is one insert's own reaches."""


def measure_inserts(
    volume: Volume,
    pose: Pose,
    order: tuple[int, int, int],
    protocol: Protocol,
    factor: MassFactor,
    thickness_mm: float | None,
) -> tuple[Insert, ...]:
    """The nine inserts, 800, 400, 200 mg/cm3 and 5, 3, 1 mm each.

    Noise makes islands all over the body of the phantom (33 above 1 mm2 in the published scan); they count for none.
    """
    row_mm, column_mm = volume.pixel_spacing_mm
    islands = find_islands(volume.hu, protocol, row_mm * column_mm, region=_region(volume, pose))
    middles = volume.to_lps_mm(islands.centre_index)
    made = []
    for density, arm in zip(DENSITIES_MG_CM3, order, strict=True):
        for diameter in DIAMETERS_MM:
            centre = insert_centre(volume, pose, arm, diameter)
            own = _own(volume, middles, centre, pose.axis, diameter, thickness_mm)
            made.append(_insert(volume, islands, own, centre, protocol, factor, density, diameter))
    return tuple(made)


def _insert(
    volume: Volume,
    islands: Islands,
    own: npt.NDArray[np.bool_],
    centre: Vector,
    protocol: Protocol,
    factor: MassFactor,
    density: int,
    diameter: int,
) -> Insert:
    calibration = Calibration(mg_per_mm3_hu=factor.mg_per_mm3_hu, calibrated=factor.calibrated, source=factor.source)
    total = measure(volume, islands, own[islands.island].astype(np.uint8), protocol, calibration).total
    scored = own & islands.large_enough
    pixels = int(islands.pixels[scored].sum())
    return Insert(
        density_mg_cm3=density,
        diameter_mm=diameter,
        centre_lps_mm=point_of(centre),
        agatston=total.agatston,
        volume_mm3=total.volume_mm3,
        volume_isotropic_mm3=total.volume_isotropic_mm3,
        mass_mg=total.mass_mg,
        mean_hu=float(islands.sum_hu[scored].sum()) / pixels if pixels else None,
        known_mass_mg=known_mass_mg(density, diameter),
        cut=_is_cut(volume, centre, diameter),
    )


def _own(
    volume: Volume,
    middles: npt.NDArray[np.float64],
    centre: Vector,
    axis: Vector,
    diameter_mm: int,
    thickness_mm: float | None,
) -> npt.NDArray[np.bool_]:
    """Which islands have their middle in the insert's own cylinder, whose axis may be tilted."""
    off = middles - centre
    along = off @ axis
    away = np.linalg.norm(off - along[:, None] * axis, axis=1)
    half_slice = max(volume.slice_increment_mm, thickness_mm or 0.0) / 2
    own: npt.NDArray[np.bool_] = (away <= diameter_mm / 2 + EDGE_MM + max(volume.pixel_spacing_mm)) & (
        np.abs(along) <= diameter_mm / 2 + half_slice + END_MM
    )
    return own


def _region(volume: Volume, pose: Pose) -> Region:
    places = np.array([index_of(volume, place) for place in pose.places()])
    reach = SEARCH_MM / np.array([volume.slice_increment_mm, *volume.pixel_spacing_mm])
    low = np.floor(places.min(axis=0) - reach).astype(int)
    high = np.ceil(places.max(axis=0) + reach).astype(int) + 1
    first, top, left = (max(0, int(value)) for value in low)
    last, bottom, right = (max(0, int(value)) for value in high)
    return slice(first, last), slice(top, bottom), slice(left, right)


def _is_cut(volume: Volume, centre: Vector, diameter_mm: int) -> bool:
    """Whether a part of the insert lies outside the slices or the image."""
    at = index_of(volume, centre)
    reach = diameter_mm / 2 / np.array([volume.slice_increment_mm, *volume.pixel_spacing_mm])
    return bool((at - reach < -0.5).any() or (at + reach > np.array(volume.hu.shape) - 0.5).any())
