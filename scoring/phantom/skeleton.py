"""Bones: spine with discs and spongy marrow, ribs with cartilage, sternum."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.phantom.canvas import Canvas
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import Array
from scoring.phantom.texture import lattice_noise
from scoring.phantom.thorax import chest_coordinates, oval

Points = npt.NDArray[np.float64]

VERTEBRA_MM = 27.0
DISC_MM = 6.0


def paint_spine(canvas: Canvas, patient: Patient) -> None:
    """Vertebral bodies, discs, arches and processes; the marrow is spongy so that specks of it pass 130 HU."""
    ends = 140 if patient.physique is None else 260
    near = canvas.within(*patient.chest_box((-45, 72, -ends), (45, 150, ends)))
    if near is None:
        return
    part, _ = near
    spongy = _marrow(part, patient)
    for slab, texture in zip(part.slabs(), np.array_split(spongy, range(8, len(spongy), 8)), strict=True):
        at = chest_coordinates(slab, patient)
        _, y, z = at
        body = np.maximum(oval(at, (0, 94), (18, 15), 2.6), -oval(at, (0, 117), (12, 10), 2.0))
        arch = np.minimum(oval(at, (0, 112), (16, 12), 2.2), oval(at, (0, 128), (3.5, 18), 2.2))
        wings = oval(at, (0, 108), (34, 5.5), 2.2) + np.clip(8 - _in_level(z), 0, 8)
        bone = np.minimum(body, np.minimum(arch, wings))
        slab.paint(bone, patient.bone_hu(520.0))
        slab.paint(bone + np.float32(1.6), np.float32(patient.bone_hu(patient.thorax.marrow_hu)) + texture)
        disc = np.maximum(np.maximum(body + 0.3, np.abs(_in_level(z)) - np.float32(DISC_MM / 2)), y - np.float32(108))
        slab.paint(disc, 85.0)
        slab.paint(oval(at, (0, 112), (8.5, 7), 2.0), 12.0)  # canal


def disc_mm(height_mm: float) -> float:
    """Chest z of the middle of the disc that is nearest to a height."""
    middle = VERTEBRA_MM / 2 - 200
    return float(np.round((height_mm - middle) / VERTEBRA_MM) * VERTEBRA_MM + middle)


def _in_level(z: Array) -> Array:
    """Distance from the middle of the nearest disc."""
    away: Array = np.abs((z + np.float32(200)) % np.float32(VERTEBRA_MM) - np.float32(VERTEBRA_MM / 2))
    return away


def _marrow(part: Canvas, patient: Patient) -> Array:
    if patient.physique is None:
        return _sponge(np.random.default_rng([patient.seed, 2]), part.hu.shape, 34.0)
    fine = lattice_noise((part.x, part.y, part.z), patient.frame.centre_lps_mm, 1.6, [patient.seed, 2])
    return fine * np.float32(34.0)


def _sponge(rng: np.random.Generator, shape: tuple[int, ...], sd_hu: float) -> Array:
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), (0.6, 0.7, 0.7))
    sponge: Array = noise * np.float32(sd_hu / noise.std())
    return sponge


def paint_ribs(canvas: Canvas, patient: Patient) -> None:
    """Ribs from the spine round to the front, then their cartilage to the sternum."""
    rng = np.random.default_rng([patient.seed, 3])
    start = rng.uniform(0, 26)
    cartilage_hu = patient.bone_hu(float(rng.uniform(85, 125)))
    for side in (-1, 1):
        for level in range(-3 if patient.physique is None else -5, 11):
            bony, rising = _rib(patient, side, start + level * 26.0 - 70)
            canvas.paint_tube(bony, 5.4, patient.bone_hu(780.0))
            canvas.paint_tube(bony, 3.7, patient.bone_hu(190.0))
            canvas.paint_tube(rising, 5.8, 45.0)
            canvas.paint_tube(rising, 5.0, cartilage_hu)


def cartilage_line(patient: Patient, *, side: int, level: int) -> Points:
    """Middle line of the cartilage of one rib, in LPS: side -1 is right, levels rise towards the head."""
    start = np.random.default_rng([patient.seed, 3]).uniform(0, 26)
    return _rib(patient, side, start + level * 26.0 - 70)[1]


def _rib(patient: Patient, side: int, z_back: float) -> tuple[Points, Points]:
    """Bony part and cartilage of one rib, in LPS."""
    angle = np.radians(np.linspace(-68, 82, 32))  # from beside the spine (-) to the front (+)
    drop = 74 * ((np.arange(32) / 31) ** 0.9)
    z = z_back - drop
    widen = 1 - 0.0016 * np.clip(z, -90, 120)
    reach = 2 / 2.25
    x = side * 132 * widen * np.abs(np.cos(angle)) ** reach
    y = 13 - 94 * (0.35 + 0.65 * widen) * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** reach
    points = patient.chest_to_lps(np.stack([x, y, z], axis=1))
    bony, soft = points[:24], points[23:]
    rising = soft + np.linspace(0, 16, len(soft))[:, None] * [0, 0, 1]
    return bony, rising


def paint_sternum(canvas: Canvas, patient: Patient) -> None:
    """A flat spongy plate in front."""
    near = canvas.within(*patient.chest_box((-30, -100, -46), (30, -60, 140)))
    if near is None:
        return
    part, _ = near
    at = chest_coordinates(part, patient)
    y = at[1] - np.clip(-at[2] * np.float32(0.04), -4, 4)
    plate = np.maximum(oval((at[0], y, at[2]), (0, -82), (17, 6.2), 2.8), np.float32(-40) - at[2])
    part.paint(plate, patient.bone_hu(430.0))
    part.paint(plate + np.float32(1.5), patient.bone_hu(115.0))
