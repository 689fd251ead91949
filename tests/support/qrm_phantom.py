"""A drawn QRM cardiac calcification insert in its thorax: any scanner's pixels, slices, voltage, noise and position.

Drawn from the makers' figures and independent of `scoring.qa`, except for being the same object: nine cylinders, two
rods, the body. Everything lies in the phantom's own frame, which is turned, tilted and moved as a whole.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from scoring.protocol import Acquisition
from scoring.volume import Volume
from tests.support.ct_objects import ct_object, written

HU_PER_MG_CM3 = {80: 2.18, 100: 1.53, 120: 1.37, 140: 1.21}
"""Calcium over water; at 120 kVp as in the published scan, at others by the adapted thresholds' ratio."""

DENSITIES = (800, 400, 200)
RADII_MM = {5: 37.5, 3: 25.0, 1: 12.5}
BODIES_MM = {"small": (300.0, 200.0), "medium": (350.0, 250.0), "large": (400.0, 300.0)}
WATER_HU = {"small": 5.0, "medium": 20.0, "large": 33.0}
TISSUE_HU = {"small": 45.0, "medium": 60.0, "large": 75.0}


@dataclass(frozen=True, kw_only=True)
class QrmScan:
    """One scan of the phantom; the defaults are a cardiac field of view at 3 mm and 120 kVp without tilt."""

    size: str = "small"
    pixel_mm: float = 0.5
    matrix: int = 240
    thickness_mm: float = 3.0
    increment_mm: float = 3.0
    kvp: int = 120
    noise_sd_hu: float = 15.0
    blur_sd_mm: float = 0.5
    turned_degrees: float = 180.0
    tilt_degrees: tuple[float, float] = (0.0, 0.0)  # about the axis of columns, then of rows
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mirrored: bool = False
    rods: bool = True
    rods_mm: float = 36.0  # middle of the rods along the axis; below 0 on the other side
    missing: tuple[tuple[int, int], ...] = ()  # (density, diameter) of inserts that were never put in
    slices_mm: tuple[float, float] = (-21.0, 54.0)  # first and last slice centre
    couch: bool = False
    seed: int = 1

    @property
    def acquisition(self) -> Acquisition:
        return Acquisition(
            kvp=float(self.kvp),
            slice_thickness_mm=self.thickness_mm,
            kernel="B35f",
            manufacturer="ACME",
            model="Scanner 1",
        )

    def turn(self) -> np.ndarray:
        """Phantom frame to LPS directions; a mirrored scan shows a mirrored phantom."""
        about = np.deg2rad(self.turned_degrees)
        first, second = np.deg2rad(self.tilt_degrees)
        plane = np.array([[np.cos(about), -np.sin(about), 0], [np.sin(about), np.cos(about), 0], [0, 0, 1]])
        one = np.array([[1, 0, 0], [0, np.cos(first), -np.sin(first)], [0, np.sin(first), np.cos(first)]])
        two = np.array([[np.cos(second), 0, np.sin(second)], [0, 1, 0], [-np.sin(second), 0, np.cos(second)]])
        return two @ one @ plane @ np.diag([1.0, -1.0 if self.mirrored else 1.0, 1.0])

    def insert_lps_mm(self, density: int, diameter: int) -> np.ndarray:
        """Where an insert lies."""
        return np.array(self.centre_mm) + self.turn() @ _own_place(density, diameter)

    def hu_of(self, density: float) -> float:
        return WATER_HU[self.size] + HU_PER_MG_CM3[self.kvp] * density


def _own_place(density: int, diameter: int) -> np.ndarray:
    angle = np.deg2rad(120.0 * DENSITIES.index(density))
    return RADII_MM[diameter] * np.array([np.cos(angle), np.sin(angle), 0.0])


@lru_cache(maxsize=4)
def qrm_volume(scan: QrmScan) -> Volume:
    """The scan as a volume."""
    first, last = scan.slices_mm
    heights = np.arange(first, last + 1e-6, scan.increment_mm)
    across = (np.arange(scan.matrix) - (scan.matrix - 1) / 2) * scan.pixel_mm
    hu = np.empty((len(heights), scan.matrix, scan.matrix), np.float32)
    hu[:] = _body(scan, across)
    for density in DENSITIES:
        for diameter in RADII_MM:
            if (density, diameter) not in scan.missing:
                _draw(scan, hu, across, heights, _own_place(density, diameter), diameter, scan.hu_of(density))
    if scan.rods:
        axis = np.array([0.0, 0.0, scan.rods_mm])
        beside = axis - 22.5 * _own_place(200, 5) / RADII_MM[5]
        _draw(scan, hu, across, heights, axis, 20.0, scan.hu_of(200.0))
        _draw(scan, hu, across, heights, beside, 20.0, WATER_HU[scan.size])
    hu += _noise(scan, hu.shape)
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = scan.increment_mm, scan.pixel_mm, scan.pixel_mm
    affine[:3, 3] = [across[0], across[0], heights[0]]
    return Volume(hu=np.clip(np.rint(hu), -1024, 3071).astype(np.int16), voxel_to_lps_mm=affine)


def write_scan(scan: QrmScan, folder: Path, **overrides: object) -> list[Path]:
    """The scan as DICOM files; `overrides` are attributes by keyword."""
    return write_volume(qrm_volume(scan), scan.acquisition, folder, **overrides)


def write_volume(volume: Volume, acquisition: Acquisition, folder: Path, **overrides: object) -> list[Path]:
    """Axial slices of a volume as DICOM files."""
    folder.mkdir(parents=True, exist_ok=True)
    corner = volume.voxel_to_lps_mm[:3, 3]
    stated: dict[str, object] = {
        "PixelSpacing": list(volume.pixel_spacing_mm),
        "KVP": str(acquisition.kvp),
        "SliceThickness": str(acquisition.slice_thickness_mm),
        "ConvolutionKernel": acquisition.kernel,
        "Manufacturer": acquisition.manufacturer,
        "ManufacturerModelName": acquisition.model,
    }
    headers = [
        ct_object(
            place,
            pixels=(plane.astype(np.int32) + 1024).astype(np.uint16),
            **{
                **stated,
                "ImagePositionPatient": [*corner[:2].tolist(), float(corner[2] + place * volume.slice_increment_mm)],
                **overrides,
            },
        )
        for place, plane in enumerate(volume.hu)
    ]
    return written(folder, headers)


def _body(scan: QrmScan, across: np.ndarray) -> np.ndarray:
    """Tissue, lungs and spine, alike in every slice: they stand upright, and the insert is turned within its bore."""
    column, row = np.meshgrid(across, across)
    x, y = column - scan.centre_mm[0], row - scan.centre_mm[1]
    width, depth = BODIES_MM[scan.size]
    plane = np.full(row.shape, -1000.0, np.float32)
    plane[(x / (width / 2)) ** 2 + (y / (depth / 2)) ** 2 <= 1] = TISSUE_HU[scan.size]
    for side in (-1, 1):
        lung = ((x - side * 0.25 * width) / (0.19 * width)) ** 2 + (y / (0.36 * depth)) ** 2 <= 1
        plane[lung] = -850.0
    plane[np.hypot(x, y) <= 52.0] = TISSUE_HU[scan.size]
    plane[np.hypot(x, y - 75.0) <= 16.0] = 260.0
    if scan.couch:
        plane[(np.abs(y - depth / 2 - 1.0) <= 1.5) & (np.abs(x) <= 200.0)] = 100.0
    return ndimage.gaussian_filter(plane, scan.blur_sd_mm / scan.pixel_mm)


def _draw(
    scan: QrmScan,
    hu: np.ndarray,
    across: np.ndarray,
    heights: np.ndarray,
    own_place: np.ndarray,
    width_mm: float,
    density_hu: float,
) -> None:
    """Put a cylinder, as long as wide, into the tissue: what share of each voxel it fills, after blur."""
    middle = np.array(scan.centre_mm) + scan.turn() @ own_place
    reach = width_mm * 0.75 + 4 * scan.blur_sd_mm + scan.pixel_mm
    fine = max(2, int(np.ceil(scan.pixel_mm / 0.25))) if width_mm < 10 else 1
    columns, rows = (np.flatnonzero(np.abs(across - middle[axis]) <= reach) for axis in (0, 1))
    if not (len(columns) and len(rows)):
        return
    step = scan.pixel_mm / fine
    offsets = (np.arange(fine) - (fine - 1) / 2) * step
    x, y = ((across[part][:, None] + offsets).ravel() for part in (columns, rows))
    parts = max(3, int(np.ceil(scan.thickness_mm / (0.4 if width_mm < 10 else 1.0))))
    for plane, height in zip(hu, heights, strict=True):
        if abs(height - middle[2]) > reach + scan.thickness_mm:
            continue
        z = height + ((np.arange(parts) + 0.5) / parts - 0.5) * scan.thickness_mm
        grid = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], axis=-1)
        own = (grid - middle) @ scan.turn()
        inside = (np.hypot(own[..., 0], own[..., 1]) <= width_mm / 2) & (np.abs(own[..., 2]) <= width_mm / 2)
        share = ndimage.gaussian_filter(inside.mean(axis=0), scan.blur_sd_mm / step)
        share = share.reshape(len(rows), fine, len(columns), fine).mean((1, 3))
        box = np.ix_(rows, columns)
        plane[box] += share * (density_hu - TISSUE_HU[scan.size])


def _noise(scan: QrmScan, shape: tuple[int, ...]) -> np.ndarray:
    if not scan.noise_sd_hu:
        return np.zeros(shape, np.float32)
    field = np.random.default_rng(scan.seed).standard_normal(shape, np.float32)
    for plane in field:
        ndimage.gaussian_filter(plane, 0.46 / scan.pixel_mm, output=plane, mode="wrap")
    return field * np.float32(scan.noise_sd_hu / field.std())
