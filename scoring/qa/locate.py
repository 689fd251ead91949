"""Where the phantom lies: two spots at a distance that only its inserts have give a guess, the others confirm it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.qa.geometry import BODY_RADIUS_MM, RADIUS_OF_DIAMETER_MM, Points, Pose, Vector, unit
from scoring.qa.sample import signal_of_insert
from scoring.qa.spots import SearchGrid, Spots, search_grid, spots
from scoring.volume import Volume

MATCH_MM = 2.5
"""Largest distance in the plane of a spot from the insert that it is taken for."""

SLANT = 0.45
"""Largest rise between two inserts over their distance: a tilt of 24 degrees."""

LEAST_FOUND = 4
"""Inserts of 5 and 3 mm, of six, that must be seen; two of them of 5 mm."""

SCALE = (0.96, 1.04)
WORST_RESIDUAL_MM = 1.5
ROUNDS = 3
"""How often places are measured again from the last fit."""

EVEN_HU, EVEN_SHARE = 50.0, 0.93
"""Between the inserts so much of the body lies so close to its median, after smoothing."""

BODY_HU = (-100.0, 200.0)

GUESSES = 40
"""Best guesses that are looked at in full."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Guess:
    """Centre and angle of the first arm in the plane of the slices, and which spot stands for which insert."""

    seen: int
    answer_hu: float
    spot_of_place: dict[int, int]  # place = 2 * arm + (0 for 5 mm, 1 for 3 mm)


def locate(volume: Volume) -> Pose | None:
    """Pose of the insert plane, or None where the scan shows no such phantom.

    Any rotation and centre, tilts up to 20 degrees, and mirrored scans; up to two of the six inserts of 5 and 3 mm may
    be missing.
    """
    grid = search_grid(volume)
    if min(grid.smooth.shape) < 1:
        return None
    seen = spots(grid)
    for guess in sorted(_guesses(volume, seen), key=lambda one: (-one.seen, -one.answer_hu))[:GUESSES]:
        pose = _refined(volume, seen, guess)
        if pose is not None and _is_even(grid, pose):
            return pose
    return None


def _guesses(volume: Volume, seen: Spots) -> Iterator[_Guess]:
    along, down = unit(volume.voxel_to_lps_mm[:3, 2]), unit(volume.voxel_to_lps_mm[:3, 1])
    flat = np.stack([seen.places_lps_mm @ along, seen.places_lps_mm @ down], axis=1)
    height = seen.places_lps_mm @ volume.normal
    wide, near = RADIUS_OF_DIAMETER_MM[5], RADIUS_OF_DIAMETER_MM[3]
    # Both spots of 5 mm, or one of 5 and one of 3 mm on another arm: with one arm's outer insert missing one is left.
    for first_radius, second_radius in ((wide, wide), (wide, near)):
        apart = np.sqrt(first_radius**2 + second_radius**2 + first_radius * second_radius)
        for one, other in _pairs_at(flat, height, float(apart)):
            for turn in (1, -1):
                centre, start = _centre(flat[one], flat[other], first_radius, second_radius, turn)
                yield _matched(flat, height, seen, centre, start)


def _pairs_at(
    flat: npt.NDArray[np.float64], height: npt.NDArray[np.float64], apart_mm: float
) -> Iterator[tuple[int, int]]:
    distance = np.hypot(*(flat[:, None] - flat[None]).transpose(2, 0, 1))
    rise = np.abs(height[:, None] - height[None])
    for one, other in np.argwhere((np.abs(distance - apart_mm) <= MATCH_MM) & (rise <= SLANT * apart_mm)):
        yield int(one), int(other)


def _centre(
    first: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    first_radius: float,
    second_radius: float,
    turn: int,
) -> tuple[npt.NDArray[np.float64], float]:
    """Centre and the angle of the first spot's arm, if the second's arm is `turn` times 120 degrees on."""
    between = second - first
    template = second_radius * np.exp(1j * turn * 2 * np.pi / 3) - first_radius
    start = float(np.angle(complex(between[0], between[1])) - np.angle(template))
    # Split what the distance is off by between both ends, so that neither is believed more.
    middle = (first + second) / 2
    half = np.exp(1j * start) * (first_radius + second_radius * np.exp(1j * turn * 2 * np.pi / 3)) / 2
    return middle - np.array([half.real, half.imag]), start


def _matched(
    flat: npt.NDArray[np.float64],
    height: npt.NDArray[np.float64],
    seen: Spots,
    centre: npt.NDArray[np.float64],
    start: float,
) -> _Guess:
    angle = start + np.repeat(np.arange(3) * 2 * np.pi / 3, 2)
    radius = np.tile([RADIUS_OF_DIAMETER_MM[5], RADIUS_OF_DIAMETER_MM[3]], 3)
    wanted = centre + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    distance = np.hypot(*(wanted[:, None] - flat[None]).transpose(2, 0, 1))
    nearest = distance.argmin(axis=1)
    near = distance[np.arange(6), nearest] <= MATCH_MM
    chosen = {int(place): int(nearest[place]) for place in np.flatnonzero(near)}
    level = float(np.median(height[list(chosen.values())])) if chosen else 0.0
    chosen = {
        place: spot for place, spot in chosen.items() if abs(height[spot] - level) <= SLANT * RADIUS_OF_DIAMETER_MM[5]
    }
    wide = sum(1 for place in chosen if place % 2 == 0)
    return _Guess(
        seen=len(chosen) if wide >= 2 else 0,
        answer_hu=float(seen.answer_hu[list(chosen.values())].sum()),
        spot_of_place=chosen,
    )


def _refined(volume: Volume, seen: Spots, guess: _Guess) -> Pose | None:
    """Pose from the inserts' centres of gravity, or None where they do not fit the template."""
    if guess.seen < LEAST_FOUND:
        return None
    where = {place: seen.places_lps_mm[spot] for place, spot in guess.spot_of_place.items()}
    pose = None
    for _ in range(ROUNDS):
        measured, weights = _measured(volume, where)
        if len(measured) < LEAST_FOUND:
            return None
        pose = _fitted(measured, weights, volume.normal)
        if pose is None:
            return None
        where = {place: pose.place(place // 2, _diameter_mm(place)) for place in measured}
    return pose


def _diameter_mm(place: int) -> int:
    return 3 if place % 2 else 5


def _measured(volume: Volume, where: dict[int, Vector]) -> tuple[dict[int, Vector], dict[int, float]]:
    measured, weights = {}, {}
    for place, point in where.items():
        found = signal_of_insert(volume, point, _diameter_mm(place))
        if found is not None:
            measured[place] = found.centre_lps_mm
            weights[place] = float(np.sqrt(found.excess_hu_mm3))
    return measured, weights


def _fitted(measured: dict[int, Vector], weights: dict[int, float], normal: Vector) -> Pose | None:
    """Rotation, scale and centre that carry the template onto the measured places (weighted Kabsch)."""
    places = list(measured)
    angle = np.array([2 * np.pi / 3 * (place // 2) for place in places])
    radius = np.array([RADIUS_OF_DIAMETER_MM[_diameter_mm(place)] for place in places])
    template = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(len(places))], axis=1)
    points, weight = np.array([measured[place] for place in places]), np.array([weights[place] for place in places])
    weight = weight / weight.sum()
    middle, template_middle = weight @ points, weight @ template
    left, _, right = np.linalg.svd((points - middle).T @ ((template - template_middle) * weight[:, None]))
    rotation = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    turned = (template - template_middle) @ rotation.T
    scale = float((weight[:, None] * turned * (points - middle)).sum() / (weight[:, None] * turned**2).sum())
    residual = np.linalg.norm(points - middle - scale * turned, axis=1)
    axis: Vector = rotation[:, 2]
    upright = abs(float(axis @ normal)) >= np.cos(np.arctan(SLANT))
    if not (SCALE[0] <= scale <= SCALE[1] and residual.max() <= WORST_RESIDUAL_MM and upright):
        return None
    arms: Points = np.stack([rotation @ [np.cos(turn), np.sin(turn), 0.0] for turn in np.arange(3) * 2 * np.pi / 3])
    return Pose(centre_lps_mm=middle - scale * rotation @ template_middle, axis=axis, arms=arms, scale=scale)


def _is_even(grid: SearchGrid, pose: Pose) -> bool:
    """Whether the body between the inserts is one soft material: that is no patient, and no other phantom."""
    radius, angle = np.meshgrid(
        np.arange(2.0, BODY_RADIUS_MM - 3.0, 1.5), np.linspace(0, 2 * np.pi, 96, endpoint=False)
    )
    first, second = pose.arms[0], np.cross(pose.axis, pose.arms[0])
    points = (
        pose.centre_lps_mm + (radius * np.cos(angle))[..., None] * first + (radius * np.sin(angle))[..., None] * second
    ).reshape(-1, 3)
    clear = np.ones(len(points), bool)
    for place in pose.places((5, 3)):
        clear &= np.linalg.norm(points - place, axis=1) > 7.0
    affine = grid.voxel_to_lps_mm
    index = np.linalg.solve(affine[:3, :3], (points[clear] - affine[:3, 3]).T)
    inside = (index >= -0.5).all(axis=0) & (index <= np.array(grid.smooth.shape)[:, None] - 0.5).all(axis=0)
    if inside.mean() < 0.5:
        return False
    values = ndimage.map_coordinates(grid.smooth, index[:, inside], order=1, mode="nearest")
    middle = float(np.median(values))
    even = float(np.mean(np.abs(values - middle) <= EVEN_HU))
    return BODY_HU[0] <= middle <= BODY_HU[1] and even >= EVEN_SHARE
