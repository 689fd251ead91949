"""Vessels and bronchi of the lungs: a random tree from each hilum outwards."""

import numpy as np
import numpy.typing as npt

from scoring.phantom.canvas import Canvas
from scoring.phantom.patient import Patient
from scoring.phantom.thorax import AIR_HU, cavity, diaphragm

_HILUM = {-1: (-44.0, 38.0, 44.0), 1: (46.0, 44.0, 44.0)}
"""Chest coordinates where the vessels of a lung begin, by side (-1 right, +1 left)."""


def paint_bronchi(canvas: Canvas, patient: Patient) -> None:
    """Main and lobar bronchi: a wall, then air."""
    heart = patient.frame.to_lps
    carina = patient.chest_to_lps([(-2, 48, 84)])[0]
    lines = (
        (
            np.vstack([carina, heart([(-36, 44, 52), (-56, 46, 34), (-62, 50, 14), (-66, 56, -8)])]),
            (7.5, 6.5, 4.5, 3.4, 2.4),
        ),
        (
            np.vstack([carina, heart([(34, 50, 50), (52, 54, 36), (58, 58, 16), (62, 64, -6)])]),
            (7.0, 6.0, 4.4, 3.4, 2.4),
        ),
        (heart([(52, 54, 36), (64, 40, 38), (76, 26, 34)]), (3.8, 2.8, 2.0)),
        (heart([(-56, 46, 34), (-70, 32, 30), (-78, 14, 22)]), (3.8, 2.8, 2.0)),
    )
    for points, radii in lines:
        canvas.paint_tube(points, np.array(radii) + 1.4, patient.thorax.bronchus_hu)
    for points, radii in lines:
        canvas.paint_tube(points, np.array(radii), AIR_HU + 8)


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
