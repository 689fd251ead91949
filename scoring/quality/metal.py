"""Metal: clips, wires, leads and valves by their brightness and place, and values that the scanner could not store."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.spatial import cKDTree

from scoring.anatomy import Anatomy
from scoring.quality.limits import (
    CLIP_HU,
    LIMITS,
    METAL_HU,
    METAL_REACH_MM,
    WRAPPED_AMONG_HU,
    WRAPPED_HU,
)
from scoring.result import Finding, Severity
from scoring.volume import Volume

Values = npt.NDArray[np.float64]

CELL_MM = 2.0
LINK_MM = 7.0
"""Metal so near to metal is one piece: partial volume breaks a thin wire, clips of a graft lie 11 mm and more apart."""
INSIDE_SHARE = 0.5

CLIP_EXTENT_MM = 14.0
CLIP_REACH_MM = 25.0
CLIP_BEHIND_MM = 15.0
"""Grafts run from the ascending aorta over the front and the left side of the heart."""
CLIP_ROW_MM = 25.0

WIRE_BEFORE_MM = 46.0
"""The sternum lies farther before the heart's centre than its front."""
WIRE_BESIDE_MM = 35.0
WIRE_EXTENT_MM = 8.0
FROM_BONE_MM = 4.0
LEAST_WIRES = 2

STORED_HU = 3071.0
"""Greatest value of 12 bits with the usual intercept."""
WRAPPED_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bright:
    """Voxels above CLIP_HU: arrays of length n."""

    index: npt.NDArray[np.intp]  # (n, 3) slice, row, column
    hu: Values
    points_mm: Values  # (n, 3) up, back, left
    inside: Values  # depth in the closed outline of the heart, negative outside
    bone: Values  # distance to bone


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bright voxels that hang together."""

    middle_mm: tuple[float, float, float]
    extent_mm: float
    inside: float  # of its middle voxel: depth in the outline of the heart
    inside_share: float
    peak_hu: float
    bone: float  # distance of its middle voxel to bone


def find_bright(volume: Volume, anatomy: Anatomy) -> Bright:
    """Everything brighter than calcified plaque, with its place."""
    flat = np.flatnonzero(volume.hu > CLIP_HU)
    index = np.stack(np.unravel_index(flat, volume.hu.shape), axis=1) if len(flat) else np.zeros((0, 3), np.intp)
    points = anatomy.millimetres(index)
    places = anatomy.at(points)
    return Bright(
        index=index,
        hu=volume.hu.reshape(-1)[flat].astype(float),
        points_mm=points,
        inside=places.inside_closed,
        bone=places.bone,
    )


def metal(volume: Volume, anatomy: Anatomy, bright: Bright) -> list[Finding]:
    """Findings ``metal`` (a lead is named), ``cabg_possible`` and ``saturation``."""
    pieces = _pieces(bright)
    return [*_metal(bright, pieces), *_surgery(anatomy, pieces), *_saturation(volume, bright)]


def _pieces(bright: Bright) -> list[Piece]:
    if not len(bright.hu):
        return []
    # Cells of 2 mm stand for their voxels: a piece of metal may have many thousands.
    _, cell = np.unique(np.rint(bright.points_mm / CELL_MM).astype(np.intp), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    count = int(cell.max()) + 1
    voxels = np.bincount(cell, minlength=count)
    middle = np.stack([np.bincount(cell, bright.points_mm[:, k], count) for k in range(3)], axis=1) / voxels[:, None]
    pairs = cKDTree(middle).query_pairs(LINK_MM, output_type="ndarray")
    links = sparse.coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, of_cell = sparse.csgraph.connected_components(links, directed=False)
    piece = of_cell[cell]
    order = np.argsort(piece, kind="stable")
    bounds = np.searchsorted(piece[order], np.arange(number + 1))
    return [_piece(bright, order[bounds[k] : bounds[k + 1]]) for k in range(number)]


def _piece(bright: Bright, own: npt.NDArray[np.intp]) -> Piece:
    points = bright.points_mm[own]
    middle = points.mean(0)
    at = own[int(np.linalg.norm(points - middle, axis=1).argmin())]
    up, back, left = (float(value) for value in middle)
    return Piece(
        middle_mm=(up, back, left),
        extent_mm=float(np.linalg.norm(np.ptp(points, axis=0))),
        inside=float(bright.inside[at]),
        inside_share=float((bright.inside[own] > 0).mean()),
        peak_hu=float(bright.hu[own].max()),
        bone=float(bright.bone[at]),
    )


# ------------------------------------------------------------------------------------------ metal


def _metal(bright: Bright, pieces: list[Piece]) -> list[Finding]:
    dense = bright.hu > METAL_HU
    near = int((dense & (bright.inside > -METAL_REACH_MM)).sum())
    leads = [
        piece.extent_mm
        for piece in pieces
        if piece.peak_hu > METAL_HU
        and piece.inside_share >= INSIDE_SHARE
        and LIMITS["lead"].severity(piece.extent_mm) is not None
    ]
    if leads:
        sentence = (
            f"a chain of metal {max(leads):.0f} mm long runs through the heart: a lead of a pacemaker is possible, "
            "whose streaks can pass for calcium or hide it"
        )
        return [
            Finding(code="metal", severity=Severity.WEAKENS, sentence=sentence, measured=float(max(leads)), unit="mm")
        ]
    severity = LIMITS["metal"].severity(near)
    if severity is not None:
        sentence = (
            f"{near} voxels above 2000 HU in or at the heart: metal, whose streaks can pass for calcium or hide it"
        )
        return [Finding(code="metal", severity=severity, sentence=sentence, measured=float(near), unit="voxels")]
    away = int(dense.sum())
    severity = LIMITS["metal_away"].severity(away)
    if severity is None:
        return []
    sentence = f"{away} voxels above 2000 HU away from the heart: metal in the field of view"
    return [Finding(code="metal", severity=severity, sentence=sentence, measured=float(away), unit="voxels")]


def _surgery(anatomy: Anatomy, pieces: list[Piece]) -> list[Finding]:
    """Signs of a bypass operation: clips in front of the heart, wires in the sternum."""
    clips = [piece for piece in pieces if _is_clip(anatomy, piece)]
    wires = sum(1 for piece in pieces if _is_wire(anatomy, piece))
    row = LIMITS["clips"].severity(len(clips)) is not None and _spread_mm(clips) > CLIP_ROW_MM
    many = "s" if len(clips) > 1 else ""
    if row or (clips and wires):
        also = f" and {wires} wire{'s' if wires > 1 else ''} in the sternum" if wires else ""
        sentence = (
            f"{len(clips)} small piece{many} of metal before the heart{also}: bypass grafts are possible, and the "
            "score is not meant for operated arteries"
        )
        return [_cabg(Severity.WEAKENS, sentence, len(clips))]
    if wires >= LEAST_WIRES:
        sentence = f"{wires} wires in the sternum: the chest was opened, bypass grafts without clips are possible"
        return [_cabg(Severity.NOTE, sentence, wires)]
    return []


def _cabg(severity: Severity, sentence: str, pieces: int) -> Finding:
    return Finding(
        code="cabg_possible", severity=severity, sentence=sentence, measured=float(pieces), unit="pieces of metal"
    )


def _is_clip(anatomy: Anatomy, piece: Piece) -> bool:
    return (
        piece.extent_mm < CLIP_EXTENT_MM
        and piece.inside > -CLIP_REACH_MM
        and piece.middle_mm[1] < anatomy.centre_mm[1] + CLIP_BEHIND_MM
        and piece.bone > FROM_BONE_MM
        and not _is_wire(anatomy, piece)
    )


def _is_wire(anatomy: Anatomy, piece: Piece) -> bool:
    """In front of the heart near the midline, as dense as steel; longer than a clip, in bone or far from the heart."""
    _, back, left = piece.middle_mm
    before = back < anatomy.centre_mm[1] - WIRE_BEFORE_MM and piece.inside < 0
    midline = abs(left - anatomy.chest.spine_mm[1]) < WIRE_BESIDE_MM
    no_clip = piece.extent_mm > WIRE_EXTENT_MM or piece.bone < FROM_BONE_MM or piece.inside < -CLIP_REACH_MM
    return before and midline and no_clip and piece.peak_hu > METAL_HU


def _spread_mm(pieces: list[Piece]) -> float:
    return float(np.linalg.norm(np.ptp(np.array([piece.middle_mm for piece in pieces]), axis=0)))


# ------------------------------------------------------------------------------------------ saturation


def _saturation(volume: Volume, bright: Bright) -> list[Finding]:
    """Values that end at one highest value, and values that went over it and came back as the lowest."""
    near = bright.inside > -METAL_REACH_MM
    highest = float(bright.hu.max(initial=0.0))
    clipped = int((near & (bright.hu == highest)).sum()) if highest >= METAL_HU else 0
    severity = LIMITS["saturation"].severity(clipped)
    if severity is not None:
        sentence = (
            f"{clipped} voxels in or at the heart hold the highest value, {highest:.0f} HU: the scanner could store no "
            "more, so that mass and mean HU read low there"
        )
        return [
            Finding(code="saturation", severity=severity, sentence=sentence, measured=float(clipped), unit="voxels")
        ]
    wrapped = _wrapped(volume, bright.index[near])
    severity = LIMITS["saturation"].severity(wrapped)
    if severity is None:
        return []
    sentence = (
        f"{wrapped} voxels amid dense ones in or at the heart read as air: values above the range of storage came back "
        "as the lowest, so that calcium and metal read wrong there"
    )
    return [Finding(code="saturation", severity=severity, sentence=sentence, measured=float(wrapped), unit="voxels")]


def _wrapped(volume: Volume, index: npt.NDArray[np.intp]) -> int:
    """Voxels of air that are surrounded in their slice by dense ones; nothing in a body is."""
    if not len(index):
        return 0
    steps = np.array([(0, row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column])
    last = np.array(volume.hu.shape) - 1
    around = np.clip(index[:, None] + steps, 0, last).reshape(-1, 3)
    dark = np.unique(around[volume.hu[tuple(around.T)] < WRAPPED_HU], axis=0)
    if not len(dark):
        return 0
    neighbours = np.clip(dark[:, None] + steps, 0, last)
    dense = volume.hu[tuple(np.moveaxis(neighbours, -1, 0))] > WRAPPED_AMONG_HU
    return int((dense.sum(1) >= WRAPPED_NEIGHBOURS).sum())
