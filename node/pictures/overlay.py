"""One CT slice in grey with the calcium in colour, and a legend that stays off the heart."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from node.pictures.canvas import FAINT, Colour, Mask, Plane, Rgb
from node.pictures.font import font

WINDOW_CENTRE_HU = 130.0
WINDOW_WIDTH_HU = 760.0
"""Fat is dark grey, soft tissue middle grey, 130 HU exactly in the middle and 510 HU white."""

_TINT = 0.55  # share of the vessel's colour inside a lesion: the CT still shows through
_FAINT_RING = 0.6
_MARGIN_PX = 2
_LEADING_PX = 3
_DOT = " \N{BLACK CIRCLE}"
_SMALLEST_LETTERS_PX = 9
_CORNER_SHARE = 0.08  # of the rows: what viewers write into a corner
_LETTER_SHARE = 0.04  # to each side of the middle of an edge: its letter of orientation
_SIDE_SHARE = 0.38  # of the columns: a legend that is wider reaches under a viewer's bar


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendLine:
    """One line of the legend; `marked` puts a dot behind it: it occurs on this slice. None: it never has a dot."""

    words: str
    colour: Colour
    marked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """A drawn legend: colours, and how much each pixel covers (0 to 1)."""

    rgb: Rgb
    cover: npt.NDArray[np.float32]


def grey(hu: Plane) -> npt.NDArray[np.uint8]:
    """HU to grey levels in the window that reads calcium."""
    low = WINDOW_CENTRE_HU - WINDOW_WIDTH_HU / 2
    scaled = (hu.astype(np.float32) - np.float32(low)) * np.float32(255 / WINDOW_WIDTH_HU)
    levels: npt.NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return levels


def ring(mask: Mask) -> Mask:
    """Pixels just outside a mask: what was scored stays visible and can be counted."""
    wide = np.pad(mask, 1)
    touched: Mask = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return touched & ~mask


def overlay(
    hu: Plane, labels: npt.NDArray[np.uint8], colours: Mapping[int, Colour], *, faint: int | None = None
) -> Rgb:
    """One slice in RGB: a ring round each labelled region in its colour, tinted inside.

    Parameters
    ----------
    hu : (row, column)
        Hounsfield units.
    labels : (row, column) uint8
        0 is nothing; the keys of `colours` are drawn.
    faint : int or None
        Label that gets a faint grey ring and no tint.
    """
    whole = np.repeat(grey(hu)[..., None], 3, 2)
    box = _box(labels)
    rgb, labels = whole[box], labels[box]
    present = set(np.flatnonzero(np.bincount(labels.reshape(-1))).tolist())
    if faint in present:
        edge = ring(labels == faint)
        rgb[edge] = _blend(rgb[edge], FAINT, _FAINT_RING)
    coloured = np.isin(labels, list(colours))
    for label in sorted(present & set(colours)):
        mask = labels == label
        rgb[mask] = _blend(rgb[mask], colours[label], _TINT)
        rgb[ring(mask) & ~coloured] = colours[label]
    return whole


def _box(labels: npt.NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns that hold labels, one more on each side for the rings; empty where there are none."""
    sides = []
    for axis in (1, 0):
        found = np.flatnonzero(labels.any(axis=axis))
        sides.append(slice(max(0, int(found[0]) - 1), int(found[-1]) + 2) if found.size else slice(0, 0))
    return sides[0], sides[1]


def lettering(lines: tuple[LegendLine, ...], *, size_px: int) -> Lettering:
    """A legend in letters of this height, with a dark edge round each letter."""
    drawn = [_drawn(line.words + (_DOT if line.marked else ""), line.colour, size_px) for line in lines]
    # Where a dot may stand its width is kept free, so that the legend has one size and one place on every slice.
    widest = (line.words + ("" if line.marked is None else _DOT) for line in lines)
    width = max(round(font(size_px).getlength(words)) for words in widest) + 6
    height = size_px + _LEADING_PX
    rgb = np.zeros((height * len(lines) + 4, width, 3), np.uint8)
    cover = np.zeros(rgb.shape[:2], np.float32)
    for number, line in enumerate(drawn):
        rows = slice(number * height, number * height + line.rgb.shape[0])
        columns = slice(0, min(width, line.rgb.shape[1]))
        rgb[rows, columns] = np.maximum(rgb[rows, columns], line.rgb[:, columns])
        cover[rows, columns] = np.maximum(cover[rows, columns], line.cover[:, columns])
    return Lettering(rgb=rgb, cover=cover)


@lru_cache(maxsize=64)
def _drawn(words: str, colour: Colour, size_px: int) -> Lettering:
    """One line; most lines of a legend are the same on every slice, and drawing letters takes longest."""
    face = font(size_px)
    letters = Image.new("RGB", (round(face.getlength(words)) + 6, size_px + _LEADING_PX + 4))
    cover = Image.new("L", letters.size)
    ImageDraw.Draw(letters).text((3, 2), words, fill=colour, font=face, stroke_width=1, stroke_fill=(0, 0, 0))
    ImageDraw.Draw(cover).text((3, 2), words, fill=255, font=face, stroke_width=1, stroke_fill=180)
    return Lettering(rgb=np.asarray(letters), cover=np.asarray(cover, np.float32) / np.float32(255))


def legend_sizes(rows: int) -> tuple[int, ...]:
    """Heights of letters to try on an image of so many rows, from the one that reads well to the smallest that reads.

    Examples
    --------
    >>> legend_sizes(512), legend_sizes(256)
    ((13, 11, 9), (9,))
    """
    best = max(_SMALLEST_LETTERS_PX, round(rows / 40))
    return tuple(range(best, _SMALLEST_LETTERS_PX - 1, -2))


def quiet_place(heart: Mask, *, height: int, width: int) -> tuple[int, int] | None:
    """Row and column of a rectangle that covers nothing of the heart and no place where viewers put their controls.

    Viewers lay their bars over the upper middle and put letters of orientation at the middles of the edges; a legend
    stands at the left or right edge between those, low before high. It leaves the corners, where viewers write, free
    as long as there is another place.

    Parameters
    ----------
    heart : (row, column) bool
        Projection of the heart over all slices, so that the place is the same on each.

    Returns
    -------
    tuple or None
        None where no such place is free: then the image stays without a legend.
    """
    rows, columns = heart.shape
    if width + _MARGIN_PX > columns * _SIDE_SHARE:
        return None
    letters = round(rows * (0.5 - _LETTER_SHARE))
    for corner in (round(rows * _CORNER_SHARE), _MARGIN_PX):
        low = range(rows - corner - height, rows - letters - 1, -1)
        high = range(corner, letters - height + 1)
        for tops, left in product((low, high), (_MARGIN_PX, columns - width - _MARGIN_PX)):
            for top in tops:
                if not heart[top : top + height, left : left + width].any():
                    return top, left
    return None


def stamped(rgb: Rgb, legend: Lettering, at: tuple[int, int]) -> Rgb:
    """The slice with its legend; what does not fit the image is cut."""
    out = rgb.copy()
    place = out[at[0] : at[0] + legend.rgb.shape[0], at[1] : at[1] + legend.rgb.shape[1]]
    cover = legend.cover[: place.shape[0], : place.shape[1], None]
    letters = legend.rgb[: place.shape[0], : place.shape[1]]
    place[:] = np.clip(place * (1 - cover) + letters * cover, 0, 255).astype(np.uint8)
    return out


def _blend(pixels: Rgb, colour: Colour, share: float) -> Rgb:
    mixed = pixels * (1 - share) + np.array(colour) * share
    return mixed.astype(np.uint8)
