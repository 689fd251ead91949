"""Masks as the outlines that DICOM image regions hold.

Image coordinates are (column, row) and start at 0.0 on the outer corner of the first pixel (PS3.3 C.18.6.1.2), so
pixel edges are whole numbers: an outline encloses exactly the scored pixels, and filling it gives the mask back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Polygon = npt.NDArray[np.float64]  # (points, 2): column, row; the last point repeats the first
Mask = npt.NDArray[np.bool_]
_Corner = tuple[int, int]

_ENVELOPE_ROWS = 12
_RECTANGLE_POINTS = 5

_SIDES: tuple[tuple[_Corner, _Corner, _Corner], ...] = (
    # neighbour across the side, where the side starts, where it ends: clockwise, the pixel on the right hand
    ((-1, 0), (0, 0), (0, 1)),
    ((0, 1), (0, 1), (1, 1)),
    ((1, 0), (1, 1), (1, 0)),
    ((0, -1), (1, 0), (0, 0)),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """One closed outline on one slice."""

    slice_index: int
    polygon: Polygon


def outlined(labels: npt.NDArray[Any], label: int, slices: Iterable[int]) -> tuple[Region, ...]:
    """Outlines of one label of a volume (slice, row, column) on the slices that are named, in their order.

    The order matters: the most common viewer draws only the first region of a group.
    """
    return tuple(
        Region(slice_index=index, polygon=_no_rectangle(polygon))
        for index in slices
        for polygon in outlines(labels[index] == label)
    )


def enveloped(mask: npt.NDArray[Any]) -> tuple[Region, ...]:
    """One coarse outline a slice, for large regions: 24 points instead of some 800, the largest slice first."""
    counts = np.count_nonzero(mask, axis=(1, 2))
    order = sorted((int(index) for index in np.flatnonzero(counts)), key=lambda index: (-int(counts[index]), index))
    return tuple(Region(slice_index=index, polygon=_envelope(mask[index])) for index in order)


def box(*, slices: int, rows: int, columns: int) -> tuple[Region, ...]:
    """The middle of the middle image: where nothing was found, a reader is still shown an image."""
    top, left = rows // 4, columns // 4
    bottom, right = rows - top, columns - left
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return (Region(slice_index=slices // 2, polygon=_no_rectangle(np.array(corners, float))),)


def outlines(mask: Mask) -> list[Polygon]:
    """Pixel-edge polygons round the 4-connected parts of a mask (row, column), holes included as polygons.

    Examples
    --------
    One pixel in row 1, column 2:

    >>> outlines(np.array([[0, 0, 0], [0, 0, 1]], bool))[0].tolist()
    [[2.0, 1.0], [3.0, 1.0], [3.0, 2.0], [2.0, 2.0], [2.0, 1.0]]
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return []
    top, left = int(rows.min()), int(columns.min())
    tight = np.asarray(mask[top : int(rows.max()) + 1, left : int(columns.max()) + 1], bool)
    onward = _edges(tight)
    polygons = []
    while onward:
        path = _walk(onward, min(onward))
        polygons.append(np.array([(column + left, row + top) for row, column in path], float))
    return polygons


def _edges(mask: Mask) -> dict[_Corner, list[_Corner]]:
    """From each corner of a pixel, where the border goes on."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    onward: dict[_Corner, list[_Corner]] = {}
    for (down, across), start, end in _SIDES:
        neighbour = padded[1 + down : 1 + down + rows, 1 + across : 1 + across + columns]
        for row, column in np.argwhere(mask & ~neighbour).tolist():
            onward.setdefault((row + start[0], column + start[1]), []).append((row + end[0], column + end[1]))
    return onward


def _walk(onward: dict[_Corner, list[_Corner]], start: _Corner) -> list[_Corner]:
    """One closed path, its edges taken out of `onward`; straight runs are one edge."""
    path = [start]
    here, step = start, (0, 0)
    while True:
        ways = onward[here]
        right = (here[0] + step[1], here[1] - step[0])
        # Where two pixels touch by a corner, turning right stays with the same pixel.
        way = right if len(ways) > 1 and right in ways else ways[0]
        ways.remove(way)
        if not ways:
            del onward[here]
        onwards = (way[0] - here[0], way[1] - here[1])
        if onwards == step:
            path[-1] = way
        else:
            path.append(way)
        here, step = way, onwards
        if here == start:
            return path


def _no_rectangle(polygon: Polygon) -> Polygon:
    """The same outline; one of four corners gets the middles of its sides as well.

    The most common viewer takes a region of four or five points for a rectangle that was drawn in it, asks whether to
    go on measuring with it, and then prints an area and a mean of its own.
    """
    if len(polygon) != _RECTANGLE_POINTS:
        return polygon
    middles = (polygon[:-1] + polygon[1:]) / 2
    return np.vstack([np.stack([polygon[:-1], middles], axis=1).reshape(-1, 2), polygon[-1:]])


def _envelope(mask: Mask) -> Polygon:
    """Left and right ends of evenly chosen rows, at the height of the pixel centres."""
    filled = np.flatnonzero(mask.any(axis=1))
    chosen = filled[np.linspace(0, len(filled) - 1, min(_ENVELOPE_ROWS, len(filled))).astype(int)]
    columns = mask.shape[1]
    left = [(float(mask[row].argmax()), row + 0.5) for row in chosen]
    right = [(float(columns - mask[row, ::-1].argmax()), row + 0.5) for row in chosen[::-1]]
    return np.array([*left, *right, left[0]], float)
