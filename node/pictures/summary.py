"""The summary page and the refusal page: what a person reads first, at full and at half size."""

from dataclasses import dataclass

from node.pictures.canvas import AMBER, SOFT, WHITE, Canvas, Colour, Rgb, Style, broken
from node.pictures.curve import CurveWords, draw_curves

PAGE_PX = 1024
_LEFT = 40
_WIDTH = PAGE_PX - 2 * _LEFT

_TITLE = Style(size_px=26, bold=True)
_WARNING = Style(size_px=22, colour=AMBER)
_TOTAL = Style(size_px=72, bold=True)
_HEADLINE = Style(size_px=26)
_SMALL = Style(size_px=22, colour=SOFT)
_CELL = Style(size_px=24)
_CELL_BOLD = Style(size_px=24, bold=True)
_TICK = Style(size_px=18, colour=SOFT)
_NOTE = Style(size_px=22, colour=SOFT)
_FOOT = Style(size_px=17, colour=SOFT)
_FOOT_TOP = PAGE_PX - 82
_COLUMNS = (280, 440, 610, 770, 944 + _LEFT)  # right edges of the five number columns
_CURVE_LEFT, _CURVE_TOP, _CURVE_PX = 590, 112, 244
_TILE_GAP = 12
_SMALLEST_TILE = 150

# Left and right only: viewers lay their playing bar over the upper middle of such an image.
PRELIMINARY = ("PRELIMINARY", "computed automatically,", "to be verified by a physician")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of the table: its name, its colour and five cells."""

    name: str
    colour: Colour | None
    cells: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence below the table; `warns` draws it in amber."""

    words: str
    warns: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """A square picture of the montage with its caption."""

    rgb: Rgb
    caption: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SummaryWords:
    """Everything that the summary page says."""

    total: str
    headline: tuple[str, ...]  # beside the total
    details: tuple[str, ...]  # below it
    gauge: int | tuple[int, int] | None  # percentile, or band of percentiles: drawn where there is no curve
    curve: CurveWords | None
    heads: tuple[str, str, str, str, str]
    rows: tuple[TableRow, ...]
    notes: tuple[Note, ...]
    tiles: tuple[Tile, ...]
    without_tiles: str  # what stands where the montage would
    foot: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalWords:
    """Everything that the refusal page says."""

    reasons: tuple[tuple[str, str], ...]  # title and sentence
    notes: tuple[Note, ...]
    foot: tuple[str, ...]


def summary_page(words: SummaryWords) -> Rgb:
    """The page of a scored series, 1024 x 1024.

    Viewers lay a control bar over the upper middle of such images: nothing is drawn there.
    """
    page = _begun()
    down = _table(page, words, max(_head(page, words), 226))
    down = _notes(page, words.notes, down + 12, limit=_notes_limit(words))
    _montage(page, words, round(down) + 8)
    _foot(page, words.foot)
    return page.rgb


def _head(page: Canvas, words: SummaryWords) -> int:
    """Total, headline, details, and the curve beside them; gives the height below."""
    right = PAGE_PX - _LEFT if words.curve is None else _CURVE_LEFT - 24
    page.text((_LEFT, 106), words.total, _TOTAL)
    beside = _LEFT + round(_TOTAL.face.getlength(words.total)) + 28
    down = 112.0
    for line in words.headline:
        down = page.wrapped((beside, down), line, _HEADLINE, width_px=right - beside)
    down = max(down + 6, 196.0)
    for detail in words.details:
        down = page.wrapped((_LEFT, down), detail, _SMALL, width_px=right - _LEFT)
    if words.curve is not None:
        draw_curves(page, words.curve, (_CURVE_LEFT, _CURVE_TOP), (PAGE_PX - _LEFT - _CURVE_LEFT, _CURVE_PX))
        down = max(down, _CURVE_TOP + _CURVE_PX)
    elif words.gauge is not None:
        down = _gauge(page, words.gauge, (_LEFT + 8, round(down) + 14), right - _LEFT - 8)
    return round(down) + 14


def refusal_page(words: RefusalWords) -> Rgb:
    """The page of a series that is not scored: why, the figure, and what to do."""
    page = _begun()
    page.text((_LEFT, 130), "Not scored", Style(size_px=64, bold=True, colour=AMBER))
    down = _reasons(page, words.reasons, 240.0)
    if words.notes and down < _FOOT_TOP - 130:
        page.text((_LEFT, down + 6), "Also noticed", Style(size_px=24, bold=True))
        _notes(page, words.notes, down + 44, limit=_FOOT_TOP - 20)
    _foot(page, words.foot)
    return page.rgb


def _reasons(page: Canvas, reasons: tuple[tuple[str, str], ...], down: float) -> float:
    """Reasons as far as there is room, the first always; what is left out is counted."""
    head, text = Style(size_px=30, bold=True), Style(size_px=26)
    for shown, (title, sentence) in enumerate(reasons):
        titles, lines = broken(title, head, width_px=_WIDTH), broken(sentence, text, width_px=_WIDTH)
        height = len(titles) * head.line_px + len(lines) * text.line_px + 28
        if shown and down + height + text.line_px > _FOOT_TOP - 20:
            left = len(reasons) - shown
            return page.wrapped((_LEFT, down), f"{left} more: see the text report", text, width_px=_WIDTH)
        for words, style in [(words, head) for words in titles] + [(words, text) for words in lines]:
            page.text((_LEFT, down), words, style)
            down += style.line_px
        down += 28
    return down


def _begun() -> Canvas:
    page = Canvas(PAGE_PX, PAGE_PX)
    page.text((_LEFT, 26), "Calcium score", _TITLE)
    page.text((_LEFT, 66), PRELIMINARY[0], Style(size_px=22, colour=AMBER, bold=True))
    page.text((PAGE_PX - _LEFT, 34), PRELIMINARY[1], _WARNING, anchor="ra")
    page.text((PAGE_PX - _LEFT, 66), PRELIMINARY[2], _WARNING, anchor="ra")
    return page


def _gauge(page: Canvas, percentile: int | tuple[int, int], at: tuple[int, int], width: int) -> float:
    across, down = at
    width -= 14  # the mark of the 100th percentile ends inside the page
    page.draw.line((across, down, across + width, down), fill=SOFT, width=3)
    for tick in (0, 25, 50, 75, 90, 100):
        place = across + width * tick / 100
        page.draw.line((place, down - 7, place, down + 7), fill=SOFT, width=2)
        page.text((place, down + 11), str(tick), _TICK, anchor="ma")
    if isinstance(percentile, tuple):
        low, high = (across + width * edge / 100 for edge in percentile)
        page.draw.rectangle((low, down - 5, high, down + 5), fill=WHITE)
    else:
        place = across + width * percentile / 100
        page.draw.ellipse((place - 10, down - 10, place + 10, down + 10), fill=WHITE)
    return down + 32


def _table(page: Canvas, words: SummaryWords, down: float) -> float:
    for edge, head in zip(_COLUMNS, words.heads, strict=True):
        page.text((edge, down), head, _SMALL, anchor="ra")
    down += 34
    for row in words.rows:
        style = _CELL if row.colour else _CELL_BOLD
        if row.colour:
            page.draw.rectangle((_LEFT, down + 4, _LEFT + 18, down + 22), fill=row.colour)
        else:
            page.draw.line((_LEFT, down - 4, PAGE_PX - _LEFT, down - 4), fill=SOFT)
        page.text((_LEFT + (28 if row.colour else 0), down), row.name, style)
        for edge, cell in zip(_COLUMNS, row.cells, strict=True):
            page.text((edge, down), cell, style, anchor="ra")
        down += 36
    return down


def _notes_limit(words: SummaryWords) -> float:
    """How far down notes may reach: a montage needs its room."""
    room = _SMALLEST_TILE + 40 if words.tiles else 60
    return _FOOT_TOP - room


def _notes(page: Canvas, notes: tuple[Note, ...], down: float, *, limit: float) -> float:
    """Sentences as far as there is room; what is left out is counted, never dropped in silence."""
    for shown, note in enumerate(notes):
        style = _WARNING if note.warns else _NOTE
        lines = broken(note.words, style, width_px=_WIDTH)
        last = shown == len(notes) - 1
        if down + style.line_px * (len(lines) + (0 if last else 1)) > limit:
            left = len(notes) - shown
            page.text((_LEFT, down), f"{left} more: see the text report", style)
            return down + style.line_px
        for line in lines:
            page.text((_LEFT, down), line, style)
            down += style.line_px
        down += 4
    return down


def _montage(page: Canvas, words: SummaryWords, down: int) -> None:
    if not words.tiles:
        page.text((_LEFT, down + 8), words.without_tiles, Style(size_px=30, bold=True))
        return
    caption = Style(size_px=20, bold=True)
    columns = max(len(words.tiles), 3)
    side = min(_FOOT_TOP - 14 - down - caption.line_px, (_WIDTH - _TILE_GAP * (columns - 1)) // columns)
    widest = max(round(caption.face.getlength(tile.caption)) for tile in words.tiles)
    for number, tile in enumerate(words.tiles):
        left = _LEFT + number * (max(side, widest) + _TILE_GAP)
        page.text((left, down), tile.caption, Style(size_px=20, bold=True, colour=tile.colour))
        page.paste(tile.rgb, (left, down + caption.line_px), side)


def _foot(page: Canvas, lines: tuple[str, ...]) -> None:
    down = float(_FOOT_TOP)
    page.draw.line((_LEFT, down - 6, PAGE_PX - _LEFT, down - 6), fill=SOFT)
    for line in lines:
        down = page.wrapped((_LEFT, down), line, _FOOT, width_px=_WIDTH) + 2
