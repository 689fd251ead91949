"""Real hearts with calcium of known truth in them: courses and landmarks of two series, in several forms.

Noise, motion and anatomy are the scanner's; only the calcium is put in, blurred as the scanner blurs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.protocol import Acquisition
from scoring.result import Demographics, Vessel
from scoring.volume import Volume
from tests.evaluation.judged import SCORED, Case
from tests.evaluation.variants import cropped, resliced
from tests.support.inserted_plaque import Inserted, insert, readings
from tests.support.real_series import real_series

HEARTS = ("chest-philips-5mm", "petct-siemens-overlap")
FORMS = (
    "as scanned",
    "200 mm field",
    "3 mm slices",
    "3 mm slices, 200 mm field",
    "another size",
    "another size, 200 mm field",
)
STRETCH = (0.9, 1.12)
"""Another size: the whole patient is made larger or smaller by so much, in each direction for itself."""

BURDENS = ("zero", "fleck", "small", "small", "moderate", "heavy")
"""By turns: half of the scores lie below 100."""

SIZES = {  # plaques, radius mm, mean length beyond that, density HU
    "fleck": ((1, 2), (0.8, 1.2), 1.5, (500, 900)),
    "small": ((1, 4), (0.8, 1.4), 3.0, (500, 1000)),
    "moderate": ((3, 6), (0.9, 1.6), 6.0, (500, 1100)),
    "heavy": ((5, 10), (1.1, 2.0), 10.0, (600, 1300)),
}
VESSEL_SHARE = {Vessel.LM: 0.22, Vessel.LAD: 0.36, Vessel.LCX: 0.18, Vessel.RCA: 0.24}
"""More left main than nature has: it is the hardest and needs cases."""

OSTIUM_SHARE = 0.35  # of plaques of LM and RCA that lie in the first 5 mm
FIELD_MM = 200.0
OFF_COURSES_MM = 6.0
"""A look-alike nearer to a traced course, itself 2 to 4 mm off, could not be told from a plaque by anybody."""

LANDMARKS = {
    "ascending_aorta": "aortic wall",
    "aortic_root": "aortic root wall",
    "descending_aorta": "descending aortic wall",
    "aortic_valve": "aortic valve",
    "mitral_annulus": "mitral annulus",
    "papillary_muscle": "papillary muscle",
    "pericardium": "pericardium",
}

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heart:
    """A real scan in one of its forms, with its courses and landmarks as points in the same millimetres."""

    volume: Volume
    acquisition: Acquisition
    courses: Mapping[Vessel, Sequence[Mapping[str, Any]]]  # segments with `certain`, `radius_mm` and `points`
    landmarks: Mapping[str, Points]
    middle_mm: Points


def heart_case(heart: str, seed: int, number: int) -> Case:
    """Case `number` of a heart: form and burden by turns, the rest by seed."""
    rng = np.random.default_rng([seed, HEARTS.index(heart), number])
    form = FORMS[(number + number // len(BURDENS)) % len(FORMS)]
    burden = BURDENS[number % len(BURDENS)]
    base = _in_form(heart, form, rng)
    deposits = [*_plaques(base, burden, rng), *_look_alikes(base, rng, least=2 if burden == "zero" else 0)]
    scan = insert(heart, deposits, base=(base.volume, base.acquisition))
    return Case(
        group=heart,
        name=f"{heart}/{seed}-{number:02d}",
        about=f"{form}, {burden}",
        expect=SCORED,
        caveats=(),
        volume=scan.volume,
        acquisition=scan.acquisition,
        demographics=Demographics(),
        total=sum(scan.vessels.values()),
        vessels=scan.vessels,
        known=scan.known,
        look_alikes=scan.classes,
        noise_sd_hu=None,
    )


def _in_form(heart: str, form: str, rng: np.random.Generator) -> _Heart:
    volume, acquisition = real_series(heart)
    record = readings(heart)
    size = rng.uniform(*STRETCH, 3) if "another size" in form else np.ones(3)
    affine = np.diag([*size, 1.0]) @ volume.voxel_to_lps_mm
    volume = Volume(hu=volume.hu, voxel_to_lps_mm=affine)
    middle = size * np.array([sum(record["heart_box"][axis]) / 2 for axis in "xyz"])
    if "3 mm" in form:
        volume, acquisition = resliced(volume, acquisition, increment_mm=3.0)
    if "200 mm" in form:
        centre = (float(middle[0]), float(middle[1]))
        volume, acquisition = cropped(volume, acquisition, centre_xy_mm=centre, field_mm=FIELD_MM)
    return _Heart(
        volume=volume,
        acquisition=acquisition,
        courses={
            Vessel(vessel): [one | {"points": size * np.array(one["points"], float)} for one in segments]
            for vessel, segments in record["vessels"].items()
        },
        landmarks={name: size * np.array(points, float) for name, points in record["landmarks"].items()},
        middle_mm=middle,
    )


# ------------------------------------------------------------------------------------------ plaques


def _plaques(heart: _Heart, burden: str, rng: np.random.Generator) -> list[Inserted]:
    if burden == "zero":
        return []
    (fewest, most), radii, length, densities = SIZES[burden]
    vessels = rng.choice(list(VESSEL_SHARE), size=int(rng.integers(fewest, most + 1)), p=list(VESSEL_SHARE.values()))
    plaques = []
    for vessel in vessels:
        radius = float(rng.uniform(*radii))
        points = _on_course(heart, Vessel(vessel), rng, radius + float(rng.exponential(length)))
        plaques.append(_deposit(str(vessel), points, radius, float(rng.uniform(*densities))))
    return plaques


def _on_course(heart: _Heart, vessel: Vessel, rng: np.random.Generator, length_mm: float) -> Points:
    """A stretch of a certain segment, moved from the middle of the vessel to its wall."""
    segments = [one for one in heart.courses[vessel] if one["certain"]]
    first = heart.courses[vessel][0]
    at_ostium = vessel in (Vessel.LM, Vessel.RCA) and first["certain"] and rng.random() < OSTIUM_SHARE
    long = [_run(one["points"])[-1] for one in segments]
    chosen = segments[0] if at_ostium else segments[int(rng.choice(len(segments), p=np.array(long) / sum(long)))]
    course = chosen["points"]
    run = _run(course)
    length = min(length_mm, run[-1])
    start = float(rng.uniform(0, min(5.0, run[-1] - length) if at_ostium else run[-1] - length))
    at = np.arange(start, start + length + 0.4, 0.5)
    points = np.stack([np.interp(at, run, course[:, axis]) for axis in range(3)], 1)
    side = rng.normal(size=3)
    side /= np.linalg.norm(side)
    off = max(float(chosen["radius_mm"]) - 0.6, 0.6)
    return points + off * side


def _run(points: Points) -> Points:
    run: Points = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return run


def _deposit(name: str, points: Points, radius_mm: float, density_hu: float) -> Inserted:
    return Inserted(
        name=name,
        points_lps_mm=tuple((float(x), float(y), float(z)) for x, y, z in points),
        radius_mm=radius_mm,
        density_hu=density_hu,
    )


# ------------------------------------------------------------------------------------------ look-alikes


def _look_alikes(heart: _Heart, rng: np.random.Generator, *, least: int) -> list[Inserted]:
    names = list(LANDMARKS)
    chosen = [name for name in names if rng.random() < 0.3]
    while len(chosen) < least:
        chosen.append(names[int(rng.integers(len(names)))])
    made = []
    for name in dict.fromkeys(chosen):
        points = _of_landmark(heart, name, rng)
        if points is not None:
            made.append(_deposit(LANDMARKS[name], points, float(rng.uniform(0.8, 1.8)), float(rng.uniform(400, 1000))))
    return made


def _of_landmark(heart: _Heart, name: str, rng: np.random.Generator) -> Points | None:
    """Where this look-alike lies; None where ten draws all came too near to a course."""
    places = heart.landmarks[name]
    courses = _all_courses(heart)
    for _ in range(10):
        centre = places[int(rng.integers(len(places)))]
        if name in ("ascending_aorta", "aortic_root", "descending_aorta"):
            points = _arc_on_wall(heart.volume, centre, rng, widest_mm=14.0 if name == "descending_aorta" else 20.0)
        elif name == "mitral_annulus":
            points = _along(places, rng) + rng.normal(0, 0.7, 3)
        elif name == "pericardium":
            points = _sheet(heart, centre, rng)
        else:
            points = centre + rng.normal(0, 1.0, (1, 3))
        if np.linalg.norm(points[:, None] - courses[None], axis=2).min() >= OFF_COURSES_MM:
            return points
    return None


def _all_courses(heart: _Heart) -> Points:
    points = []
    for segments in heart.courses.values():
        for segment in segments:
            course = segment["points"]
            run = _run(course)
            at = np.arange(0, run[-1], 1.0)
            points.append(np.stack([np.interp(at, run, course[:, axis]) for axis in range(3)], 1))
    return np.concatenate(points)


def _arc_on_wall(volume: Volume, centre: Points, rng: np.random.Generator, *, widest_mm: float) -> Points:
    """An arc where blood ends: at the first fat or air outwards, else at the usual radius."""
    usual = 0.8 * widest_mm
    middle, half = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(2.0, 7.0)) / usual
    angles = middle + np.linspace(-half, half, 12)
    radii = np.array([_wall_mm(volume, centre, angle, usual, widest_mm) for angle in angles])
    radii = ndimage.median_filter(radii, 5, mode="nearest")
    arc: Points = centre + np.stack([radii * np.cos(angles), radii * np.sin(angles), 0 * radii], 1)
    return arc


def _wall_mm(volume: Volume, centre: Points, angle: float, usual: float, widest: float) -> float:
    out = np.arange(0.6 * usual, widest, 0.5)
    ray = centre + np.outer(out, [np.cos(angle), np.sin(angle), 0.0])
    index = np.linalg.inv(volume.voxel_to_lps_mm) @ np.concatenate([ray, np.ones((len(ray), 1))], 1).T
    hu = ndimage.map_coordinates(volume.hu.astype(np.float32), index[:3], order=1, mode="nearest")
    beyond = np.flatnonzero(ndimage.uniform_filter1d(hu, 3) < 0.0)
    return float(out[beyond[0]]) - 0.5 if len(beyond) else usual


def _along(places: Points, rng: np.random.Generator) -> Points:
    if len(places) < 2:
        return places
    run = _run(places)
    start = float(rng.uniform(0, run[-1] / 2))
    at = np.arange(start, run[-1] + 0.1, 0.7)
    return np.stack([np.interp(at, run, places[:, axis]) for axis in range(3)], 1)


def _sheet(heart: _Heart, centre: Points, rng: np.random.Generator) -> Points:
    """Two lines, one above the other, across the direction from the middle of the heart."""
    outward = centre - heart.middle_mm
    tangent = np.array([-outward[1], outward[0], 0.0]) / np.hypot(outward[0], outward[1])
    at = np.arange(-1, 1.01, 0.1) * float(rng.uniform(4.0, 10.0))
    line = centre + np.outer(at, tangent)
    return np.concatenate([line, line + np.array([0.0, 0.0, 3.0])])


def heart_numbers(count: int, hearts: Sequence[str] = HEARTS) -> list[tuple[str, int]]:
    """Which cases make `count`: both hearts by turns."""
    return [(hearts[number % len(hearts)], number // len(hearts)) for number in range(count)]
