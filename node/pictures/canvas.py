"""Colours, and the few strokes of which pages are made."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from node.pictures.font import font

Colour = tuple[int, int, int]
Rgb = npt.NDArray[np.uint8]  # axes (row, column, channel)
Plane = npt.NDArray[Any]  # HU of one slice, axes (row, column)
Mask = npt.NDArray[np.bool_]

# Okabe-Ito: told apart with every common colour blindness
PURPLE: Colour = (204, 121, 167)
ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)

WHITE: Colour = (240, 240, 240)
SOFT: Colour = (172, 179, 187)
AMBER: Colour = (255, 200, 80)
DARK: Colour = (16, 18, 22)
FAINT: Colour = (150, 150, 150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a piece of text looks."""

    size_px: int
    colour: Colour = WHITE
    bold: bool = False

    @property
    def face(self) -> ImageFont.FreeTypeFont:
        """The font of this style."""
        return font(self.size_px, bold=self.bold)

    @property
    def line_px(self) -> int:
        """Distance from one line to the next."""
        return round(self.size_px * 1.28)


class Canvas:
    """A dark page that is drawn on from the top down."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.image = Image.new("RGB", (width_px, height_px), DARK)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, at: tuple[float, float], words: str, style: Style, *, anchor: str = "la") -> None:
        """One line; `anchor` as in Pillow: first letter l, m, r = where `at` is across, second a = top."""
        self.draw.text(at, words, fill=style.colour, font=style.face, anchor=anchor)

    def wrapped(self, at: tuple[float, float], words: str, style: Style, *, width_px: float) -> float:
        """Several lines broken at blanks; gives the height below them."""
        across, down = at
        for line in broken(words, style, width_px=width_px):
            self.text((across, down), line, style)
            down += style.line_px
        return down

    def paste(self, rgb: Rgb, at: tuple[int, int], side_px: int) -> None:
        """A square picture, scaled to `side_px`."""
        tile = Image.fromarray(rgb).resize((side_px, side_px), Image.Resampling.BICUBIC)
        self.image.paste(tile, at)

    @property
    def rgb(self) -> Rgb:
        """What was drawn."""
        return np.asarray(self.image)


def broken(words: str, style: Style, *, width_px: float) -> list[str]:
    """Lines that fit the width, broken at blanks; a word that is longer than a line is broken inside."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        joined = f"{line} {word}".strip()
        if style.face.getlength(joined) <= width_px:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while style.face.getlength(line) > width_px:
            fits = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or style.face.getlength(line[:n]) <= width_px)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines


def png(rgb: Rgb) -> bytes:
    """PNG of an RGB array. Quick compression: level 1 takes a third of the time of level 6 for a fifth more bytes."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
