"""The page that shows why each lesion was counted or not: slices with what was found, and a table of evidence."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from node.pictures.canvas import AMBER, SOFT, WHITE, Canvas, Colour, Mask, Plane, Rgb, Style, broken
from node.pictures.overlay import grey, overlay, ring

TILES_ACROSS, TILES_DOWN = 3, 2
TILES = TILES_ACROSS * TILES_DOWN

HEART: Colour = (235, 90, 90)
FAT: Colour = (120, 90, 30)
ASCENDING: Colour = (255, 255, 255)
DESCENDING: Colour = (150, 200, 255)

_LEFT, _GAP, _SIDE = 30, 14, 470
_WIDTH = 2 * _LEFT + TILES_ACROSS * _SIDE + (TILES_ACROSS - 1) * _GAP
_FAT_SHARE = 0.4
_TITLE = Style(size_px=28, bold=True)
_CAPTION = Style(size_px=20, colour=SOFT)
_CELL = Style(size_px=19)
_HEAD = Style(size_px=18, colour=SOFT)
_COLUMNS = (_LEFT, 84, 420, 540, 650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse:
    """A circle in millimetres, in pixels of the slice: pixels need not be square."""

    row: float
    column: float
    row_radius: float
    column_radius: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A number beside a candidate."""

    row: float
    column: float
    words: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExplainTile:
    """One slice: pixels, what was found on it, and the candidates on it."""

    caption: str
    hu: Plane
    labels: Rgb  # (row, column) uint8
    heart: Mask
    fat: Mask
    circles: tuple[Ellipse, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRow:
    """One candidate: its number on the picture, the verdict, and what it rests on."""

    number: str
    verdict: str
    colour: Colour
    agatston: str
    confidence: str
    evidence: str


def explain_page(
    title: str,
    tiles: tuple[ExplainTile, ...],
    rows: tuple[ExplainRow, ...],
    colours: dict[int, Colour],
    *,
    excluded: int,
    notes: tuple[str, ...] = (),
) -> Rgb:
    """One page: up to six slices, and below them a row for every candidate on these.

    Parameters
    ----------
    title : str
    tiles : up to `TILES`
    rows : in the order of their numbers
    colours : of the labels that count
    excluded : label of what does not count
    notes : sentences between title and slices
    """
    evidence = [broken(row.evidence, _CELL, width_px=_WIDTH - _LEFT - _COLUMNS[-1]) or [""] for row in rows]
    below = 60 + sum(len(lines) * _CELL.line_px + 8 for lines in evidence)
    shelves = -(-len(tiles) // TILES_ACROSS)
    told = [line for note in notes for line in broken(note, _CELL, width_px=_WIDTH - 2 * _LEFT)]
    top = 108 + len(told) * _CELL.line_px
    page = Canvas(_WIDTH, top + shelves * (_SIDE + _CAPTION.line_px + _GAP) + below)
    page.text((_LEFT, 20), title, _TITLE)
    _key(page, 62)
    for number, line in enumerate(told):
        page.text((_LEFT, 96 + number * _CELL.line_px), line, Style(size_px=_CELL.size_px, colour=AMBER))
    for number, tile in enumerate(tiles):
        shelf, place = divmod(number, TILES_ACROSS)
        at = (_LEFT + place * (_SIDE + _GAP), top + shelf * (_SIDE + _CAPTION.line_px + _GAP))
        page.text(at, tile.caption, _CAPTION)
        page.image.paste(_drawn(tile, colours, excluded), (at[0], at[1] + _CAPTION.line_px))
    _table(page, rows, evidence, top + shelves * (_SIDE + _CAPTION.line_px + _GAP) + 10)
    return page.rgb


def _key(page: Canvas, down: int) -> None:
    across = float(_LEFT)
    for words, colour in (
        ("heart region", HEART),
        ("ascending aorta", ASCENDING),
        ("descending aorta", DESCENDING),
        ("fat at the heart", (200, 150, 60)),
        ("not counted", AMBER),
    ):
        page.draw.rectangle((across, down + 5, across + 16, down + 19), outline=colour, width=3)
        page.text((across + 24, down), words, _HEAD)
        across += 60 + _HEAD.face.getlength(words)


def _drawn(tile: ExplainTile, colours: dict[int, Colour], excluded: int) -> Image.Image:
    rgb = overlay(tile.hu, tile.labels, {**colours, excluded: AMBER})
    unmarked = tile.labels == 0
    tinted = tile.fat & unmarked
    rgb[tinted] = (grey(tile.hu)[tinted][:, None] * (1 - _FAT_SHARE) + np.array(FAT) * _FAT_SHARE).astype(np.uint8)
    rgb[ring(tile.heart) & unmarked] = HEART
    rows, columns = tile.hu.shape
    scale = _SIDE / max(rows, columns)
    image = Image.fromarray(rgb).resize((round(columns * scale), round(rows * scale)), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    for circle in tile.circles:
        across, down = (circle.column + 0.5) * scale, (circle.row + 0.5) * scale
        wide, high = circle.column_radius * scale, circle.row_radius * scale
        draw.ellipse((across - wide, down - high, across + wide, down + high), outline=circle.colour, width=2)
    style = Style(size_px=20, bold=True)
    for mark in tile.marks:
        across, down = (mark.column + 0.5) * scale, (mark.row + 0.5) * scale
        across = across + 14 if across < image.width - 60 else across - 40
        draw.text(
            (across, max(0.0, down - 26)),
            mark.words,
            fill=mark.colour,
            font=style.face,
            stroke_width=2,
            stroke_fill=(0, 0, 0),
        )
    return image


def _table(page: Canvas, rows: tuple[ExplainRow, ...], evidence: list[list[str]], down: float) -> None:
    heads = ("no.", "taken for", "Agatston", "confidence", "because")
    for across, head in zip(_COLUMNS, heads, strict=True):
        page.text((across, down), head, _HEAD)
    down += 34
    for row, lines in zip(rows, evidence, strict=True):
        cells = (row.number, row.verdict, row.agatston, row.confidence)
        for across, cell in zip(_COLUMNS, cells, strict=False):
            colour = row.colour if across < _COLUMNS[2] else WHITE
            page.text((across, down), cell, Style(size_px=_CELL.size_px, colour=colour, bold=across == _LEFT))
        for line in lines:
            page.text((_COLUMNS[-1], down), line, _CELL)
            down += _CELL.line_px
        down += 8
