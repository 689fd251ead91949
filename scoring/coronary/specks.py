"""Islands below the minimum size where coronary calcium could lie: not counted, but named."""

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy
from scoring.candidates import Islands
from scoring.coronary.classify import Classification
from scoring.coronary.vessel import assign, courses_at
from scoring.result import EXCLUDED_LABEL, Vessel

NEAR_SURFACE_MM = (-4.0, 7.0)
NEAR_FAT_MM = 3.0
OFF_AORTA_MM = 4.0
OFF_LUNG_MM = 4.0


def small_islands(anatomy: Anatomy, islands: Islands, classification: Classification) -> dict[int, Vessel]:
    """Islands too small to score that lie in a judged coronary deposit or where a coronary artery runs.

    Returns
    -------
    dict
        Number of the island to the vessel that it would belong to.
    """
    found: dict[int, Vessel] = {}
    small = ~islands.large_enough
    for island, piece in _judged_pieces(islands, classification, small):
        verdict = classification.judged[piece].label
        if verdict != EXCLUDED_LABEL:
            found[island] = tuple(Vessel)[verdict - 1]
    unjudged = np.bincount(islands.island, classification.piece >= 0, len(islands)) == 0
    found.update(islands_on_courses(anatomy, islands, np.flatnonzero(small & unjudged), classification))
    return found


def islands_on_courses(
    anatomy: Anatomy, islands: Islands, chosen: npt.NDArray[np.intp], classification: Classification
) -> dict[int, Vessel]:
    """Those of the chosen islands whose middle lies where a coronary artery could run, and which one."""
    if not len(chosen):
        return {}
    points = anatomy.millimetres(islands.centre_index[chosen])
    places = anatomy.at(points)
    near = (
        (places.outside > NEAR_SURFACE_MM[0])
        & (places.outside < NEAR_SURFACE_MM[1])
        & (places.fat <= NEAR_FAT_MM)
        & (places.aortic_wall > OFF_AORTA_MM)
        & (places.lung > OFF_LUNG_MM)
        & (places.bone > OFF_LUNG_MM)
        & (places.behind_descending < 0)
        & (places.ellipsoid < 1.2)
        & (places.from_centre[:, 1] < 30.0)
        & (places.from_centre[:, 0] < 50.0)
        & places.compartment
    )
    label, _ = assign(places, courses_at(classification.fork, points))
    return {int(chosen[k]): tuple(Vessel)[int(label[k]) - 1] for k in np.flatnonzero(near)}


def _judged_pieces(
    islands: Islands, classification: Classification, small: npt.NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Small islands within judged pieces: (island, piece), each island once."""
    members = np.flatnonzero(small[islands.island] & (classification.piece >= 0)) if len(islands) else np.zeros(0, int)
    pairs = np.stack([islands.island[members], classification.piece[members]], 1)
    _, first = np.unique(pairs[:, 0], return_index=True)
    return [(int(island), int(piece)) for island, piece in pairs[first]]
