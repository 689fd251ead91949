"""One CT slice in grey with the calcium in colour, and a legend that stays off the heart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from node.pictures.canvas import FAINT, Colour, Mask, Plane, Rgb, Style

WINDOW_CENTRE_HU = 130.0
WINDOW_WIDTH_HU = 760.0
"""Fat is dark grey, soft tissue middle grey, 130 HU exactly in the middle and 510 HU white."""

_TINT = 0.55  # share of the vessel's colour inside a lesion: the CT still shows through
_FAINT_RING = 0.6
_MARGIN_PX = 2
_DOT = " \N{BLACK CIRCLE}"
_SMALLEST_LETTERS_PX = 9
_CORNER_SHARE = 0.08  # of the rows: what viewers write into a corner
_LETTER_SHARE = 0.04  # to each side of the middle of an edge: its letter of orientation
_SIDE_SHARE = 0.35  # of the columns: a legend that is wider reaches under a viewer's bar


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendLine:
    """One line of the legend; `marked` puts a dot behind it: it occurs on this slice."""

    words: str
    colour: Colour
    marked: bool = False


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
    rgb = np.repeat(grey(hu)[..., None], 3, 2)
    present = {int(label) for label in np.unique(labels)}
    if faint in present:
        edge = ring(labels == faint)
        rgb[edge] = _blend(rgb[edge], FAINT, _FAINT_RING)
    for label in sorted(present & set(colours)):
        mask = labels == label
        rgb[mask] = _blend(rgb[mask], colours[label], _TINT)
        rgb[ring(mask) & ~np.isin(labels, list(colours))] = colours[label]
    return rgb


def lettering(lines: tuple[LegendLine, ...], *, size_px: int) -> Lettering:
    """A legend in letters of this height, with a dark edge round each letter."""
    style = Style(size_px=size_px)
    step = style.size_px + 3
    words = [line.words + (_DOT if line.marked else "") for line in lines]
    # The dot's width is always kept free, so that the legend has one size and one place on every slice.
    width = max(round(style.face.getlength(line.words + _DOT)) for line in lines) + 6
    letters = Image.new("RGB", (width, step * len(lines) + 4))
    cover = Image.new("L", letters.size)
    for number, (line, text) in enumerate(zip(lines, words, strict=True)):
        at = (3, 2 + number * step)
        ImageDraw.Draw(letters).text(at, text, fill=line.colour, font=style.face, stroke_width=1, stroke_fill=(0, 0, 0))
        ImageDraw.Draw(cover).text(at, text, fill=255, font=style.face, stroke_width=1, stroke_fill=180)
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
    """Row and column of a rectangle that covers nothing of the heart and nothing of a viewer's own writing.

    Viewers write into the corners, put the letters of orientation at the middles of the edges and lay their bars
    over the upper middle: a legend stands at the left or right edge between those places, low before high.

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
    corner, letters = round(rows * _CORNER_SHARE), round(rows * (0.5 - _LETTER_SHARE))
    low = range(rows - corner - height, rows - letters - 1, -1)
    high = range(corner, letters - height + 1)
    if width + _MARGIN_PX > columns * _SIDE_SHARE:
        return None
    for tops in (low, high):
        for left in (_MARGIN_PX, columns - width - _MARGIN_PX):
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
