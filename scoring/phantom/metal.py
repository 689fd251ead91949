"""Metal in the chest: where wires, leads, stents, clips and valve rings run, and the streaks that they throw."""

import numpy as np
import numpy.typing as npt

from scoring.phantom.patient import Patient
from scoring.phantom.shapes import arc_length, spline
from scoring.phantom.spec import Distractor

Points = npt.NDArray[np.float64]

BLOOM_MM = 0.45
"""SD by which metal looks wider than the scanner's point spread makes it."""

STENT_RADIUS_MM = 1.5
STRUTS = 7

GRAFT = ((-22, -8, 62), (-14, -34, 56), (4, -50, 48), (20, -54, 34), (30, -52, 20), (33, -45, 6))
"""A vein graft: from the front of the ascending aorta over the outflow tract to the LAD, canonical millimetres."""

GRAFT_RADIUS_MM = 2.2


def wire(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    """A loop about the sternum; give it metal's density (some thousand HU), which the image clips at 3071."""
    angle = np.linspace(0, 2 * np.pi, 25)
    height = -30 + 90 * distractor.along + rng.uniform(-4, 4)
    loop = np.stack([12 * np.cos(angle), -82 + 8.5 * np.sin(angle), height + 2 * np.sin(2 * angle)], axis=1)
    return (patient.chest_to_lps(loop),)


def lead(
    distractor: Distractor,  # noqa: ARG001 - all places are asked in one way
    patient: Patient,
    rng: np.random.Generator,
) -> tuple[Points, ...]:
    """From the superior vena cava through right atrium and tricuspid valve to the apex of the right ventricle."""
    way = [(-43, 14, 70), (-41, 14, 40), (-38, 12, 10), (-30, 6, -12), (-14, -12, -20), (6, -30, -26), (22, -38, -30)]
    points = np.array(way, float) + rng.normal(0, 1.0, (len(way), 3))
    return (patient.frame.to_lps(spline(points, 4.0)),)


def stent(
    distractor: Distractor,
    patient: Patient,
    rng: np.random.Generator,  # noqa: ARG001 - all places are asked in one way
) -> tuple[Points, ...]:
    """Struts along the wall of an artery, all round it: `radius_mm` is that of a strut."""
    course = patient.tree.main[distractor.vessel]
    half = distractor.length_mm / 2
    middle = float(np.clip(distractor.along * course.length_mm, half, max(course.length_mm - half, half)))
    points = course.between(middle - half, middle + half).points_lps_mm
    along = points[-1] - points[0]
    along /= np.linalg.norm(along)
    first = np.cross(along, [0.3, 0.2, 0.93] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    angles = 2 * np.pi * np.arange(STRUTS) / STRUTS
    return tuple(points + STENT_RADIUS_MM * (np.cos(a) * first + np.sin(a) * second) for a in angles)


def clips(distractor: Distractor, patient: Patient, rng: np.random.Generator) -> tuple[Points, ...]:
    """Clips beside a bypass graft, every 11 to 17 mm of a stretch of `length_mm`."""
    line = graft_line(patient)
    run = arc_length(line)
    start = distractor.along * max(run[-1] - distractor.length_mm, 0.0)
    at = start + np.cumsum(rng.uniform(11, 17, 1 + int(distractor.length_mm / 17)))
    at = at[at < run[-1]] if (at < run[-1]).any() else run[-1:] / 2
    centres = np.stack([np.interp(at, run, axis) for axis in line.T], axis=1) + rng.normal(0, 1.2, (len(at), 3))
    return tuple(centre + np.outer([-1.2, 1.2], _direction(rng)) for centre in centres)


def valve_ring(
    distractor: Distractor,  # noqa: ARG001 - all places are asked in one way
    patient: Patient,
    rng: np.random.Generator,  # noqa: ARG001 - all places are asked in one way
) -> tuple[Points, ...]:
    """The ring and three posts of an aortic valve prosthesis."""
    line, radii = patient.aorta_lps_mm
    up = line[2] - line[1]
    up /= np.linalg.norm(up)
    first = np.cross(up, [0.0, 1.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(up, first)
    angle = np.linspace(0, 2 * np.pi, 25)
    rim = 0.85 * radii[1] * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second)
    posts = [line[1] + rim[k] + np.outer(np.linspace(0, 9, 4), up) for k in (0, 8, 16)]
    return (line[1] + rim, *posts)


def graft_line(patient: Patient) -> Points:
    """Middle line of the bypass graft, in LPS."""
    return patient.frame.to_lps(spline(np.array(GRAFT, float), 3.0))


def _direction(rng: np.random.Generator) -> Points:
    direction = rng.normal(size=3)
    unit: Points = direction / np.linalg.norm(direction)
    return unit
