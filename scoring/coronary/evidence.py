"""Evidence for and against "this calcium lies in a coronary artery", in log-odds with a sentence each.

The rules and their limits come from anatomy and from a pilot on phantoms and on calcium put into four
real hearts: coronary calcium lies within some millimetres of groove fat and of the heart's surface; calcium
of valve, annulus and papillary muscle lies deep in blood; calcium of the aortic wall lies on its circle.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Blood, Places
from scoring.coronary.shapes import Shapes
from scoring.coronary.surroundings import Pictures
from scoring.coronary.vessel import Courses
from scoring.protocol import Protocol

Values = npt.NDArray[np.float64]

PRIOR = 0.3

FAT_BELOW_BLOOD_HU = 21.0
"""The 2.6 to 4.6 mm around coronary calcium hold at least so much fat that they measure this much less than blood.

Calcium put along courses of two real hearts: 12 to 17 HU and less around it; on valve and annulus 31 to 51 HU.
"""
FAT_SHARPNESS_HU = 4.5
NO_TISSUE_HU = -140.0

ON_WALL_MM = (2.5, 5.0)
"""Nearer than this to the aortic circle, or inside it, is aortic wall or valve; beyond the second it is not."""
OSTIUM_CLOSER_MM = 1.5
"""Where the left main leaves, the limits are so much tighter."""
OSTIUM_NEAR_MM = 3.5
LEAVES_WALL_MM = 2.5
OSTIUM_SHARE = 0.25
"""Of a deposit that leaves the wall along the left main so much of the wall's evidence is left."""
BARE_WALL_MM = 9.0
BARE_WALL_FROM_MM = 18.0
"""Above this height no artery leaves or passes the aorta on its right or at its back."""
HUGGING_MM = (2.0, 4.0)
SHEET_MM = (1.8, 2.3)
"""Standard deviation across the length of a component, a quarter of the diameter of a round one: an artery of 5.4 mm
that is calcified all through has 1.4, blur and a bend add to it; a sheet is broader."""

OUTER_MM = 0.5
"""Long calcium of arteries lay 0.8 mm or more nearer to the heart than to the lung, pericardium 0.5 or more farther."""
AT_LUNG_MM = (3.3, 3.9)
"""The pericardium touches the lung: its calcium lay at a mean of 2.2 to 3.3 mm, arteries at the diaphragm and in a thin
right groove at 3.9 and more."""
LONG_MM = (8.0, 14.0)

ABOVE_CENTRE_MM = 47.0

CRUX_BELOW_MM = -10.0
FAR_BACK_MM = 38.0
FAR_BACK_FROM_MM = 22.0
FORWARD_PER_MM_UP = 1.3
RIGHT_BACK_MM = 12.0
"""Above the crux the left artery's branches lay at most 40 mm behind the heart's centre, the right's before it.

From the fork, 36 to 40 mm above the centre, the circumflex slopes down as it runs back: the higher, the less far back.
"""
ON_COURSE_MM = 8.0
FARTHEST_BACK_MM = 46.0
"""No artery ran farther back at any height: there lie veins, oesophagus and lung."""

BRIGHT_AROUND_HU = (70.0, 15.0)
"""Tissue around calcium measures fat to blood; where it is brighter, a streak or motion made both."""

SPECK_MM3 = 7.5
SPECK_NOISE_SD = 1.6

MAIN_REACH_MM = 5.0
"""So near to its traced course calcium can be the left main's; farther where the course was not seen."""
UNSEEN_REACH_MM = 4.0

LOUDEST_SENTENCE = 0.4
"""Evidence of less weight is not worth a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Named log-odds of p pieces."""

    weights: dict[str, Values] = field(default_factory=dict)
    sentences: dict[str, tuple[str, str]] = field(default_factory=dict)  # for, against

    def total(self) -> Values:
        """Sum of all, with the prior."""
        total: Values = PRIOR + np.sum(list(self.weights.values()), axis=0)
        return total

    def words(self, piece: int) -> tuple[str, ...]:
        """What spoke loudest about a piece, strongest first."""
        ranked = sorted(self.weights, key=lambda name: -abs(self.weights[name][piece]))
        said = []
        for name in ranked:
            weight = self.weights[name][piece]
            sentence = self.sentences[name][0 if weight > 0 else 1]
            if abs(weight) >= LOUDEST_SENTENCE and sentence:
                said.append(sentence)
        return tuple(said[:4])


SENTENCES = {
    "fat around": ("fat around it", "no fat around it"),
    "fat between": ("fat mixed with it", "blood or muscle all around it"),
    "fat distance": ("close to epicardial fat", "away from epicardial fat"),
    "deep": ("", "deep inside the heart"),
    "left main": ("where little but the left main calcifies", ""),
    "far": ("", "off the surface of the heart"),
    "bright around": ("", "a bright haze around it, as of motion or a streak"),
    "outline": ("", "outside the outline of the heart"),
    "lung": ("", "at the border of the lung"),
    "bone": ("", "at a bone"),
    "aortic circle": ("", "on or inside the circle of the aorta"),
    "bare wall": ("", "beside the aorta where no coronary artery runs"),
    "hugging": ("", "curved along the wall of the aorta"),
    "sheet": ("", "spread as a sheet at the border of the lung"),
    "outer": ("", "a long line nearer to the lung than to the heart, as of the pericardium"),
    "behind": ("", "behind the heart"),
    "above": ("", "above the coronary arteries"),
    "ellipsoid": ("", "outside the usual extent of the heart"),
    "speck": ("", "as small and faint as noise"),
    "neighbours": ("other calcium in line with it", ""),
}


def weigh(
    places: Places, courses: Courses, pictures: Pictures, shapes: Shapes, protocol: Protocol, blood: Blood
) -> Evidence:
    """Log-odds of every piece from its surroundings and place.

    Parameters
    ----------
    places : Places
        The anatomy at the centres of the pieces.
    courses : Courses
        How far they lie from the traced courses of the left arteries.
    pictures : Pictures
        Size and surroundings of the pieces.
    shapes : Shapes
        Of the components that the pieces belong to.
    protocol : Protocol
        Threshold and weights.
    blood : Blood
        Its level, against which the surroundings are read, and its noise.
    """
    fat = pictures.fat_share
    # The left main needs no visible fat: it lies between aorta, pulmonary trunk and left atrium. Where it runs
    # hardly anything else calcifies, so there the want of fat says little.
    main = (courses.main < _main_reach(courses)) & (places.aortic_wall > -1.0)
    weights = {
        "fat around": np.maximum(np.clip((fat - 0.2) / 0.25, -0.6, 0.6), np.where(main, 0.0, -np.inf)),
        "fat between": np.maximum(_fat_between(pictures, blood), np.where(main, -0.5, -np.inf)),
        "fat distance": np.where(main, 0.15, 1.0) * np.clip(-(places.fat - 5.0) / 1.2, -3.0, 0.6),
        "deep": np.where(main, 0.1, 1.0) * _deep(places, fat),
        "left main": np.where(main, 0.8, 0.0),
        "far": -np.maximum(0.0, places.outside - 8.0) / 1.2,
        "outline": -np.clip((-7.0 - places.inside_closed) / 1.5, 0.0, 4.0),
        "bright around": -np.clip((pictures.around_hu - BRIGHT_AROUND_HU[0]) / BRIGHT_AROUND_HU[1], 0.0, 4.0),
        "lung": np.where((places.lung < 3.0) | (pictures.air_share > 0.15), -1.5, 0.0),
        "bone": np.where(places.bone < 4.0, -2.0, 0.0),
        "aortic circle": _aortic(places, courses, shapes),
        "bare wall": _bare_wall(places),
        "hugging": _hugging(places, shapes.hugging),
        "sheet": _sheet(shapes),
        "outer": _outer(shapes),
        "behind": _behind(places, courses),
        "above": _above(places),
        "ellipsoid": np.where(places.ellipsoid > 1.25, -2.0, 0.0),
        "speck": _speck(pictures, protocol, blood.noise_sd_hu),
    }
    so_far = PRIOR + np.sum(list(weights.values()), axis=0)
    weights["neighbours"] = _neighbours(so_far, pictures, protocol)
    return Evidence(weights=weights, sentences=SENTENCES)


def _main_reach(courses: Courses) -> float:
    return MAIN_REACH_MM + (1 - courses.seen) * UNSEEN_REACH_MM


def _deep(places: Places, fat: Values) -> Values:
    deep = -np.maximum(0.0, -places.outside - 5.0) / 1.2
    result: Values = np.where(fat > 0.2, 0.4, 1.0) * np.maximum(deep, -6.0)
    return result


def _fat_between(pictures: Pictures, blood: Blood) -> Values:
    level = blood.hu if np.isfinite(blood.hu) else 42.0
    below = (level - FAT_BELOW_BLOOD_HU - pictures.around_hu) / FAT_SHARPNESS_HU
    result: Values = np.where(pictures.around_hu > NO_TISSUE_HU, np.clip(below, -2.5, 2.5), 0.0)
    return result


def _aortic(places: Places, courses: Courses, shapes: Shapes) -> Values:
    """Against what lies on or inside the aortic circle, as far as the circle can be trusted.

    Calcium at the mouth of the left main is coronary when it leaves the circle along the main's course.
    """
    main = courses.main < _main_reach(courses)
    near, far = (np.where(main, limit - OSTIUM_CLOSER_MM, limit) for limit in ON_WALL_MM)
    on_wall = np.clip((far - places.aortic_wall) / (far - near), 0.0, 1.0)
    mouth = courses.main < OSTIUM_NEAR_MM + (1 - courses.seen) * UNSEEN_REACH_MM
    leaves = mouth & (shapes.hugging < 0) & (shapes.reach >= LEAVES_WALL_MM)
    result: Values = -3.5 * on_wall * np.where(leaves, OSTIUM_SHARE, 1.0) * places.aorta.trust
    return result


def _bare_wall(places: Places) -> Values:
    """Against the right side and the back of the aorta: the left main leaves to the left, the right artery in front."""
    back, left = places.from_aorta.T
    right_side = np.clip((back + np.abs(left)) / 4.0, 0.0, 1.0) * (left < 0)
    near = np.clip((BARE_WALL_MM - places.aortic_wall) / 2.0, 0.0, 1.0)
    high = places.from_centre[:, 0] > BARE_WALL_FROM_MM
    result: Values = -3.0 * right_side * near * high * places.aorta.trust
    return result


def _hugging(places: Places, hugging_mm: Values) -> Values:
    least, sure = HUGGING_MM
    bent = np.clip((hugging_mm - least) / (sure - least), 0.0, 1.0)
    near = np.clip((7.0 - places.aortic_wall) / 2.0, 0.0, 1.0)
    result: Values = -2.0 * bent * near * places.aorta.trust
    return result


def _sheet(shapes: Shapes) -> Values:
    """Against pericardium: broad, and as a whole nearer to the lung than a vessel in its fat."""
    broad = np.clip((shapes.breadth - SHEET_MM[0]) / (SHEET_MM[1] - SHEET_MM[0]), 0.0, 1.0)
    result: Values = -3.5 * broad * np.clip((6.5 - shapes.lung) / 2.0, 0.0, 1.0)
    return result


def _outer(shapes: Shapes) -> Values:
    """Against pericardium: a long line against the lung, where arteries lie on the heart's side of the fat."""
    aside = np.clip(shapes.outside + OUTER_MM - shapes.lung, 0.0, 1.0)
    near = np.clip((AT_LUNG_MM[1] - shapes.lung) / (AT_LUNG_MM[1] - AT_LUNG_MM[0]), 0.0, 1.0)
    long = np.clip((shapes.length - LONG_MM[0]) / (LONG_MM[1] - LONG_MM[0]), 0.0, 1.0)
    result: Values = -4.0 * aside * near * long
    return result


def _behind(places: Places, courses: Courses) -> Values:
    """Against the back of the heart: atria, pulmonary veins, oesophagus; only near the crux do arteries run there."""
    up, back, left = places.from_centre.T
    off = np.clip((back - 24.0) / 6.0, 0.0, 1.0) * np.clip((places.outside - 0.5) / 2.0, 0.0, 1.0)
    above_crux = up > CRUX_BELOW_MM
    limit = FAR_BACK_MM - FORWARD_PER_MM_UP * np.maximum(0.0, up - FAR_BACK_FROM_MM)
    limit = np.where(above_crux, limit, FARTHEST_BACK_MM)
    far_back = np.clip((back - limit) / 5.0, 0.0, 1.0) * (courses.nearest > ON_COURSE_MM)
    right_back = np.clip((back - RIGHT_BACK_MM) / 8.0, 0.0, 1.0) * (left < -5.0) * above_crux
    far_back += np.clip((back - FARTHEST_BACK_MM) / 5.0, 0.0, 1.0)
    at_descending = places.descending_wall < 4.0
    behind = np.maximum(2.5 * np.maximum(np.maximum(off, far_back), right_back), np.where(at_descending, 3.0, 0.0))
    result: Values = -behind
    return result


def _above(places: Places) -> Values:
    over_centre = np.clip((places.from_centre[:, 0] - ABOVE_CENTRE_MM) / 6.0, 0.0, 1.0)
    result: Values = -3.5 * over_centre
    return result


def _speck(pictures: Pictures, protocol: Protocol, noise_sd_hu: float) -> Values:
    noise = noise_sd_hu if np.isfinite(noise_sd_hu) else 20.0
    faint = pictures.peak_hu < protocol.threshold_hu + SPECK_NOISE_SD * noise
    result: Values = np.where((pictures.slices == 1) & (pictures.volume_mm3 < SPECK_MM3) & faint, -2.5, 0.0)
    return result


def _neighbours(score: Values, pictures: Pictures, protocol: Protocol) -> Values:
    """For a piece near other pieces that look coronary themselves: plaques come in chains."""
    agatston = pictures.volume_mm3 / 3.0 * protocol.weight(pictures.peak_hu)
    likely = 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))
    distance = np.linalg.norm(pictures.centre_mm[:, None] - pictures.centre_mm[None], axis=2)
    near = np.exp(-distance / 12.0) * (agatston * likely)[None]
    np.fill_diagonal(near, 0.0)
    result: Values = 0.15 * np.log1p(near.sum(1) / 15.0)
    return result
