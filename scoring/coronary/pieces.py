"""Bright voxels at the heart, cut into pieces small enough to lie in one vessel."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.anatomy import Anatomy
from scoring.candidates import Islands, components
from scoring.volume import Volume

GREATEST_MM3 = 6000.0
GREATEST_SLICE_AREA_MM2 = 260.0
LEAST_SHARE_IN_COMPARTMENT = 0.35
FARTHEST_MM = 14.0
"""From the surface of the heart's body."""
FARTHEST_OUTSIDE_MM = 12.0
"""From the closed outline of the heart, unless at the aorta: beyond lie ribs and cartilage."""
AT_AORTA_MM = 6.0
BONE_MARGIN_CELLS = 1
LONGEST_WHOLE_MM = 9.0
CELL_MM = 6.0

Labels = npt.NDArray[np.int32]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Pieces of bright voxels: v voxels, p pieces, c components."""

    piece: Labels  # (v,) -1: not at the heart
    points_mm: Points  # (v, 3)
    component: Labels  # (p,) 3-D component of each piece
    count: int


def cut_pieces(volume: Volume, anatomy: Anatomy, islands: Islands) -> Pieces:
    """Components at the heart, those longer than 9 mm divided into cells of 6 mm."""
    voxels = np.stack(np.unravel_index(islands.flat, islands.shape), 1)
    points = anatomy.millimetres(voxels)
    piece = np.full(len(points), -1, np.int32)
    chosen = np.flatnonzero(_free_of_bone(anatomy, points))
    component = components(islands.flat[chosen], islands.shape)
    at_heart = _at_heart(volume, anatomy, islands, chosen, component, points)
    of_piece: list[int] = []
    # A component without a single island large enough to score is left to the specks.
    order = np.argsort(component, kind="stable")
    bounds = np.searchsorted(component[order], np.arange(len(at_heart) + 1))
    for number in np.flatnonzero(at_heart):
        members = chosen[order[bounds[number] : bounds[number + 1]]]
        cells = divide(points[members])
        piece[members] = cells + len(of_piece)
        of_piece.extend([int(number)] * (int(cells.max()) + 1))
    return Pieces(piece=piece, points_mm=points, component=np.array(of_piece, np.int32), count=len(of_piece))


def divide(points_mm: Points) -> Labels:
    """Cells of about 6 mm; one cell when the whole is no longer than 9 mm.

    Seeds are the farthest points from all seeds so far; every point goes to its nearest seed.

    Examples
    --------
    >>> line = np.stack([np.zeros(13), np.zeros(13), np.arange(13.0)], 1)
    >>> divide(line).tolist()
    [0, 0, 0, 0, 2, 2, 2, 2, 2, 1, 1, 1, 1]
    """
    first = np.lexsort((points_mm[:, 2], points_mm[:, 1], points_mm[:, 0]))[0]
    nearest = np.linalg.norm(points_mm - points_mm[first], axis=1)
    cell = np.zeros(len(points_mm), np.int32)
    length = float(np.linalg.norm(np.ptp(points_mm, axis=0)))
    if length <= LONGEST_WHOLE_MM:
        return cell
    number = 0
    while nearest.max() >= CELL_MM:
        number += 1
        distance = np.linalg.norm(points_mm - points_mm[int(nearest.argmax())], axis=1)
        closer = distance < nearest
        cell[closer] = number
        nearest = np.minimum(nearest, distance)
    return cell


def _free_of_bone(anatomy: Anatomy, points: Points) -> npt.NDArray[np.bool_]:
    bones = ndimage.binary_dilation(anatomy.chest.bones, iterations=BONE_MARGIN_CELLS)
    free: npt.NDArray[np.bool_] = np.logical_not(bones[tuple(anatomy.grid.cells(points).T)])
    return free


def _at_heart(
    volume: Volume,
    anatomy: Anatomy,
    islands: Islands,
    chosen: npt.NDArray[Any],
    component: Labels,
    points: Points,
) -> npt.NDArray[np.bool_]:
    """Which components can be calcium of the heart: by size, place and whether anything of them would score."""
    count = int(component.max()) + 1 if len(component) else 0
    if not count:
        return np.zeros(0, bool)
    step = volume.pixel_spacing_mm[0] * volume.pixel_spacing_mm[1]
    voxels = np.bincount(component, minlength=count)
    slice_of = islands.flat[chosen] // (islands.shape[1] * islands.shape[2])
    pairs = np.unique(np.stack([component, slice_of]), axis=1)
    slices = np.bincount(pairs[0], minlength=count)
    large = np.bincount(component, weights=islands.large_enough[islands.island[chosen]], minlength=count) > 0
    area = voxels * step
    wanted = large & (area * volume.slice_increment_mm < GREATEST_MM3) & (area / slices < GREATEST_SLICE_AREA_MM2)
    # Distances are looked up only for components that passed the cheap tests.
    look = np.flatnonzero(wanted[component])
    place = anatomy.at(points[chosen[look]])
    of = component[look]
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, of, place.outside)
    mid = (place.inside_closed > -FARTHEST_OUTSIDE_MM) | (place.aortic_wall < AT_AORTA_MM)
    close = np.bincount(of, weights=mid, minlength=count) >= 0.5 * voxels
    inside = np.bincount(of, weights=place.compartment, minlength=count) >= LEAST_SHARE_IN_COMPARTMENT * voxels
    before = np.bincount(of, weights=place.behind_descending < 0, minlength=count) >= 0.5 * voxels
    result: npt.NDArray[np.bool_] = wanted & (nearest < FARTHEST_MM) & close & inside & before
    return result
