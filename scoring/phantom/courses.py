"""Courses of the coronary arteries: through the grooves, as in the hearts whose courses were traced."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.frame import HeartFrame
from scoring.phantom.heart import HeartShape, chambers
from scoring.phantom.layout import CONTROL, DIAGONAL, MARGINAL, POSTERIOR_DESCENDING, Layout, layout_of
from scoring.phantom.physique import Physique
from scoring.phantom.shapes import Array, arc_length, spline
from scoring.result import Vessel

_BRANCH = {Vessel.LAD: DIAGONAL, Vessel.LCX: MARGINAL, Vessel.RCA: POSTERIOR_DESCENDING}

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
    """Main courses of the four arteries, their side branches, and the veins beside them."""

    main: Mapping[Vessel, Course]
    branches: Mapping[Vessel, tuple[Course, ...]]
    veins: tuple[Course, ...] = ()

    @property
    def all(self) -> tuple[Course, ...]:
        """Every artery: what is painted."""
        return (*self.main.values(), *(course for courses in self.branches.values() for course in courses))

    def branch(self, vessel: Vessel, which: int) -> Course:
        """Side branch of an artery by number; numbers beyond the last begin again."""
        courses = self.branches[vessel]
        return courses[which % len(courses)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Float:
    """How far over the muscle a course swims in its fat, millimetres."""

    mean: float
    wave: float
    least: float
    held: float = 0.0  # how much of that the course keeps where its control points would go deeper
    jitter: float = 1.0  # of the control points

    def bounds(self, over_mm: Array) -> tuple[Array, Array]:
        """Least and greatest distance from the muscle, where it swims `over_mm` over it."""
        low = np.maximum(np.minimum(over_mm, self.least), self.held * over_mm)
        return low, np.maximum(over_mm, low) + 1.5


def draw_tree(
    rng: np.random.Generator, shape: HeartShape, frame: HeartFrame, physique: Physique | None = None
) -> CoronaryTree:
    """Courses of one heart: jittered control points, laid onto the surface of the muscle with fat below them."""
    if physique is not None:
        return _tree_of(np.random.default_rng(rng.integers(1 << 32)), shape, frame, physique)
    canonical: dict[Vessel, npt.NDArray[np.float64]] = {}
    size = float(rng.uniform(0.85, 1.15))
    for vessel in Vessel:
        control = np.array(CONTROL[vessel], float)
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
        branches={vessel: (_course(frame, points, _BRANCH_RADII_MM, size),) for vessel, points in branches.items()},
    )


def _tree_of(rng: np.random.Generator, shape: HeartShape, frame: HeartFrame, physique: Physique) -> CoronaryTree:
    layout: Layout = layout_of(physique, shape)
    main: dict[Vessel, npt.NDArray[np.float64]] = {}
    for vessel in Vessel:
        over = _Float(
            mean=float(physique.float_mm * rng.uniform(0.75, 1.25)),
            wave=physique.float_wave_mm,
            least=layout.radii_mm[vessel][0] + min(0.4, physique.bare_mm),
            held=0.8,
            jitter=min(1.0, physique.left_main_mm / 10) if vessel is Vessel.LM else 1.3,
        )
        start = main[Vessel.LM][-1] if vessel in (Vessel.LAD, Vessel.LCX) else None
        main[vessel] = _laid(rng, layout.main[vessel], shape, start, over)
    branches: dict[Vessel, list[Course]] = {}
    small = (1.2 * physique.calibre, 0.7 * physique.calibre)
    for vessel, leaves, points in layout.branches:
        start = main[vessel][round(leaves * (len(main[vessel]) - 1))]
        over = _Float(mean=0.8 * physique.float_mm, wave=0.7 * physique.float_wave_mm, least=1.3, held=0.8)
        laid = _laid(rng, np.vstack([start, points]), shape, start, over)
        branches.setdefault(vessel, []).append(_course(frame, laid, small, 1.0))
    beside = _Float(mean=0.8 * physique.float_mm, wave=0.5 * physique.float_wave_mm, least=1.5, held=0.8)
    veins = (_laid(rng, points, shape, None, beside) for points in layout.veins)
    return CoronaryTree(
        main={vessel: _course(frame, points, layout.radii_mm[vessel], 1.0) for vessel, points in main.items()},
        branches={vessel: tuple(courses) for vessel, courses in branches.items()},
        veins=tuple(_course(frame, points, (physique.vein_mm * 0.7, physique.vein_mm), 1.0) for points in veins),
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
    over: _Float | None = None,
) -> npt.NDArray[np.float64]:
    jitter = rng.normal(0, 1.0 if over is None else over.jitter, control.shape)
    jitter[0] = 0
    if start is not None:
        control = np.vstack([start, control[1:]])
    points = spline(control + jitter, 2.0)
    run = arc_length(points)
    # the course swims up and down in its fat, up to 8 mm over the muscle, in waves of a few centimetres
    if over is None:
        over = _Float(mean=rng.uniform(3.2, 5.4), wave=2.4, least=3.0)
    over_mm = over.mean + over.wave * np.sin(run / rng.uniform(7, 12) + rng.uniform(0, 6.28))
    free = np.clip(run / 8.0, 0, 1)[:, None]
    begin = points[0] if start is None else start
    for _ in range(12):
        distance, outward = _surface(points, shape)
        low, high = over.bounds(over_mm)
        wanted = np.clip(distance, low, high) - distance
        points = points + 0.5 * free * wanted[:, None] * outward
        points[1:-1] = 0.5 * points[1:-1] + 0.25 * (points[:-2] + points[2:])
        points[0] = begin
    return points


def _surface(points: npt.NDArray[np.float64], shape: HeartShape) -> tuple[Array, Array]:
    """Distance to the muscle at each point, and the direction in which it grows."""
    beside = np.concatenate([points[None], points[None] + 0.5 * np.eye(3)[:, None]]).reshape(-1, 3)
    parts = chambers((beside[:, 0], beside[:, 1], beside[:, 2]), shape)
    distance = np.minimum(parts.muscle, parts.aorta).reshape(4, -1)
    here = distance[0]
    slope = np.stack([distance[k] - here for k in (1, 2, 3)], axis=1) / 0.5
    return here, slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.3)
