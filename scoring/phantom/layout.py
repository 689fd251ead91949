"""Where arteries and veins of one heart are to run: control points in canonical millimetres."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scoring.phantom.heart import AORTA, SINUS_ANGLES_DEG, SINUS_OUT, SINUS_RADIUS, HeartShape
from scoring.phantom.physique import Dominance, Physique
from scoring.result import Vessel

Points = npt.NDArray[np.float64]

LEFT_OSTIUM = (-0.5, 8.0, 34.5)
RIGHT_OSTIUM = (-15.0, -11.0, 32.5)

CONTROL: Mapping[Vessel, tuple[tuple[float, ...], ...]] = {
    Vessel.LM: (LEFT_OSTIUM, (4, 9.5, 36), (10, 8.5, 36.5)),
    Vessel.LAD: (
        (10, 8.5, 36.5), (16, 6, 35.5), (20, 2, 34), (25, -3, 31), (29, -9, 27), (31, -15, 23), (31, -22, 18),
        (31, -29, 12), (31, -36, 6), (31.5, -42, -1), (33, -46, -9), (36, -48, -18), (38, -48, -26),
    ),
    Vessel.LCX: (
        (10, 8.5, 36.5), (14, 13, 34.5), (17, 18, 32), (21, 24, 29), (24, 29, 25), (26, 34, 20), (26, 38, 14),
        (23, 41, 8), (18, 42, 2),
    ),
    Vessel.RCA: (
        RIGHT_OSTIUM, (-17, -15, 31), (-21, -19, 27), (-25, -21, 22), (-28, -22, 16), (-31, -25, 10),
        (-35, -27, 4), (-37, -27, -3), (-39, -25, -10), (-40, -22, -17), (-40, -17, -24), (-38, -10, -29),
        (-33, -3, -32), (-26, 3, -32), (-19, 8, -30),
    ),
}  # fmt: skip
"""Canonical millimetres: inside the ranges of six hearts (tables of the scoring reference, real anatomy)."""

Branch = tuple[float, tuple[tuple[float, ...], ...]]

DIAGONAL: Branch = (0.33, ((34, -14, 20), (40, -20, 13), (45, -25, 4), (48, -28, -6)))
MARGINAL: Branch = (0.45, ((30, 29, 17), (37, 27, 8), (42, 22, -2), (45, 15, -13)))
POSTERIOR_DESCENDING: Branch = (1.0, ((-12, 8, -31), (-5, 3, -34), (2, -4, -38), (9, -11, -41)))
_SECOND_DIAGONAL: Branch = (0.55, ((36, -33, 8), (42, -36, -2), (46, -37, -12)))
_RAMUS: Branch = (0.0, ((20, 11, 33), (29, 11, 27), (37, 8, 19), (43, 3, 8), (46, -3, -4)))
_SECOND_MARGINAL: Branch = (0.75, ((30, 38, 8), (36, 36, -3), (40, 31, -14)))
_POSTEROLATERAL: Branch = (1.0, ((-10, 16, -28), (0, 22, -27), (9, 24, -24)))
_ACUTE_MARGINAL: Branch = (0.5, ((-32, -37, -8), (-22, -45, -16), (-10, -52, -24)))
"""Where a branch leaves its artery (share of the course), and its canonical points."""

_LEFT_CRUX = ((14, 40, -8), (8, 34, -17), (0, 25, -24), (-8, 15, -29))
_SHORT_RCA_POINTS = 9

GREAT_CARDIAC_VEIN = (
    (37, -44, -8), (36, -35, 5), (35, -22, 17), (33, -8, 25), (29, 6, 29), (26, 18, 28), (26, 27, 22), (28, 35, 15),
    (26, 41, 8), (20, 44, 0), (8, 42, -8), (-6, 36, -14),
)  # fmt: skip
MIDDLE_CARDIAC_VEIN = ((10, -6, -41), (2, 0, -36), (-6, 7, -32), (-14, 15, -28))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What `draw_tree` lays onto the muscle."""

    main: Mapping[Vessel, Points]
    branches: tuple[tuple[Vessel, float, Points], ...]  # artery, share of its course where it leaves, points after that
    veins: tuple[Points, ...] = ()
    radii_mm: Mapping[Vessel, tuple[float, float]] = field(default_factory=dict)


def layout_of(physique: Physique, shape: HeartShape) -> Layout:
    """Control points for a person: ostia on the sinuses, left main of its length, dominance, further branches."""
    left, right = _ostium(shape, SINUS_ANGLES_DEG[0], 34.5), _ostium(shape, SINUS_ANGLES_DEG[1] + 6, 32.5)
    main = {vessel: np.array(CONTROL[vessel], float) for vessel in Vessel}
    length = physique.left_main_mm
    main[Vessel.LM] = left + (main[Vessel.LM] - main[Vessel.LM][0]) * max(length, 1.0) / 10.8
    fork = main[Vessel.LM][-1]
    for vessel in (Vessel.LAD, Vessel.LCX):
        led = _led(main[vessel][1:], np.array(LEFT_OSTIUM), left)
        led = led[np.linalg.norm(led - left, axis=1) > length + 4]
        main[vessel] = np.vstack([fork, led])
    main[Vessel.RCA] = np.vstack([right, _led(main[Vessel.RCA][1:], np.array(RIGHT_OSTIUM), right)])
    branches = [(Vessel.LAD, DIAGONAL), (Vessel.LCX, MARGINAL)]
    if physique.dominance is Dominance.LEFT:
        main[Vessel.RCA] = main[Vessel.RCA][:_SHORT_RCA_POINTS]
        main[Vessel.LCX] = np.vstack([main[Vessel.LCX], _LEFT_CRUX])
        branches += [(Vessel.RCA, _ACUTE_MARGINAL), (Vessel.LCX, POSTERIOR_DESCENDING)]
    else:
        branches += [(Vessel.RCA, POSTERIOR_DESCENDING), (Vessel.RCA, _POSTEROLATERAL), (Vessel.RCA, _ACUTE_MARGINAL)]
    if physique.dominance is Dominance.BOTH:
        main[Vessel.LCX] = np.vstack([main[Vessel.LCX], _LEFT_CRUX[:2]])
    branches += [(Vessel.LAD, _SECOND_DIAGONAL), (Vessel.LCX, _SECOND_MARGINAL)]
    if physique.ramus:
        branches.append((Vessel.LAD, _RAMUS))
    return Layout(
        main=main,
        branches=tuple((vessel, share, np.array(points, float)) for vessel, (share, points) in branches),
        veins=(np.array(GREAT_CARDIAC_VEIN, float), np.array(MIDDLE_CARDIAC_VEIN, float)),
        radii_mm=_radii(physique),
    )


def _ostium(shape: HeartShape, degrees: float, height: float) -> Points:
    middle = np.array(AORTA[2], float) + shape.aorta_shift_mm
    angle = np.radians(degrees)
    reach = (SINUS_OUT + SINUS_RADIUS) * shape.aorta_radii_mm[3] - 0.4
    return np.array([middle[0] + reach * np.cos(angle), middle[1] + reach * np.sin(angle), height])


def _led(points: Points, from_ostium: Points, to_ostium: Points) -> Points:
    """Points of a course that follow their ostium: wholly beside it, no more 50 mm on."""
    away = np.linalg.norm(points - from_ostium, axis=1)
    led: Points = points + np.exp(-away / 20.0)[:, None] * (to_ostium - from_ostium)
    return led


def _radii(physique: Physique) -> dict[Vessel, tuple[float, float]]:
    left = physique.dominance is Dominance.LEFT
    plain = {
        Vessel.LM: (2.7, 2.4),
        Vessel.LAD: (1.9, 0.9),
        Vessel.LCX: (2.1, 1.3) if left else (1.8, 0.9),
        Vessel.RCA: (1.5, 0.9) if left else (2.05, 1.4),
    }
    return {vessel: (first * physique.calibre, last * physique.calibre) for vessel, (first, last) in plain.items()}
