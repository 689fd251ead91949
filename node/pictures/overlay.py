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


def lettering(lines: tuple[LegendLine, ...], *, rows: int) -> Lettering:
    """The legend of an image of so many rows, with a dark edge round each letter."""
    style = Style(size_px=max(9, round(rows / 40)))
    step = style.size_px + 3
    words = [line.words + (" \N{BLACK CIRCLE}" if line.marked else "") for line in lines]
    # The dot's width is always kept free, so that the legend has one size and one place on every slice.
    width = max(round(style.face.getlength(line.words + " \N{BLACK CIRCLE}")) for line in lines) + 6
    letters = Image.new("RGB", (width, step * len(lines) + 4))
    cover = Image.new("L", letters.size)
    for number, (line, text) in enumerate(zip(lines, words, strict=True)):
        at = (3, 2 + number * step)
        ImageDraw.Draw(letters).text(at, text, fill=line.colour, font=style.face, stroke_width=1, stroke_fill=(0, 0, 0))
        ImageDraw.Draw(cover).text(at, text, fill=255, font=style.face, stroke_width=1, stroke_fill=180)
    return Lettering(rgb=np.asarray(letters), cover=np.asarray(cover, np.float32) / np.float32(255))


def quietest_corner(heart: Mask, *, height: int, width: int) -> tuple[int, int]:
    """Row and column at which a rectangle in a corner covers the fewest pixels of the heart.

    Parameters
    ----------
    heart : (row, column) bool
        Projection of the heart over all slices, so that the place is the same on each.
    """
    rows, columns = heart.shape
    low, right = max(rows - height - _MARGIN_PX, 0), max(columns - width - _MARGIN_PX, 0)
    corners = [(low, _MARGIN_PX), (low, right), (_MARGIN_PX, _MARGIN_PX), (_MARGIN_PX, right)]
    return min(corners, key=lambda at: int(heart[at[0] : at[0] + height, at[1] : at[1] + width].sum()))


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
