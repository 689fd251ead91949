"""Agreement of scores with a reference: the Bland-Altman plot, and the page that holds it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from node.pictures.canvas import AMBER, SKY, SOFT, WHITE, Canvas, Rgb, Style

PLOT_PX = (960, 560)
PAGE_PX = (1024, 1200)

_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 24, 58, 74
_DOT_PX = 5
_TICKS_UP = 2
_TICKS_ACROSS = 6
_TITLE = Style(size_px=24, bold=True)
_AXIS = Style(size_px=17, colour=SOFT)
_TEXT = Style(size_px=21)
_HEAD = Style(size_px=21, bold=True)
_SMALL = Style(size_px=17, colour=SOFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lines of a Bland-Altman plot."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementWords:
    """Everything that the page says besides the plot."""

    title: str
    figures: tuple[tuple[str, str], ...]  # name and value
    table_heads: tuple[str, ...]
    table_rows: tuple[tuple[str, ...], ...]
    table_title: str
    foot: tuple[str, ...]


def bland_altman_plot(pairs: Sequence[tuple[float, float]], limits: Limits | None) -> Rgb:
    """Difference (score minus reference) over the mean of both, one dot a case.

    Parameters
    ----------
    pairs : sequence of (reference, score)
        Agatston scores. The horizontal axis is that of square roots: scores spread from 0 to thousands.
    limits : Limits or None
        Mean and limits of agreement; None where they are not defined.
    """
    page = Canvas(*PLOT_PX)
    page.text((_LEFT, 16), "Score minus reference, over the mean of both (Agatston)", _TITLE)
    means = [(reference + score) / 2 for reference, score in pairs]
    differences = [score - reference for reference, score in pairs]
    lines = [limits.mean, limits.low, limits.high] if limits else []
    reach = _round_up(max(map(abs, [*differences, *lines, 1.0])))
    widest = _round_up(max([*means, 1.0]))
    _axes(page, reach, widest)
    if limits:
        for value, name, colour in (
            (limits.high, "mean + 1.96 SD", AMBER),
            (limits.mean, "mean", WHITE),
            (limits.low, "mean - 1.96 SD", AMBER),
        ):
            down = _down(value, reach)
            page.draw.line((_LEFT, down, PLOT_PX[0] - _RIGHT, down), fill=colour, width=2)
            page.text((PLOT_PX[0] - _RIGHT - 4, down - 21), f"{name} {value:+.1f}", _AXIS, anchor="ra")
    for mean, difference in zip(means, differences, strict=True):
        across, down = _across(mean, widest), _down(difference, reach)
        box = (across - _DOT_PX, down - _DOT_PX, across + _DOT_PX, down + _DOT_PX)
        page.draw.ellipse(box, outline=SKY, width=2)
    return page.rgb


def agreement_page(words: AgreementWords, plot: Rgb) -> Rgb:
    """One page: figures, table of categories, plot."""
    page = Canvas(*PAGE_PX)
    page.text((32, 24), words.title, Style(size_px=28, bold=True))
    down = 80.0
    for name, value in words.figures:
        page.text((32, down), name, _TEXT)
        page.text((500, down), value, _TEXT, anchor="ra")
        down += _TEXT.line_px
    _table(page, words, (540, 80))
    page.image.paste(Image.fromarray(plot), (32, PAGE_PX[1] - plot.shape[0] - 76))
    foot = float(PAGE_PX[1] - 64)
    for line in words.foot:
        foot = page.wrapped((32, foot), line, _SMALL, width_px=PAGE_PX[0] - 64)
    return page.rgb


def _table(page: Canvas, words: AgreementWords, at: tuple[int, int]) -> None:
    left, down = at
    page.text((left, down), words.table_title, _HEAD)
    edges = [left + 160 + 90 * number for number in range(len(words.table_heads))]
    down += 40
    for edge, head in zip(edges, words.table_heads, strict=True):
        page.text((edge, down), head, _SMALL, anchor="ra")
    for row in words.table_rows:
        down += 34
        page.text((left, down), row[0], _TEXT)
        for edge, cell in zip(edges, row[1:], strict=True):
            page.text((edge, down), cell, _TEXT, anchor="ra")


def _axes(page: Canvas, reach: float, widest: float) -> None:
    right, bottom = PLOT_PX[0] - _RIGHT, PLOT_PX[1] - _BOTTOM
    for number in range(-_TICKS_UP, _TICKS_UP + 1):
        value = reach * number / _TICKS_UP
        down = _down(value, reach)
        page.draw.line((_LEFT, down, right, down), fill=(48, 52, 58))
        page.text((_LEFT - 8, down - 10), f"{value:+.4g}" if value else "0", _AXIS, anchor="ra")
    for number in range(_TICKS_ACROSS + 1):
        value = widest * (number / _TICKS_ACROSS) ** 2
        across = _across(value, widest)
        page.draw.line((across, _TOP, across, bottom), fill=(48, 52, 58))
        page.text((across, bottom + 10), f"{value:.0f}", _AXIS, anchor="ma")
    page.text(((_LEFT + right) / 2, bottom + 38), "mean of score and reference (spaced by roots)", _AXIS, anchor="ma")


def _across(value: float, widest: float) -> float:
    return _LEFT + (PLOT_PX[0] - _LEFT - _RIGHT) * math.sqrt(max(value, 0.0) / widest)


def _down(value: float, reach: float) -> float:
    middle = (_TOP + PLOT_PX[1] - _BOTTOM) / 2
    return middle - value / reach * (PLOT_PX[1] - _BOTTOM - _TOP) / 2


def _round_up(value: float) -> float:
    """The next number of the form 1, 1.5, 2, 3, 5 or 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 8, 10) if step * power >= value)
