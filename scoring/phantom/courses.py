"""Courses of the coronary arteries: through the grooves, as in the hearts whose courses were traced."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.frame import HeartFrame
from scoring.phantom.heart import HeartShape, chambers
from scoring.phantom.shapes import Array, arc_length, spline
from scoring.result import Vessel

LEFT_OSTIUM = (-0.5, 8.0, 34.5)
RIGHT_OSTIUM = (-15.0, -11.0, 32.5)

_CONTROL = {
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

_BRANCH = {
    Vessel.LAD: (0.33, ((34, -14, 20), (40, -20, 13), (45, -25, 4), (48, -28, -6))),
    Vessel.LCX: (0.45, ((30, 29, 17), (37, 27, 8), (42, 22, -2), (45, 15, -13))),
    Vessel.RCA: (1.0, ((-12, 8, -31), (-5, 3, -34), (2, -4, -38), (9, -11, -41))),
}
"""Where the branch leaves its artery (share of the course), and its canonical points: diagonal, marginal, PDA."""

_RADII_MM = {Vessel.LM: (2.6, 2.3), Vessel.LAD: (1.9, 1.0), Vessel.LCX: (1.8, 1.0), Vessel.RCA: (2.0, 1.4)}
_BRANCH_RADII_MM = (1.2, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """Centre line of one artery in LPS millimetres, points about 2 mm apart, with the radius of its lumen."""

    points_lps_mm: npt.NDArray[np.float64]  # (n, 3)
    radii_mm: npt.NDArray[np.float64]  # (n,)

    @property
    def length_mm(self) -> float:
        """Length along the curve."""
        return float(arc_length(self.points_lps_mm)[-1])

    def between(self, start_mm: float, end_mm: float) -> "Course":
        """Part of the course between two lengths from its beginning; ends are interpolated."""
        run = arc_length(self.points_lps_mm)
        start, end = np.clip([start_mm, end_mm], 0, run[-1])
        at = np.concatenate([[start], run[(run > start) & (run < end)], [end]])
        points = np.stack([np.interp(at, run, axis) for axis in self.points_lps_mm.T], axis=1)
        return Course(points_lps_mm=points, radii_mm=np.interp(at, run, self.radii_mm))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoronaryTree:
    """Main courses of the four arteries, and one side branch of three of them."""

    main: Mapping[Vessel, Course]
    branch: Mapping[Vessel, Course]

    @property
    def all(self) -> tuple[Course, ...]:
        """Every course: what is painted."""
        return (*self.main.values(), *self.branch.values())


def draw_tree(rng: np.random.Generator, shape: HeartShape, frame: HeartFrame) -> CoronaryTree:
    """Courses of one heart: jittered control points, laid onto the surface of the muscle with fat below them."""
    canonical: dict[Vessel, npt.NDArray[np.float64]] = {}
    size = float(rng.uniform(0.85, 1.15))
    for vessel in Vessel:
        control = np.array(_CONTROL[vessel], float)
        if vessel is Vessel.LM:  # 5 to 15 mm long
            control = control[0] + (control - control[0]) * rng.uniform(0.65, 1.3)
        start = canonical[Vessel.LM][-1] if vessel in (Vessel.LAD, Vessel.LCX) else None
        canonical[vessel] = _laid(rng, control, shape, start)
    branches = {}
    for vessel, (leaves, branch_points) in _BRANCH.items():
        trunk = canonical[vessel]
        start = trunk[round(leaves * (len(trunk) - 1))]
        branches[vessel] = _laid(rng, np.vstack([start, np.array(branch_points, float)]), shape, start)
    return CoronaryTree(
        main={vessel: _course(frame, points, _RADII_MM[vessel], size) for vessel, points in canonical.items()},
        branch={vessel: _course(frame, points, _BRANCH_RADII_MM, size) for vessel, points in branches.items()},
    )


def _course(
    frame: HeartFrame, canonical: npt.NDArray[np.float64], radii_mm: tuple[float, float], size: float
) -> Course:
    points = frame.to_lps(canonical)
    run = arc_length(points)
    return Course(points_lps_mm=points, radii_mm=size * np.interp(run / run[-1], [0, 1], radii_mm))


def _laid(
    rng: np.random.Generator,
    control: npt.NDArray[np.float64],
    shape: HeartShape,
    start: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]:
    jitter = rng.normal(0, 1.0, control.shape)
    jitter[0] = 0
    if start is not None:
        control = np.vstack([start, control[1:]])
    points = spline(control + jitter, 2.0)
    run = arc_length(points)
    # the course swims up and down in its fat, up to 8 mm over the muscle, in waves of a few centimetres
    over_mm = rng.uniform(3.2, 5.4) + 2.4 * np.sin(run / rng.uniform(7, 12) + rng.uniform(0, 6.28))
    free = np.clip(run / 8.0, 0, 1)[:, None]
    begin = points[0] if start is None else start
    for _ in range(12):
        distance, outward = _surface(points, shape)
        low, high = np.minimum(over_mm, 3.0), over_mm + 1.5
        wanted = np.clip(distance, low, high) - distance
        points = points + 0.5 * free * wanted[:, None] * outward
        points[1:-1] = 0.5 * points[1:-1] + 0.25 * (points[:-2] + points[2:])
        points[0] = begin
    return points


def _surface(points: npt.NDArray[np.float64], shape: HeartShape) -> tuple[Array, Array]:
    def distance_at(p: npt.NDArray[np.float64]) -> Array:
        parts = chambers((p[:, 0], p[:, 1], p[:, 2]), shape)
        return np.minimum(parts.muscle, parts.aorta)

    here = distance_at(points)
    slope = np.stack([distance_at(points + step) - here for step in np.eye(3) * 0.5], axis=1) / 0.5
    return here, slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.3)
