"""Coronary: which calcium is coronary, and whose artery it lies in.

For:     score.
In:      Volume, Anatomy, Islands, Protocol.
Out:     Classification: a piece for every bright voxel at the heart; for every piece a vessel or what it is instead,
         with confidence and evidence in words.
Keeps:   nothing.
Hostile: noise, bronchi, aortic wall, valve and annulus, nodes, metal; an anatomy that was found in the wrong place.
Alone:   tests/scoring/coronary: calcium of known truth put into real chests and phantoms.
"""

from scoring.coronary.classify import Classification, Judged, classify
from scoring.coronary.given import given_findings, region_with, with_given
from scoring.coronary.specks import islands_on_courses, small_islands

__all__ = [
    "Classification",
    "Judged",
    "classify",
    "given_findings",
    "islands_on_courses",
    "region_with",
    "small_islands",
    "with_given",
]
