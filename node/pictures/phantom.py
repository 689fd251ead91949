"""The page of a phantom scan: the inserts and the rods as they were found, the table, the verdict."""

from dataclasses import dataclass

import numpy as np

from node.pictures.canvas import AMBER, SOFT, WHITE, Canvas, Colour, Plane, Rgb, Style, broken
from node.pictures.overlay import grey

_WIDTH_PX, _HEIGHT_PX = 1480, 1200
_MARGIN_PX = 36
_INSERTS_PX, _RODS_PX = 780, 420
_TOP_PX = 96
_RIGHT_PX = _MARGIN_PX + _INSERTS_PX + 36
_TABLE_TOP_PX = _TOP_PX + _INSERTS_PX + 44

_TITLE = Style(size_px=28, bold=True)
_HEAD = Style(size_px=18, colour=SOFT)
_CELL = Style(size_px=18)
_VERDICT = Style(size_px=44, bold=True)
_SENTENCE = Style(size_px=19)
_LABEL = Style(size_px=17, bold=True)
_CAPTION = Style(size_px=17, colour=SOFT)
_EDGE: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A circle about something found, with its name beside it."""

    centre: tuple[float, float]  # (row, column) of the slice
    radius_mm: float
    label: str
    colour: Colour
    beside: tuple[float, float]  # direction of the label, (down, right), of length 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A square piece of one slice."""

    hu: Plane
    pixel_spacing_mm: tuple[float, float]
    middle: tuple[float, float]  # (row, column)
    side_mm: float
    rings: tuple[Ring, ...]
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhantomWords:
    """Everything that the page shows."""

    title: str
    verdict: str
    verdict_colour: Colour
    sentences: tuple[str, ...]
    inserts: Panel
    rods: Panel | None
    without_rods: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: str


def phantom_page(words: PhantomWords) -> Rgb:
    """Draw the page."""
    page = Canvas(_WIDTH_PX, _HEIGHT_PX)
    page.text((_MARGIN_PX, 30), words.title, _TITLE)
    _panel(page, words.inserts, (_MARGIN_PX, _TOP_PX), _INSERTS_PX)
    if words.rods is not None:
        _panel(page, words.rods, (_RIGHT_PX, _TOP_PX), _RODS_PX)
        down = _TOP_PX + _RODS_PX + 40.0
    else:
        down = page.wrapped((_RIGHT_PX, _TOP_PX), words.without_rods, _SENTENCE, width_px=_room()) + 20.0
    page.text((_RIGHT_PX, down), words.verdict, Style(size_px=_VERDICT.size_px, bold=True, colour=words.verdict_colour))
    _sentences(page, words.sentences, down + 62.0)
    _table(page, words)
    page.text((_MARGIN_PX, _HEIGHT_PX - 34), words.foot, _CAPTION)
    return page.rgb


def _room() -> int:
    return _WIDTH_PX - _MARGIN_PX - _RIGHT_PX


def _panel(page: Canvas, panel: Panel, at: tuple[int, int], side_px: int) -> None:
    page.paste(np.repeat(grey(_cut_out(panel))[..., None], 3, 2), at, side_px)
    scale = side_px / panel.side_mm
    for ring in panel.rings:
        down, right = (
            (place - middle) * spacing * scale + side_px / 2
            for place, middle, spacing in zip(ring.centre, panel.middle, panel.pixel_spacing_mm, strict=True)
        )
        _ring(page, ring, (at[0] + right, at[1] + down), ring.radius_mm * scale)
    page.text((at[0], at[1] + side_px + 6), panel.caption, _CAPTION)


def _cut_out(panel: Panel) -> Plane:
    """The piece on a grid of square pixels, black where the slice ends."""
    finest = min(panel.pixel_spacing_mm)
    steps = (np.arange(round(panel.side_mm / finest)) + 0.5) * finest - panel.side_mm / 2
    places = [
        np.rint(middle + steps / spacing).astype(int)
        for middle, spacing in zip(panel.middle, panel.pixel_spacing_mm, strict=True)
    ]
    inside = [(place >= 0) & (place < size) for place, size in zip(places, panel.hu.shape, strict=True)]
    rows, columns = (np.clip(place, 0, size - 1) for place, size in zip(places, panel.hu.shape, strict=True))
    return np.where(inside[0][:, None] & inside[1][None], panel.hu[np.ix_(rows, columns)], -1024)


def _ring(page: Canvas, ring: Ring, centre: tuple[float, float], radius_px: float) -> None:
    across, down = centre
    page.draw.ellipse(
        (across - radius_px, down - radius_px, across + radius_px, down + radius_px), outline=ring.colour, width=2
    )
    below, right = ring.beside
    half = _LABEL.face.getlength(ring.label) / 2
    reach = radius_px + 5 + abs(right) * half + abs(below) * _LABEL.size_px * 0.6
    page.draw.text(
        (across + right * reach, down + below * reach),
        ring.label,
        fill=ring.colour,
        font=_LABEL.face,
        anchor="mm",
        stroke_width=2,
        stroke_fill=_EDGE,
    )


def _sentences(page: Canvas, sentences: tuple[str, ...], down: float) -> None:
    """Reasons as far as there is room; what is left out is counted."""
    limit = _TABLE_TOP_PX - 10
    for shown, sentence in enumerate(sentences):
        lines = broken(sentence, _SENTENCE, width_px=_room())
        last = shown == len(sentences) - 1
        if down + _SENTENCE.line_px * (len(lines) + (0 if last else 1)) > limit:
            left = len(sentences) - shown
            page.text((_RIGHT_PX, down), f"{left} more in the table of the command", _SENTENCE)
            return
        for line in lines:
            page.text((_RIGHT_PX, down), line, _SENTENCE)
            down += _SENTENCE.line_px
        down += 8


def _table(page: Canvas, words: PhantomWords) -> None:
    step = (_WIDTH_PX - 2 * _MARGIN_PX) / (len(words.heads) + 0.6)
    down = float(_TABLE_TOP_PX)
    for cells, style in [(words.heads, _HEAD), *((row, _CELL) for row in words.rows)]:
        for place, cell in enumerate(cells):
            if place:
                page.text((_MARGIN_PX + (place + 1.6) * step, down), cell, style, anchor="ra")
            else:
                page.text((_MARGIN_PX, down), cell, style)
        down += style.line_px


PASSED: Colour = (0, 190, 130)
WARNED = AMBER
FAILED: Colour = (255, 110, 90)
PLAIN = WHITE
