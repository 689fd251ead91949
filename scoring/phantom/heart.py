"""Chambers and great vessels of the heart as signed distances in canonical millimetres."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from scoring.phantom.physique import Physique
from scoring.phantom.shapes import Array, Coordinates, axes_along, chain, ellipsoid, smooth_min

AORTA = ((-8, 9, 18), (-12, 6, 25), (-15, 4, 32), (-18, 3, 40), (-24, 1, 52), (-27, 2, 66), (-24, 10, 82))
"""Centre line from the outflow tract (valve at index 1, sinuses at 2, sinotubular junction at 3) upwards."""

AORTA_RADII_MM = (11.5, 12.5, 15.5, 14.0, 15.5, 15.5, 14.5)

SINUS_ANGLES_DEG = (15.0, -100.0, 140.0)
"""Left, right and non-coronary sinus about the root's middle: 0 is left, 90 behind."""

SINUS_OUT, SINUS_RADIUS = 0.32, 0.74
"""How far a sinus bulges: its middle from the root's, and its radius, as shares of the tubular radius."""

TRUNK = ((3, -27, 18), (7, -23, 30), (11, -18, 42), (15, -8, 54), (16, 4, 62))
"""Right outflow tract and pulmonary trunk to the bifurcation."""

TRUNK_RADII_MM = (17.0, 16.0, 14.5, 13.5, 12.5)

LEFT_ATRIUM, LEFT_ATRIUM_RADII_MM = (-5, 36, 25), (29, 19, 20)

LONG_AXIS = (0.52, -0.52, -0.68)
"""Base to apex of the left ventricle: inside the range of the four hearts of NLST."""

WALL_MM = {"left ventricle": 9.5, "right ventricle": 3.0, "atria": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeartShape:
    """What is drawn for one heart: shifts and sizes of chambers (rows: LV, base, RV, RA, RAA, LA, LAA, inflow)."""

    shift_mm: npt.NDArray[np.float64]  # (8, 3)
    scale: npt.NDArray[np.float64]  # (8,)
    aorta_scale: float
    trunk_scale: float
    closing: float  # how far grooves are filled with fat, 1 = wide
    fat_mm: float  # mean thickness of fat over the closed heart
    fat_phase: npt.NDArray[np.float64]  # (6,)
    aorta_shift_mm: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    pedicle_mm: float = 14.0  # how widely the sac closes over the clefts between the great vessels
    sinuses: bool = False  # the root is a clover leaf, not a tube
    lower_mm: float = 0.0  # by which the right ventricle is higher, and reaches farther down
    ruggedness: float = 0.35  # of the fat, as a share of its thickness
    smoother: float = 1.0  # factor on the wavelengths of that
    pads: float = 0.0  # fat in the angles between heart and diaphragm, as a share of `fat_mm`

    @property
    def aorta_radii_mm(self) -> Array:
        """Radii along `AORTA`; a root widens less than the ascending part."""
        scale = np.full(len(AORTA_RADII_MM), self.aorta_scale)
        if self.sinuses:
            scale[:4] = 1 + 0.6 * (self.aorta_scale - 1)
        radii: Array = np.array(AORTA_RADII_MM) * scale
        return radii


def draw_shape(rng: np.random.Generator, *, fat_mm: float, aorta_scale: float) -> HeartShape:
    """A heart with its own proportions."""
    return HeartShape(
        shift_mm=rng.normal(0, 1.2, (8, 3)),
        scale=rng.uniform(0.95, 1.05, 8),
        aorta_scale=aorta_scale,
        trunk_scale=float(rng.uniform(0.9, 1.1)),
        closing=float(rng.uniform(0.65, 1.1)),
        fat_mm=fat_mm,
        fat_phase=rng.uniform(0, 2 * np.pi, 6),
    )


def built_shape(shape: HeartShape, physique: Physique, rng: np.random.Generator, size: float) -> HeartShape:
    """The heart with the proportions of a person; `size` is the scale that the whole heart gets."""
    aorta_scale = physique.aorta_mm / 2 / size / AORTA_RADII_MM[5]
    part = np.array([physique.ventricles] * 3 + [physique.atria] * 2 + [physique.atria, physique.appendage, 1.0])
    # a wide aorta gives way to the front and right, away from the trunk and the left atrium
    wider = max(aorta_scale - 1.0, 0.0) * AORTA_RADII_MM[2]
    built = replace(
        shape,
        shift_mm=shape.shift_mm + rng.normal(0, 1.0, (8, 3)),
        scale=shape.scale * part * rng.uniform(0.97, 1.03, 8),
        aorta_scale=aorta_scale,
        aorta_shift_mm=np.array([-0.6, -0.35, 0.0]) * wider,
        ruggedness=float(rng.uniform(0.5, 1.0) * 0.3 * min(1.0, 3.5 / max(physique.fat_mm, 0.1))),
        smoother=1.7,
        closing=physique.groove_fill,
        fat_mm=physique.fat_mm / size,
        pedicle_mm=32.0,
        sinuses=True,
        lower_mm=float(rng.uniform(4, 9)),
        pads=float(rng.uniform(0.3, 1.6)),
    )
    # the left atrium lies against the root
    behind = AORTA[2][1] + built.aorta_shift_mm[1] + (SINUS_OUT + SINUS_RADIUS) * built.aorta_radii_mm[3]
    front = LEFT_ATRIUM[1] + built.shift_mm[5, 1] - LEFT_ATRIUM_RADII_MM[1] * built.scale[5]
    built.shift_mm[5, 1] += np.clip(behind - 2.0 - front, -7.0, 5.0)
    return built


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chambers:
    """Signed distances to the outer surfaces, all on the same grid."""

    left_ventricle: Array
    right_ventricle: Array
    atria: Array
    trunk: Array
    aorta: Array

    @property
    def muscle(self) -> Array:
        """Heart muscle with what it holds, without the aorta: sharp creases are the grooves."""
        ventricles = smooth_min(self.left_ventricle, self.right_ventricle, 3.0)
        return np.minimum(np.minimum(ventricles, self.atria), self.trunk)

    @property
    def blood(self) -> Array:
        """Cavities of the four chambers and the trunk."""
        ventricles = np.minimum(
            self.left_ventricle + np.float32(WALL_MM["left ventricle"]),
            self.right_ventricle + np.float32(WALL_MM["right ventricle"]),
        )
        return np.minimum(np.minimum(ventricles, self.atria + np.float32(WALL_MM["atria"])), self.trunk)


def closed_heart(parts: Chambers, shape: HeartShape) -> Array:
    """Distance to the heart with its grooves filled: what fat and pericardium go over."""
    share = shape.closing
    ventricles = smooth_min(parts.left_ventricle, parts.right_ventricle, 26.0 * share)
    heart = smooth_min(ventricles, parts.atria, 30.0 * share)
    pedicle = smooth_min(parts.trunk, parts.aorta, shape.pedicle_mm)
    return smooth_min(heart, pedicle, max(22.0 * share, shape.pedicle_mm - 4.0) if shape.sinuses else 22.0 * share)


def chambers(at: Coordinates, shape: HeartShape) -> Chambers:
    """Distances at canonical coordinates."""

    def body(row: int, centre: tuple[float, ...], radii: tuple[float, ...], along: tuple[float, ...] | None) -> Array:
        return ellipsoid(
            at,
            np.add(centre, shape.shift_mm[row]),
            np.multiply(radii, shape.scale[row]),
            None if along is None else axes_along(along),
        )

    left = smooth_min(body(0, (26, -12, -11), (30, 30, 48), LONG_AXIS), body(1, (17, 11, 0), (27, 28, 27), None), 12.0)
    right = smooth_min(
        body(2, (-1, -30, -12 - 0.5 * shape.lower_mm), (24 + shape.lower_mm, 35, 34), (0.0, 1.0, 0.15)),
        body(7, (-12, -3, -8), (20, 17, 22), None),
        14.0,
    )
    atria = smooth_min(
        smooth_min(body(3, (-35, 8, -3), (22, 28, 32), None), body(4, (-31, -7, 31), (10, 16, 16), None), 8.0),
        smooth_min(body(5, LEFT_ATRIUM, LEFT_ATRIUM_RADII_MM, None), body(6, (31, 14, 42), (10, 16, 10), None), 8.0),
        3.0,
    )
    return Chambers(
        left_ventricle=left,
        right_ventricle=right,
        atria=atria,
        trunk=chain(at, np.array(TRUNK, float), np.array(TRUNK_RADII_MM) * shape.trunk_scale),
        aorta=_aorta(at, shape),
    )


def _aorta(at: Coordinates, shape: HeartShape) -> Array:
    line, radii = np.array(AORTA, float) + shape.aorta_shift_mm, shape.aorta_radii_mm
    if not shape.sinuses:
        return chain(at, line, radii)
    radii = np.append(radii[:2], [0.9 * radii[2], *radii[3:]])
    distance = chain(at, line, radii)
    for angle in SINUS_ANGLES_DEG:
        out = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0.0])
        bulge = line[2] + SINUS_OUT * radii[3] * out
        away2 = sum(((c - np.float32(o)) ** 2 for c, o in zip(at, bulge, strict=True)), start=np.float32(0))
        distance = smooth_min(distance, np.sqrt(away2) - np.float32(SINUS_RADIUS * radii[3]), 2.0)
    return distance


def fat_thickness(at: Coordinates, shape: HeartShape) -> Array:
    """Thickness of fat over the closed heart: rugged, thickest over the right ventricle and the base."""
    x, y, z = at
    wave = [np.float32(2 * np.pi / (length * shape.smoother)) for length in (34, 41, 29, 23, 27, 19)]
    phase = shape.fat_phase.astype(np.float32)
    rugged = (
        np.sin(x * wave[0] + phase[0]) * np.sin(z * wave[2] + phase[1])
        + np.sin(y * wave[1] + phase[2]) * np.sin(x * wave[3] + phase[3])
        + 0.6 * np.sin(z * wave[4] + phase[4]) * np.sin(y * wave[5] + phase[5])
    )
    front = np.clip(-y / np.float32(50), 0, 1) * np.clip(np.float32(0.6) - x / np.float32(60), 0, 1)
    if shape.pads:
        low = np.clip((np.float32(-18) - z) / np.float32(25), 0, 1) * np.clip(-y / np.float32(25), 0, 1)
        front = front + np.float32(shape.pads) * low * np.clip(np.abs(x - np.float32(8)) / np.float32(30), 0, 1)
    thickness: Array = np.float32(shape.fat_mm) * (np.float32(0.75) + np.float32(shape.ruggedness) * rugged + front)
    if shape.pads:  # the underside lies on the diaphragm
        thickness = thickness * (1 - np.float32(0.6) * np.clip((np.float32(-22) - z) / np.float32(20), 0, 1))
    return np.maximum(thickness, np.float32(0.4))
