"""Anatomy: where the heart, the aorta, the lungs, the bones and the fat of a scan are.

For:     coronary (which calcium is coronary), quality (blood, noise, coverage), score (the region analysed).
In:      Volume.
Out:     Anatomy: coarse masks and distances, the aortic circles, the heart's centre, blood and noise; or UnfitError.
Keeps:   nothing.
Hostile: a scan of something else, a chest without a heart, padding, contrast medium, any order of rows and slices.
Alone:   tests/scoring/anatomy: phantoms and the real series; flipped and turned copies must give the same answer.
"""

from scoring.anatomy.blood import Blood
from scoring.anatomy.find import find_anatomy
from scoring.anatomy.frame import Anatomy, Circles, Places
from scoring.anatomy.landmarks import landmarks
from scoring.anatomy.sides import MIRRORED_PERCENT, heart_to_left_percent

__all__ = [
    "MIRRORED_PERCENT",
    "Anatomy",
    "Blood",
    "Circles",
    "Places",
    "find_anatomy",
    "heart_to_left_percent",
    "landmarks",
]
