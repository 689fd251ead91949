"""Where deposits lie: plaques on the arterial wall, and what only looks like them, each as a tube in LPS."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.courses import Course
from scoring.phantom.heart import chambers, closed_heart, fat_thickness
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import arc_length, spline
from scoring.phantom.spec import Distractor, Look, Plaque
from scoring.result import EXCLUDED_LABEL

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deposit:
    """Tubes of one radius along polylines (a capsule, a star of three, one point for a ball), and its density."""

    lines_lps_mm: tuple[Points, ...]
    radius_mm: float
    density_hu: float
    label: int  # `Vessel.label`, or EXCLUDED_LABEL

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


def plaque_deposit(plaque: Plaque, index: int, patient: Patient) -> Deposit:
    """A plaque on the wall of its artery; `index` draws the side of the wall on which it lies."""
    courses = patient.tree.branch if plaque.branch else patient.tree.main
    course = courses[plaque.vessel]
    half = max(plaque.length_mm / 2 - plaque.radius_mm, 0.0)
    middle = float(np.clip(plaque.along * course.length_mm, min(half, course.length_mm / 2), None))
    middle = min(middle, max(course.length_mm - half, course.length_mm / 2))
    stretch = course.between(middle - half, middle + half) if half > 0 else course.between(middle, middle + 0.1)
    side = np.random.default_rng([patient.seed, 5, index]).uniform(0, 2 * np.pi)
    return Deposit(
        lines_lps_mm=(_on_wall(stretch, plaque.radius_mm, side),),
        radius_mm=plaque.radius_mm,
        density_hu=plaque.density_hu,
        label=plaque.vessel.label,
    )


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


def distractor_deposit(distractor: Distractor, index: int, patient: Patient) -> Deposit:
    """Something bright elsewhere; `along` moves it along its own structure."""
    rng = np.random.default_rng([patient.seed, 6, index])
    place = {
        Look.AORTIC_WALL: _aortic_wall,
        Look.AORTIC_VALVE: _aortic_valve,
        Look.MITRAL_ANNULUS: _mitral_annulus,
        Look.PAPILLARY_MUSCLE: _papillary_muscle,
        Look.PERICARDIUM: _pericardium,
        Look.NODE: _node,
        Look.SPECK: _speck,
        Look.WIRE: _wire,
        Look.LEAD: _lead,
    }[distractor.what]
    return Deposit(
        lines_lps_mm=place(distractor, patient, rng),
        radius_mm=distractor.radius_mm,
        density_hu=distractor.density_hu,
        label=EXCLUDED_LABEL,
    )


def _aortic_wall(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    line, radii = patient.aorta_lps_mm
    run = arc_length(line)
    # from the sinuses to the last slices; at the sinuses away from the ostia, where a reader would call it coronary
    at = run[2] + distractor.along * (run[-2] - run[2])
    centre = np.array([np.interp(at, run, axis) for axis in line.T])
    radius = float(np.interp(at, run, radii))
    middle = rng.uniform(np.radians(75), np.radians(235)) if at < run[3] + 6 else rng.uniform(0, 2 * np.pi)
    half = distractor.length_mm / 2 / radius
    angle = middle + np.linspace(-half, half, 12)
    ring = centre + radius * np.stack([np.cos(angle), np.sin(angle), 0.08 * np.sin(3 * angle)], axis=1)
    return (ring,)


def _aortic_valve(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    line, _ = patient.aorta_lps_mm
    centre = line[1] + 0.4 * (line[2] - line[1])
    arms = []
    for k in range(3):
        angle = rng.uniform(-0.3, 0.3) + k * 2 * np.pi / 3
        direction = np.array([np.cos(angle), np.sin(angle), rng.uniform(-0.2, 0.2)])
        arms.append(centre + np.outer(np.linspace(1.5, 1.5 + distractor.length_mm / 3, 4), direction))
    return tuple(arms)


def _mitral_annulus(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # a C deep to the circumflex course: 9 to 12 mm inwards, between left atrium and ventricle
    c_line = np.array([(22, 22, 21), (20, 27, 18), (17, 31, 14), (13, 33, 9), (8, 33, 4), (2, 31, 0)], float)
    return (_stretch(patient.frame.to_lps(c_line + rng.normal(0, 0.6, 3)), distractor),)


def _papillary_muscle(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    line = np.array([(24, -2, -8), (29, -9, -14), (33, -15, -20)], float) + rng.normal(0, 1.0, 3)
    return (_stretch(patient.frame.to_lps(line), distractor),)


def _pericardium(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # a sheet on the underside and right side: three neighbouring lines, laid onto the sac
    across = np.linspace(-0.5, 0.5, 3) * 0.12
    lines = []
    for shift in across:
        angle = np.linspace(np.pi * 0.62, np.pi * 1.1, 24) + rng.uniform(-0.02, 0.02)
        seed = np.stack([62 * np.cos(angle), -16 - 42 * np.sin(angle), np.full(24, -22.0) + 60 * shift], axis=1)
        lines.append(_stretch(patient.frame.to_lps(_onto_sac(seed, patient)), distractor))
    return tuple(lines)


def _onto_sac(points: Points, patient: Patient) -> Points:
    def distance(p: Points) -> Points:
        at = (p[:, 0], p[:, 1], p[:, 2])
        sac: Points = closed_heart(chambers(at, patient.shape), patient.shape) - fat_thickness(at, patient.shape)
        return sac

    for _ in range(10):
        here = distance(points)
        slope = np.stack([distance(points + step) - here for step in np.eye(3) * 0.5], axis=1) / 0.5
        points = points - 0.7 * here[:, None] * slope / np.maximum((slope**2).sum(1, keepdims=True), 0.3)
    return points


def _node(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # subcarinal, then along the bronchi to the right hilum
    line = patient.frame.to_lps(np.array([(0, 52, 56), (-24, 52, 50), (-50, 54, 34)], float) + rng.normal(0, 1.5, 3))
    return (_point(line, distractor.along),)


def _speck(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # in the blood of the ventricles
    line = patient.frame.to_lps(np.array([(20, -8, 0), (5, -28, 0), (-10, -30, -12)], float) + rng.normal(0, 3, 3))
    return (_point(line, distractor.along),)


def _wire(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # a loop about the sternum; give it metal's density (some thousand HU), which the image clips at 3071
    angle = np.linspace(0, 2 * np.pi, 25)
    height = -30 + 90 * distractor.along + rng.uniform(-4, 4)
    loop = np.stack([12 * np.cos(angle), -82 + 8.5 * np.sin(angle), height + 2 * np.sin(2 * angle)], axis=1)
    return (patient.chest_to_lps(loop),)


def _lead(
    distractor: Distractor,  # noqa: ARG001 - all places are asked in one way
    patient: Patient,
    rng: np.random.Generator,
) -> tuple[Points, ...]:
    # from the superior vena cava through right atrium and tricuspid valve to the apex of the right ventricle
    way = [(-43, 14, 70), (-41, 14, 40), (-38, 12, 10), (-30, 6, -12), (-14, -12, -20), (6, -30, -26), (22, -38, -30)]
    points = np.array(way, float) + rng.normal(0, 1.0, (len(way), 3))
    return (patient.frame.to_lps(spline(points, 4.0)),)


def _point(line: Points, along: float) -> Points:
    run = arc_length(line)
    return np.array([[np.interp(along * run[-1], run, axis) for axis in line.T]])


def _stretch(line: Points, distractor: Distractor) -> Points:
    length = float(arc_length(line)[-1])
    half = max(distractor.length_mm / 2 - distractor.radius_mm, 0.05)
    middle = float(np.clip(distractor.along * length, min(half, length / 2), max(length - half, length / 2)))
    course = Course(points_lps_mm=line, radii_mm=np.zeros(len(line)))
    return course.between(middle - half, middle + half).points_lps_mm
