"""Where calcium lies that is not coronary: each look-alike on its own structure, as tubes in LPS."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scoring.phantom.courses import Course
from scoring.phantom.deposits import Deposit, tubes
from scoring.phantom.heart import chambers, closed_heart, fat_thickness
from scoring.phantom.lungs import bronchi
from scoring.phantom.metal import BLOOM_MM, clips, lead, stent, valve_ring, wire
from scoring.phantom.patient import Patient
from scoring.phantom.shapes import arc_length
from scoring.phantom.skeleton import cartilage_line, disc_mm
from scoring.phantom.spec import METAL, Distractor, Look
from scoring.phantom.thorax import aorta_line, arch_line, gullet_line
from scoring.phantom.voltage import calcium_hu
from scoring.result import EXCLUDED_LABEL, Vessel

Points = npt.NDArray[np.float64]
Place = Callable[[Distractor, Patient, np.random.Generator], tuple[Points, ...]]

_MOVING = frozenset(
    {
        Look.AORTIC_WALL, Look.AORTIC_VALVE, Look.MITRAL_ANNULUS, Look.PAPILLARY_MUSCLE, Look.PERICARDIUM, Look.SPECK,
        Look.OSTIAL_WALL, Look.STENT, Look.VALVE_RING, Look.LEAD,
    }
)  # fmt: skip


SAC_MM = 5.0
"""Calcium of the pericardium lies this far from the middle of an artery at least."""


def distractor_deposit(distractor: Distractor, index: int, patient: Patient) -> Deposit:
    """Something bright elsewhere; `along` moves it along its own structure."""
    rng = np.random.default_rng([patient.seed, 6, index])
    metal = distractor.what in METAL
    density = distractor.density_hu if metal else calcium_hu(distractor.density_hu, patient.kvp)
    return tubes(
        _PLACES[distractor.what](distractor, patient, rng),
        distractor.radius_mm,
        density,
        EXCLUDED_LABEL,
        moves=distractor.what in _MOVING,
        bloom_mm=BLOOM_MM if metal and patient.physique is not None else 0.0,
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
    across = np.linalg.det(patient.frame.matrix)  # below 0 in a mirrored heart: its ostia are on the other side
    ring = centre + radius * np.stack(
        [np.sign(across) * np.cos(angle), np.sin(angle), 0.08 * np.sin(3 * angle)], axis=1
    )
    return (ring,)


def _ostial_wall(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    """An arc on the root wall that begins `near_mm` beside an ostium, at about its height."""
    line, _ = patient.aorta_lps_mm
    main = patient.tree.main
    left = distractor.vessel is not Vessel.RCA
    ostium = (main[Vessel.LM] if left else main[Vessel.RCA]).points_lps_mm[0]
    nearest = int(np.abs(line[:, 2] - ostium[2]).argmin())
    centre = np.array([np.interp(ostium[2], line[: nearest + 2, 2], axis[: nearest + 2]) for axis in line.T])
    out = ostium - centre
    radius = float(np.hypot(out[0], out[1])) - 0.3
    begin = np.arctan2(out[1], out[0])
    turn = rng.choice((-1, 1))
    near = 4.0 if distractor.near_mm is None else distractor.near_mm
    angle = begin + turn * (near + distractor.radius_mm + np.linspace(0, distractor.length_mm, 12)) / radius
    height = ostium[2] + rng.uniform(-2, 2) + np.linspace(0, rng.uniform(-3, 3), 12)
    return (np.stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), height], axis=1),)


def _on_tube(line: Points, radius_mm: float, distractor: Distractor, rng: np.random.Generator) -> tuple[Points, ...]:
    """An arc on the wall of a tube, across or along it."""
    run = arc_length(line)
    at = distractor.along * run[-1]
    centre = np.array([np.interp(at, run, axis) for axis in line.T])
    ahead = np.array([np.interp(min(at + 2, run[-1]), run, axis) for axis in line.T])
    behind = np.array([np.interp(max(at - 2, 0), run, axis) for axis in line.T])
    along = (ahead - behind) / np.linalg.norm(ahead - behind)
    first = np.cross(along, [0.1, 0.97, 0.2])
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    half = distractor.length_mm / 2 / radius_mm
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(-half, half, 10)
    slant = rng.uniform(-0.5, 0.5) * np.linspace(-0.5, 0.5, 10)[:, None] * distractor.length_mm * along
    return (centre + slant + radius_mm * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second),)


def _descending(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    return _on_tube(aorta_line(patient), patient.thorax.aorta_radius_mm, distractor, rng)


def _arch(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    return _on_tube(arch_line(patient), 12.5 * patient.size, distractor, rng)


def _bronchial_wall(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    lines = bronchi(patient)
    at_the_heart = rng.random() < 0.5 and len(lines) > 5  # the last ones run along its border
    line, radii = lines[int(rng.integers(4, len(lines))) if at_the_heart else int(rng.integers(len(lines)))]
    radius = float(np.interp(distractor.along, np.linspace(0, 1, len(radii)), radii)) + 0.7
    return _on_tube(line, radius, distractor, rng)


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
    line = patient.frame.to_lps(c_line + rng.normal(0, 0.6, 3))
    if distractor.near_mm is not None:
        line = _moved_near(line, patient.tree.main[Vessel.LCX].points_lps_mm, distractor.near_mm)
    return (_stretch(line, distractor),)


def _moved_near(line: Points, course: Points, near_mm: float) -> Points:
    """The line drawn towards a course until its points are about `near_mm` from it."""
    away = np.linalg.norm(line[:, None] - course[None], axis=2)
    nearest, distance = course[away.argmin(1)], away.min(1)
    share = np.clip(1 - near_mm / np.maximum(distance, 0.1), 0, 1) * (distance < 16)
    moved: Points = line + share[:, None] * (nearest - line)
    return moved


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
        sheet = patient.frame.to_lps(_onto_sac(seed, patient))
        lines.append(_stretch(sheet if patient.physique is None else _kept_from(sheet, patient, SAC_MM), distractor))
    return tuple(lines)


def _kept_from(points: Points, patient: Patient, least_mm: float) -> Points:
    """Points pushed `least_mm` away from the middle lines of the arteries: the sac goes over them."""
    arteries = np.vstack([course.points_lps_mm for course in patient.tree.all])
    away = points[:, None] - arteries[None]
    distance = np.linalg.norm(away, axis=2)
    nearest = distance.argmin(1)
    row = np.arange(len(points))
    out = away[row, nearest] / np.maximum(distance[row, nearest], 0.1)[:, None]
    kept: Points = points + np.clip(least_mm - distance[row, nearest], 0, None)[:, None] * out
    return kept


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


def _granuloma(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # in the lung: by turns far out, at the hilum and beside the heart
    side = rng.choice((-1, 1))
    line = np.array([(100, 40, 20), (78, 10, 10), (66, -12, 4)], float) * [side, 1, 1]
    return (_point(patient.frame.to_lps(line + rng.normal(0, 3, 3)), distractor.along),)


def _speck(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # in the blood of the ventricles
    line = patient.frame.to_lps(np.array([(20, -8, 0), (5, -28, 0), (-10, -30, -12)], float) + rng.normal(0, 3, 3))
    return (_point(line, distractor.along),)


def _cartilage(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    line = cartilage_line(patient, side=int(rng.choice((-1, 1))), level=int(rng.integers(4, 7)))
    return (_stretch(line + rng.normal(0, 1.5, 3), distractor),)


def _osteophyte(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    # a spur on the front corner of a vertebra beside its disc, towards aorta or azygos
    side = rng.choice((-1, 1))
    z = disc_mm(distractor.along * 160 - 100)
    spur = np.array([(12, 84, z), (14, 78, z + 3), (15, 76, z + 8)], float) * [side, 1, 1]
    return (patient.chest_to_lps(spur + rng.normal(0, 1.0, 3)),)


def _gullet(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    return (_stretch(gullet_line(patient) + rng.normal(0, 1.0, 3), distractor),)


def _point(line: Points, along: float) -> Points:
    run = arc_length(line)
    return np.array([[np.interp(along * run[-1], run, axis) for axis in line.T]])


def _stretch(line: Points, distractor: Distractor) -> Points:
    length = float(arc_length(line)[-1])
    half = max(distractor.length_mm / 2 - distractor.radius_mm, 0.05)
    middle = float(np.clip(distractor.along * length, min(half, length / 2), max(length - half, length / 2)))
    course = Course(points_lps_mm=line, radii_mm=np.zeros(len(line)))
    return course.between(middle - half, middle + half).points_lps_mm


_PLACES: dict[Look, Place] = {
    Look.AORTIC_WALL: _aortic_wall,
    Look.OSTIAL_WALL: _ostial_wall,
    Look.ARCH: _arch,
    Look.DESCENDING: _descending,
    Look.AORTIC_VALVE: _aortic_valve,
    Look.MITRAL_ANNULUS: _mitral_annulus,
    Look.PAPILLARY_MUSCLE: _papillary_muscle,
    Look.PERICARDIUM: _pericardium,
    Look.NODE: _node,
    Look.GRANULOMA: _granuloma,
    Look.BRONCHIAL_WALL: _bronchial_wall,
    Look.CARTILAGE: _cartilage,
    Look.OSTEOPHYTE: _osteophyte,
    Look.GULLET: _gullet,
    Look.SPECK: _speck,
    Look.WIRE: wire,
    Look.LEAD: lead,
    Look.STENT: stent,
    Look.CLIP: clips,
    Look.VALVE_RING: valve_ring,
}
