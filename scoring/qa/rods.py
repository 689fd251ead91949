"""The rod of 200 mg/cm3 on the axis and the water rod beside it: mass factor, noise, and a check of who is who."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.qa.geometry import (
    ROD_DENSITY_MG_MM3,
    ROD_RADIUS_MM,
    ROD_REGION_RADIUS_MM,
    WATER_ROD_AXIS_MM,
    Pose,
    Vector,
    unit,
)
from scoring.qa.sample import Disc, disc, index_of
from scoring.volume import Volume

REACH_MM = 120.0
"""How far from the plane of the inserts rods are looked for; they lie 27 to 45 mm away."""

CLEAR_OF_INSERTS_MM = 8.0

LEAST_EXCESS_HU = 80.0
"""By which the rod stands out of the body around it: some 235 HU at 120 kVp."""

PLATEAU_SHARE = 0.05
"""Slices in which the rod is darker by more than this share hold its end, or show the open end of the phantom."""

END_SHARE = 0.8
"""Slices darker than this share of the brightest are no longer looked at."""

LEAST_WATER_CONTRAST_HU = 10.0
"""Below this the water rod cannot be told from the body, and only its known place is used."""

SAME_PLACE_DEGREES = 30.0

PLAUSIBLE_MG_PER_MM3_HU = (0.0003, 0.0015)
"""A factor outside is no calibration of a CT scanner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rods:
    """What the calibration section measures: medians over its slices."""

    hydroxyapatite_hu: float
    water_hu: float
    noise_sd_hu: float  # in the water rod
    mg_per_mm3_hu: float
    slices: tuple[int, ...]
    centre: tuple[float, float]  # (row, column) of the 200 mg/cm3 rod in the middle slice
    water_centre: tuple[float, float]
    distance_mm: float  # from the plane of the inserts along its axis: below 0 on the other side
    arm_opposite_water: int | None  # arm of the pose that the water rod confirms; None where it cannot be told


def find_rods(volume: Volume, pose: Pose, low_density_arm: int) -> Rods | None:
    """Measure the rods, or None where the scan holds none.

    Parameters
    ----------
    volume : Volume
    pose : Pose
    low_density_arm : int
        Arm of the pose that is taken for 200 mg/cm3: the water rod lies opposite, unless it is seen elsewhere.
    """
    core = {index: found for index in range(len(volume.hu)) if (found := _core(volume, pose, index)) is not None}
    if not core:
        return None
    return _measured(volume, pose, low_density_arm, [core[index] for index in _plateau(core)])


def _plateau(core: "dict[int, _Core]") -> list[int]:
    """Slices that show the whole rod: not its ends, and not the open end of the phantom, where all fades together."""
    strongest = max(core, key=lambda index: core[index].inside.mean_hu)
    near = [strongest]
    for step in (-1, 1):
        index = strongest + step
        while index in core and core[index].inside.mean_hu >= END_SHARE * core[strongest].inside.mean_hu:
            near.append(index)
            index += step
    # Noise lifts the brightest slice above the rod: what most of them show is the level.
    level = float(np.percentile([core[index].inside.mean_hu for index in near], 75)) * (1 - PLATEAU_SHARE)
    return sorted(index for index in near if core[index].inside.mean_hu >= level)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """The 200 mg/cm3 rod in one slice."""

    index: int
    centre: tuple[float, float]
    inside: Disc
    distance_mm: float


def _core(volume: Volume, pose: Pose, index: int) -> _Core | None:
    """A bright disc of the rod's size about the axis, in darker and even surroundings."""
    centre, distance = _on_axis(volume, pose, index)
    if not CLEAR_OF_INSERTS_MM <= abs(distance) <= REACH_MM:
        return None
    for _ in range(2):  # the axis may be off by a degree
        around = _ring(volume, index, centre)
        inside = disc(volume, index, centre, ROD_REGION_RADIUS_MM)
        if around is None or inside is None or inside.mean_hu - around.mean_hu < LEAST_EXCESS_HU:
            return None
        centre = _gravity(volume, index, centre, (inside.mean_hu + around.mean_hu) / 2)
    inside, around = disc(volume, index, centre, ROD_REGION_RADIUS_MM), _ring(volume, index, centre)
    if inside is None or around is None:
        return None
    excess = inside.mean_hu - around.mean_hu
    if excess < LEAST_EXCESS_HU or inside.sd_hu > excess / 2 or around.sd_hu > excess / 2:
        return None
    return _Core(index=index, centre=centre, inside=inside, distance_mm=distance)


def _on_axis(volume: Volume, pose: Pose, index: int) -> tuple[tuple[float, float], float]:
    """Where the axis meets a slice (row, column), and how far that is from the plane of the inserts."""
    step = index_of(volume, pose.centre_lps_mm + pose.axis) - index_of(volume, pose.centre_lps_mm)
    start = index_of(volume, pose.centre_lps_mm)
    distance = float((index - start[0]) / step[0])
    place = start + distance * step
    return (float(place[1]), float(place[2])), distance


def _ring(volume: Volume, index: int, centre: tuple[float, float]) -> Disc | None:
    """The body in a ring about the rod, between it and the water rod's middle."""
    inner, outer = ROD_RADIUS_MM + 2.0, ROD_RADIUS_MM + 5.0
    wide, narrow = disc(volume, index, centre, outer), disc(volume, index, centre, inner)
    if wide is None or narrow is None or wide.pixels <= narrow.pixels:
        return None
    pixels = wide.pixels - narrow.pixels
    mean = (wide.mean_hu * wide.pixels - narrow.mean_hu * narrow.pixels) / pixels
    square = (
        (wide.sd_hu**2 + wide.mean_hu**2) * wide.pixels - (narrow.sd_hu**2 + narrow.mean_hu**2) * narrow.pixels
    ) / pixels
    return Disc(mean_hu=mean, sd_hu=float(np.sqrt(max(square - mean**2, 0.0))), pixels=pixels)


def _gravity(volume: Volume, index: int, centre: tuple[float, float], level_hu: float) -> tuple[float, float]:
    """Centre of gravity of what is brighter than `level_hu` within reach of the rod."""
    reach = ROD_RADIUS_MM + 5.0
    row_mm, column_mm = volume.pixel_spacing_mm
    rows = np.arange(int(centre[0] - reach / row_mm), int(centre[0] + reach / row_mm) + 2)
    columns = np.arange(int(centre[1] - reach / column_mm), int(centre[1] + reach / column_mm) + 2)
    near = np.hypot((rows[:, None] - centre[0]) * row_mm, (columns - centre[1]) * column_mm) <= reach
    # The ring was measured before, so that all of this lies inside the image.
    bright = near & (volume.hu[index].take(rows, 0, mode="clip").take(columns, 1, mode="clip") >= level_hu)
    if not bright.any():
        return centre
    down, along = np.nonzero(bright)
    return float(rows[down].mean()), float(columns[along].mean())


def _measured(volume: Volume, pose: Pose, low_density_arm: int, cores: list[_Core]) -> Rods | None:
    confirmed = _arm_opposite_water(volume, pose, cores)
    opposite = -pose.arms[low_density_arm if confirmed is None else confirmed] * (WATER_ROD_AXIS_MM * pose.scale)
    waters = [
        (core, place, found)
        for core in cores
        for place in [_beside(volume, core.centre, opposite)]
        if (found := disc(volume, core.index, place, ROD_REGION_RADIUS_MM)) is not None
    ]
    if not waters:
        return None
    difference = float(np.median([core.inside.mean_hu - water.mean_hu for core, _, water in waters]))
    factor = ROD_DENSITY_MG_MM3 / difference if difference > 0 else 0.0
    if not PLAUSIBLE_MG_PER_MM3_HU[0] <= factor <= PLAUSIBLE_MG_PER_MM3_HU[1]:
        return None
    middle, place, _ = waters[len(waters) // 2]
    return Rods(
        hydroxyapatite_hu=float(np.median([core.inside.mean_hu for core, _, _ in waters])),
        water_hu=float(np.median([water.mean_hu for _, _, water in waters])),
        noise_sd_hu=float(np.median([water.sd_hu for _, _, water in waters])),
        mg_per_mm3_hu=factor,
        slices=tuple(core.index for core, _, _ in waters),
        centre=middle.centre,
        water_centre=place,
        distance_mm=middle.distance_mm,
        arm_opposite_water=confirmed,
    )


def _beside(volume: Volume, centre: tuple[float, float], away_lps_mm: Vector) -> tuple[float, float]:
    """A place in the same slice, so far from `centre`."""
    row_mm, column_mm = volume.pixel_spacing_mm
    down, along = unit(volume.voxel_to_lps_mm[:3, 1]), unit(volume.voxel_to_lps_mm[:3, 2])
    return centre[0] + float(away_lps_mm @ down) / row_mm, centre[1] + float(away_lps_mm @ along) / column_mm


def _arm_opposite_water(volume: Volume, pose: Pose, cores: list[_Core]) -> int | None:
    """Which arm the water rod lies opposite of, by the disc that differs most from all others at its distance."""
    angles = np.deg2rad(np.arange(0, 360, 5))
    first, second = pose.arms[0], np.cross(pose.axis, pose.arms[0])
    means: list[npt.NDArray[np.float64]] = []
    for core in cores:
        discs = [
            disc(
                volume,
                core.index,
                _beside(volume, core.centre, WATER_ROD_AXIS_MM * pose.scale * (np.cos(a) * first + np.sin(a) * second)),
                ROD_REGION_RADIUS_MM,
            )
            for a in angles
        ]
        means.append(np.array([np.nan if found is None else found.mean_hu for found in discs]))
    profile = np.mean(means, axis=0)
    if np.isnan(profile).any():
        return None
    contrast = np.abs(profile - np.median(profile))
    strongest = int(contrast.argmax())
    if contrast[strongest] < LEAST_WATER_CONTRAST_HU:
        return None
    water = np.cos(angles[strongest]) * first + np.sin(angles[strongest]) * second
    off = [float(np.degrees(np.arccos(np.clip(-water @ arm, -1, 1)))) for arm in pose.arms]
    nearest = int(np.argmin(off))
    return nearest if off[nearest] <= SAME_PLACE_DEGREES else None
