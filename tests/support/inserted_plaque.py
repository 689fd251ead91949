"""Calcium of known place and density put into a real scan: along traced courses, or as look-alikes at landmarks.

The courses were traced by a non-expert (2 mm off where the vessel was seen, 3 to 4 mm where only its groove was).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.measures import agatston_in_mask
from scoring.protocol import PRESETS, Acquisition
from scoring.result import EXCLUDED_LABEL, LabelVolume, Vessel
from scoring.volume import Volume
from tests.support.real_series import real_series
from tests.support.shared import shared_folder

BLUR_MM = 0.7
FLOOR_HU = 8.0
SAMPLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """One deposit: a chain of balls through points."""

    name: str  # a vessel, or a landmark
    points_lps_mm: tuple[tuple[float, float, float], ...]
    radius_mm: float
    density_hu: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InsertedScan:
    """A real scan with calcium, and what a perfect reader counts.

    `known` has the volume's axes: 1 to 4 are the vessels' plaques, the keys of `classes` are look-alikes.
    """

    volume: Volume
    acquisition: Acquisition
    vessels: Mapping[Vessel, float]
    look_alikes: float
    known: LabelVolume
    classes: Mapping[int, str]


def readings(name: str) -> dict[str, Any]:
    """Courses and landmarks of one real series."""
    path = shared_folder() / "data" / "readings" / f"courses-{name}.json"
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def random_deposits(name: str, seed: int, *, look_alikes: bool = True) -> list[Inserted]:
    """Plaques on certain segments and look-alikes on landmarks of a real heart."""
    rng = np.random.default_rng(seed)
    record = readings(name)
    deposits = []
    for vessel, segments in record["vessels"].items():
        for points in (segment["points"] for segment in segments if segment["certain"]):
            deposits += [_plaque(vessel, points, rng) for _ in range(rng.poisson(0.8))]
    if look_alikes:
        for landmark in ("ascending_aorta", "aortic_root", "aortic_valve", "mitral_annulus", "papillary_muscle"):
            if rng.random() < 0.4:
                deposits.append(_look_alike(landmark, record["landmarks"][landmark], rng))
    return deposits


def _plaque(vessel: str, points: Sequence[Sequence[float]], rng: np.random.Generator) -> Inserted:
    radius = float(rng.uniform(0.8, 1.8))
    return _deposit(vessel, _stretch(np.array(points, float), rng, radius), radius, rng)


def _deposit(name: str, points: npt.NDArray[np.float64], radius: float, rng: np.random.Generator) -> Inserted:
    return Inserted(
        name=name,
        points_lps_mm=tuple((float(x), float(y), float(z)) for x, y, z in points),
        radius_mm=radius,
        density_hu=float(rng.uniform(350, 1000)),
    )


def _stretch(points: npt.NDArray[np.float64], rng: np.random.Generator, radius: float) -> npt.NDArray[np.float64]:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    length = min(float(rng.exponential(4.0)) + radius, along[-1])
    start = float(rng.uniform(0, along[-1] - length))
    at = np.arange(start, start + length + 0.4, 0.5)
    wall = rng.normal(size=3)
    wall /= np.linalg.norm(wall)
    course = np.stack([np.interp(at, along, points[:, axis]) for axis in range(3)], 1)
    return course + wall * 0.8


def _look_alike(landmark: str, points: Sequence[Sequence[float]], rng: np.random.Generator) -> Inserted:
    centre = np.array(points[int(rng.integers(len(points)))], float)
    radius = float(rng.uniform(1.0, 2.2))
    if landmark in ("ascending_aorta", "aortic_root"):
        angle = float(rng.uniform(0, 2 * np.pi))
        arc = angle + np.linspace(-0.25, 0.25, 12)
        around = 16.0 * np.stack([np.cos(arc), np.sin(arc), 0 * arc], 1)
        return _deposit(landmark, centre + around, 1.2, rng)
    return _deposit(landmark, centre + rng.normal(0, 1.0, (1, 3)), radius, rng)


def insert(name: str, deposits: Sequence[Inserted], *, base: tuple[Volume, Acquisition] | None = None) -> InsertedScan:
    """The real series `name`, or another form of it (`base`), with deposits; the truth by the literature protocol.

    A voxel belongs to the deposit that brightens it most, and so do its neighbours in the slice.
    """
    volume, acquisition = base or real_series(name)
    hu = np.array(volume.hu, np.float32)
    known, most = np.zeros(hu.shape, np.uint8), np.full(hu.shape, FLOOR_HU, np.float32)
    thickness = acquisition.slice_thickness_mm or volume.slice_increment_mm
    others = sorted({deposit.name for deposit in deposits} - set(Vessel))
    labels = {str(vessel): vessel.label for vessel in Vessel} | {
        other: EXCLUDED_LABEL + number for number, other in enumerate(others)
    }
    for deposit in deposits:
        box, share = _occupancy(volume, thickness, deposit)
        added = share * np.float32(deposit.density_hu)
        hu[box] += added
        grown = ndimage.grey_dilation(added, (1, 3, 3))
        mine = grown > most[box]
        known[box][mine], most[box][mine] = labels[deposit.name], grown[mine]
    made = Volume(hu=np.clip(np.rint(hu), -1024, 3071).astype(np.int16), voxel_to_lps_mm=volume.voxel_to_lps_mm.copy())
    protocol = PRESETS["literature"]
    return InsertedScan(
        volume=made,
        acquisition=acquisition,
        vessels={vessel: agatston_in_mask(made, known == vessel.label, protocol).agatston for vessel in Vessel},
        look_alikes=agatston_in_mask(made, known >= EXCLUDED_LABEL, protocol).agatston,
        known=known,
        classes={labels[other]: other for other in others},
    )


def _occupancy(
    volume: Volume, thickness_mm: float, deposit: Inserted
) -> tuple[tuple[slice, slice, slice], npt.NDArray[np.float32]]:
    """Share of each voxel that the deposit fills, blurred in the plane and by the slice profile."""
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    points = np.array(deposit.points_lps_mm)
    index = np.concatenate([points, np.ones((len(points), 1))], 1) @ inverse.T
    step = np.array([volume.slice_increment_mm, *volume.pixel_spacing_mm])
    margin = np.ceil((deposit.radius_mm + np.array([thickness_mm, 4 * BLUR_MM, 4 * BLUR_MM])) / step) + 1
    low = np.maximum(np.floor(index[:, :3].min(0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(index[:, :3].max(0) + margin) + 1, volume.hu.shape).astype(int)
    fine = np.array([max(8, SAMPLES), SAMPLES, SAMPLES])
    axes = [
        low[axis] - 0.5 + (np.arange((high[axis] - low[axis]) * fine[axis]) + 0.5) / fine[axis] for axis in range(3)
    ]
    inside = np.zeros([len(axis) for axis in axes], np.float32)
    for point in index[:, :3]:
        square = [((axis - at) * size) ** 2 for axis, at, size in zip(axes, point, step, strict=True)]
        inside[square[0][:, None, None] + square[1][:, None] + square[2] <= deposit.radius_mm**2] = 1.0
    profile = max(1, round(thickness_mm / step[0] * fine[0]))
    inside = ndimage.uniform_filter1d(inside, profile, axis=0, mode="constant")
    inside = ndimage.gaussian_filter(inside, (0, *(BLUR_MM / step[1:] * fine[1:])))
    blocks = [size for count, part in zip(high - low, fine, strict=True) for size in (count, part)]
    share = inside.reshape(blocks).mean((1, 3, 5)).astype(np.float32)
    return (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])), share
