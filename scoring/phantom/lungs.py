"""Vessels and bronchi of the lungs: a random tree from each hilum outwards."""

import numpy as np
import numpy.typing as npt

from scoring.phantom.canvas import Canvas
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import arc_length, spline
from scoring.phantom.thorax import AIR_HU, cavity, diaphragm

Points = npt.NDArray[np.float64]

_HILUM = {-1: (-44.0, 38.0, 44.0), 1: (46.0, 44.0, 44.0)}
"""Chest coordinates where the vessels of a lung begin, by side (-1 right, +1 left)."""


def bronchi(patient: Patient) -> list[tuple[Points, Points]]:
    """Main and lobar bronchi, with a physique also those at the heart's border: lines in LPS, radii of the air."""
    heart = patient.frame.to_lps
    carina = patient.chest_to_lps([(-2, 48, 84)])[0]
    lines = [
        (
            np.vstack([carina, heart([(-36, 44, 52), (-56, 46, 34), (-62, 50, 14), (-66, 56, -8)])]),
            np.array((7.5, 6.5, 4.5, 3.4, 2.4)),
        ),
        (
            np.vstack([carina, heart([(34, 50, 50), (52, 54, 36), (58, 58, 16), (62, 64, -6)])]),
            np.array((7.0, 6.0, 4.4, 3.4, 2.4)),
        ),
        (heart([(52, 54, 36), (64, 40, 38), (76, 26, 34)]), np.array((3.8, 2.8, 2.0))),
        (heart([(-56, 46, 34), (-70, 32, 30), (-78, 14, 22)]), np.array((3.8, 2.8, 2.0))),
    ]
    if patient.physique is not None:
        lines += [(heart(points), np.array(radii)) for points, radii in _AT_THE_HEART]
        lines = [_above_diaphragm(points, radii, patient) for points, radii in lines]
    return [line for line in lines if len(line[0]) > 1]


def _above_diaphragm(points: Points, radii: Points, patient: Patient) -> tuple[Points, Points]:
    """The first points of a line, as long as they stay in the chest."""
    smooth = spline(points, 4.0)
    run, knots = arc_length(smooth), arc_length(points)
    at = patient.lps_to_chest(smooth)
    low = diaphragm((at[:, 0], at[:, 1], at[:, 2]), patient) < 16.0
    keep = int(low.argmax()) if low.any() else len(smooth)
    return smooth[:keep], np.interp(run[:keep] / run[-1], knots / knots[-1], radii)


_AT_THE_HEART = (
    (((60, 42, 36), (58, 24, 34), (60, 8, 24), (64, -6, 12)), (2.8, 2.4, 1.9, 1.4)),  # lingula
    (((-62, 44, 24), (-60, 26, 14), (-62, 10, 2), (-66, -4, -8)), (2.8, 2.4, 1.9, 1.4)),  # middle lobe
    (((60, 60, 6), (52, 62, -10), (46, 60, -26)), (2.8, 2.2, 1.6)),  # lower lobes, behind the heart
    (((-62, 56, 0), (-50, 56, -16), (-44, 54, -32)), (2.8, 2.2, 1.6)),
)
"""Segmental bronchi along the heart's border: canonical points, radii of the air."""


def paint_bronchi(canvas: Canvas, patient: Patient) -> None:
    """Bronchi: a wall, then air."""
    lines = bronchi(patient)
    for points, radii in lines:
        canvas.paint_tube(points, radii + 1.4, patient.thorax.bronchus_hu)
    for points, radii in lines:
        canvas.paint_tube(points, radii, AIR_HU + 8)


def paint_vessels(canvas: Canvas, patient: Patient) -> None:
    """Branching vessels, painted before heart and mediastinum so that nothing of them shows there."""
    rng = np.random.default_rng([patient.seed, 4])
    for side in (-1, 1):
        start = np.array(_HILUM[side]) + np.array(
            [patient.thorax.side * (patient.frame.centre_lps_mm[0] - patient.thorax.midline_x_mm) - 12, 0, 0]
        )
        for _ in range(18):
            _grow(canvas, patient, rng, start + rng.normal(0, 6, 3), _outward(rng, side), rng.uniform(3.0, 5.0))


def _outward(rng: np.random.Generator, side: int) -> npt.NDArray[np.float64]:
    direction = np.array([side * rng.uniform(0.15, 1.0), rng.normal(0, 0.75), rng.normal(-0.35, 0.75)])
    unit: npt.NDArray[np.float64] = direction / np.linalg.norm(direction)
    return unit


def _grow(
    canvas: Canvas,
    patient: Patient,
    rng: np.random.Generator,
    start: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    radius_mm: float,
) -> None:
    if radius_mm < 0.7:
        return
    steps = [start]
    for _ in range(4):
        direction = direction + rng.normal(0, 0.16, 3)
        direction /= np.linalg.norm(direction)
        steps.append(steps[-1] + direction * (3.0 + 1.6 * radius_mm))
    if not _in_lung(patient, steps[-1]):
        return
    canvas.paint_tube(patient.chest_to_lps(steps), np.linspace(radius_mm, radius_mm * 0.75, 5), 38.0)
    for _ in range(2):
        turned = direction + rng.normal(0, 0.5, 3)
        _grow(canvas, patient, rng, steps[-1], turned / np.linalg.norm(turned), radius_mm * rng.uniform(0.5, 0.75))


def _in_lung(patient: Patient, point: npt.NDArray[np.float64]) -> bool:
    at = (point[:1], point[1:2], point[2:])
    return bool(cavity(at)[0] < -4.0 and diaphragm(at, patient)[0] > 4.0)
