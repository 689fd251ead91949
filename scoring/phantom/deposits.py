"""Deposits as tubes in LPS, and where plaques lie: on the wall of their artery."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.courses import Course
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import arc_length
from scoring.phantom.spec import Plaque
from scoring.phantom.voltage import calcium_hu
from scoring.result import Vessel

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deposit:
    """Tubes along polylines (a capsule, a star of three, one point for a ball), and their density.

    `parts` are what a deposit over a fork consists of: it is painted whole, and each voxel belongs to
    the part that fills more of it.
    """

    lines_lps_mm: tuple[Points, ...]
    radii_mm: tuple[Points, ...]  # at the points of each line
    density_hu: float
    label: int  # `Vessel.label`, or EXCLUDED_LABEL
    moves: bool = True  # with the heart
    bloom_mm: float = 0.0  # SD of a blur beyond that of the scanner: metal
    parts: "tuple[Deposit, ...]" = ()

    @property
    def radius_mm(self) -> float:
        """Largest radius."""
        return max(float(radii.max()) for radii in self.radii_mm)

    @property
    def centre_lps_mm(self) -> Points:
        """Mean of the lines by length."""
        middles, weights = [], []
        for line in self.lines_lps_mm:
            run = arc_length(line)
            middles.append([np.interp(run[-1] / 2, run, axis) for axis in line.T])
            weights.append(run[-1] + self.radius_mm)
        centre: Points = np.average(middles, axis=0, weights=weights)
        return centre

    @property
    def reach_mm(self) -> float:
        """Radius of the ball about the centre that holds it."""
        points = np.vstack(self.lines_lps_mm)
        return float(np.linalg.norm(points - self.centre_lps_mm, axis=1).max() + self.radius_mm)


def tubes(
    lines: tuple[Points, ...],
    radius_mm: float,
    density_hu: float,
    label: int,
    *,
    moves: bool = True,
    bloom_mm: float = 0.0,
) -> Deposit:
    """A deposit of one radius along polylines."""
    return Deposit(
        lines_lps_mm=lines,
        radii_mm=tuple(np.full(len(line), radius_mm) for line in lines),
        density_hu=density_hu,
        label=label,
        moves=moves,
        bloom_mm=bloom_mm,
    )


def plaque_deposit(plaque: Plaque, index: int, patient: Patient) -> Deposit:
    """A plaque on the wall of its artery; `index` draws the side of the wall on which it lies."""
    tree = patient.tree
    course = tree.branch(plaque.vessel, plaque.which) if plaque.branch else tree.main[plaque.vessel]
    rng = np.random.default_rng([patient.seed, 5, index])
    side = rng.uniform(0, 2 * np.pi)
    if plaque.into is not None:
        return _over_fork(plaque, course, tree.main[plaque.into], side, patient, rng)
    half = max(plaque.length_mm / 2 - plaque.radius_mm, 0.0)
    middle = float(np.clip(plaque.along * course.length_mm, min(half, course.length_mm / 2), None))
    middle = min(middle, max(course.length_mm - half, course.length_mm / 2))
    stretch = course.between(middle - half, middle + half) if half > 0 else course.between(middle, middle + 0.1)
    line = _on_wall(stretch, plaque.radius_mm, side)
    return _plaque(line, _radii(plaque, line, rng), plaque, patient, plaque.vessel.label)


def _over_fork(
    plaque: Plaque, trunk: Course, further: Course, side: float, patient: Patient, rng: np.random.Generator
) -> Deposit:
    """One deposit from the left main into the LAD or LCX; the end of the left main's course parts it."""
    fork = trunk.length_mm
    way = Course(
        points_lps_mm=np.vstack([trunk.points_lps_mm, further.points_lps_mm[1:]]),
        radii_mm=np.append(trunk.radii_mm, further.radii_mm[1:]),
    )
    start = min(plaque.along * fork, fork - 0.3)
    stretch = way.between(start, max(start + plaque.length_mm - 2 * plaque.radius_mm, fork + 0.3))
    line = _on_wall(stretch, plaque.radius_mm, side)
    radii = _radii(plaque, line, rng)
    cut = int(np.abs(start + arc_length(stretch.points_lps_mm) - fork).argmin())
    before = _plaque(line[: cut + 1], radii[: cut + 1], plaque, patient, plaque.vessel.label)
    onward = plaque.into or Vessel.LAD
    after = _plaque(line[cut:], radii[cut:], plaque, patient, onward.label)
    whole = _plaque(line, radii, plaque, patient, plaque.vessel.label)
    return Deposit(
        lines_lps_mm=whole.lines_lps_mm,
        radii_mm=whole.radii_mm,
        density_hu=whole.density_hu,
        label=whole.label,
        parts=(before, after),
    )


def _plaque(line: Points, radii: Points, plaque: Plaque, patient: Patient, label: int) -> Deposit:
    return Deposit(
        lines_lps_mm=(line,),
        radii_mm=(radii,),
        density_hu=calcium_hu(plaque.density_hu, patient.kvp),
        label=label,
    )


def _radii(plaque: Plaque, line: Points, rng: np.random.Generator) -> Points:
    if not plaque.rough:
        return np.full(len(line), plaque.radius_mm)
    run = arc_length(line)
    wave = np.sin(run / rng.uniform(0.8, 2.0) + rng.uniform(0, 6.28)) + np.sin(run / rng.uniform(2, 4))
    return plaque.radius_mm * (1 + 0.5 * plaque.rough * wave)


def _on_wall(course: Course, radius_mm: float, angle: float) -> Points:
    points = course.points_lps_mm
    along = points[-1] - points[0]
    along /= np.linalg.norm(along)
    across = np.cross(along, [0.3, 0.2, 0.93] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    outward = np.cos(angle) * across + np.sin(angle) * np.cross(along, across)
    # on the wall, and a large one more across the lumen than out of it
    off = np.maximum(course.radii_mm - 0.35 * radius_mm, 0.4)
    on_wall: Points = points + off[:, None] * outward
    return on_wall
