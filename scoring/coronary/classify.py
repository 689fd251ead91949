"""The door: from bright voxels to vessels and look-alikes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.anatomy import Anatomy, Places
from scoring.candidates import Islands
from scoring.coronary.evidence import Evidence, weigh
from scoring.coronary.fork import Fork, find_fork
from scoring.coronary.pieces import Pieces, cut_pieces
from scoring.coronary.shapes import shapes_of
from scoring.coronary.surroundings import Pictures, describe
from scoring.coronary.vessel import ROOT_FROM_MM, assign, courses_at
from scoring.protocol import Protocol
from scoring.result import EXCLUDED_LABEL, Vessel
from scoring.volume import Volume

Values = npt.NDArray[np.float64]

OWN_SHARE = 0.25
"""Weight of a piece's own evidence against the mean of its component: the calcium of one deposit is of one kind."""
ACCEPTED = 0.5
UNVOUCHED = 0.88
"""Confidence in any vessel where no ascending aorta was found: never 0.9 and more."""
PARTS_FROM_SEEN = 0.5

COURSE_WORDS = {
    Vessel.LM: "left of the aortic root, where the left main runs",
    Vessel.LAD: "towards the anterior interventricular groove",
    Vessel.LCX: "towards the left atrioventricular groove",
    Vessel.RCA: "towards the right atrioventricular groove",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a piece of calcium is taken for."""

    label: int  # Vessel.label 1 to 4, or EXCLUDED_LABEL
    confidence: float  # 0 to 1: in the verdict
    evidence: tuple[str, ...]
    what: str | None  # of an excluded piece: "aortic wall", "mitral annulus", ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classification:
    """A verdict for every piece of calcium at the heart."""

    piece: npt.NDArray[np.int32]  # (v,) piece of each voxel of the islands; -1: not at the heart, not listed
    judged: tuple[Judged, ...]
    fork: Fork  # of the left main


def classify(volume: Volume, anatomy: Anatomy, islands: Islands, protocol: Protocol) -> Classification:
    """Say of every bright voxel at the heart in which artery it lies, or what it is instead.

    Parameters
    ----------
    volume : Volume
        The scan.
    anatomy : Anatomy
        What was found in it.
    islands : Islands
        Islands of the whole scan or of the box around its heart.
    protocol : Protocol
        With which the islands were found.

    Returns
    -------
    Classification
        Components without an island large enough to score get no piece.
    """
    fork = find_fork(volume, anatomy)
    pieces = cut_pieces(volume, anatomy, islands)
    if not pieces.count:
        return Classification(piece=pieces.piece, judged=(), fork=fork)
    pictures = describe(volume, islands, pieces)
    places = anatomy.at(pictures.centre_mm)
    courses = courses_at(fork, pictures.centre_mm)
    shapes = shapes_of(anatomy, pieces)
    evidence = weigh(places, courses, pictures, shapes, protocol, anatomy.blood)
    probability = _probability(evidence, pieces, pictures)
    parted = _parted(anatomy, fork, pieces, probability >= ACCEPTED)
    judged = tuple(
        _coronary(label, float(probability[k]) * certainty, evidence, k)
        if label != EXCLUDED_LABEL
        else _excluded(float(1 - probability[k]), places, evidence, k)
        for k, label, certainty in parted.parts
    )
    return Classification(piece=parted.piece, judged=judged, fork=fork)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parted:
    """Pieces again, cut where a border between two arteries crosses them."""

    piece: npt.NDArray[np.int32]  # (v,)
    parts: tuple[tuple[int, int, float], ...]  # old piece, label, certainty of the vessel


def _parted(anatomy: Anatomy, fork: Fork, pieces: Pieces, coronary: npt.NDArray[np.bool_]) -> _Parted:
    """Give every voxel of coronary pieces its artery; calcium across the fork belongs to two or three."""
    member = np.flatnonzero(pieces.piece >= 0)
    of = pieces.piece[member]
    places = anatomy.at(pieces.points_mm[member])
    label, certainty = assign(places, courses_at(fork, pieces.points_mm[member]))
    label = _joined(label, of, pieces.count, parting=fork.seen >= PARTS_FROM_SEEN)
    # At the root the vessels are told apart by the aortic circle: without it the answer is less sure.
    certainty = certainty * np.where(places.from_centre[:, 0] > ROOT_FROM_MM, 0.85 + 0.15 * places.aorta.trust, 1.0)
    # The aorta also vouches for the heart's centre, on which every vessel leans.
    certainty = certainty * (UNVOUCHED + (1 - UNVOUCHED) * anatomy.aorta_confidence)
    label = np.where(coronary[of], label, EXCLUDED_LABEL)
    keys, number, voxels = np.unique(of * 16 + label, return_inverse=True, return_counts=True)
    mean = np.bincount(number, certainty) / voxels
    piece = np.full(len(pieces.piece), -1, np.int32)
    piece[member] = number
    return _Parted(
        piece=piece,
        parts=tuple((int(key) // 16, int(key) % 16, float(sure)) for key, sure in zip(keys, mean, strict=True)),
    )


def _joined(
    label: npt.NDArray[np.int64], of: npt.NDArray[np.int32], count: int, *, parting: bool
) -> npt.NDArray[np.int64]:
    """Labels of voxels with those pieces made whole that no border can cross.

    Only at the left fork do arteries meet, so what is mostly the right one's is wholly so; and where the fork was
    not seen (`parting` false), its place is too unsure to part a piece: most of its voxels decide.
    """
    votes = np.bincount(of * 8 + label, minlength=count * 8).reshape(count, 8)
    most = votes.argmax(1)
    if not parting:
        whole: npt.NDArray[np.int64] = most[of]
        return whole
    left = votes.copy()
    left[:, Vessel.RCA.label] = 0
    mostly_right = most == Vessel.RCA.label
    joined: npt.NDArray[np.int64] = np.where(label == Vessel.RCA.label, left.argmax(1)[of], label)
    return np.where(mostly_right[of], Vessel.RCA.label, joined)


def _probability(evidence: Evidence, pieces: Pieces, pictures: Pictures) -> Values:
    own = evidence.total()
    size = pictures.volume_mm3
    together = np.bincount(pieces.component, own * size) / np.maximum(np.bincount(pieces.component, size), 1e-9)
    score = OWN_SHARE * own + (1 - OWN_SHARE) * together[pieces.component]
    probability: Values = 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))
    return probability


def _coronary(label: int, confidence: float, evidence: Evidence, k: int) -> Judged:
    words = (*evidence.words(k), COURSE_WORDS[tuple(Vessel)[label - 1]])
    return Judged(label=label, confidence=confidence, evidence=words, what=None)


def _excluded(confidence: float, places: Places, evidence: Evidence, k: int) -> Judged:
    what = _name(places, evidence, k)
    return Judged(label=EXCLUDED_LABEL, confidence=confidence, evidence=evidence.words(k), what=what)


def _name(places: Places, evidence: Evidence, k: int) -> str:
    """The most likely look-alike, by place."""
    up, back, left = places.from_centre[k]
    names = (
        ("noise speck", evidence.weights["speck"][k] < 0 and places.aortic_wall[k] > 4),
        ("bone", places.bone[k] < 4),
        ("descending aortic wall", places.descending_wall[k] < 4),
        ("aortic valve", places.aortic_wall[k] < -6 and places.above_track_end[k] < 6 and places.aorta.trust[k] > 0),
        ("aortic wall", places.aortic_wall[k] < 4 and places.aorta.trust[k] > 0),
        ("pericardium", evidence.weights["sheet"][k] < -1),
        ("node or airway", places.lung[k] < 4 or (places.outside[k] > 3 and back > 5) or up > 45),
        ("papillary muscle", places.outside[k] < -12 and up < 5 and left > 0),
        ("mitral annulus", places.outside[k] < -3 and back > 0 and left > -15),
        ("aortic valve", places.outside[k] < -8 and up > 5),
        ("pericardium", places.outside[k] > -6 and places.ellipsoid[k] > 0.6),
    )
    return next((name for name, holds in names if holds), "other calcium at the heart")
