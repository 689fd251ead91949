"""Scores of a population by age, a curve for each percentile, and the point of one person."""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw

from node.pictures.canvas import DARK, SOFT, WHITE, Canvas, Colour, Style

_TICK = Style(size_px=22, colour=SOFT)
_FINE = 3  # strokes are drawn so many times larger and scaled down: smooth edges
_POINT_PX = 9
_LEFT_PX, _RIGHT_PX, _BOTTOM_PX = 66, 56, 58
_DECADES = (0, 10, 100, 1000, 10000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One percentile: its name, and (age, score) points by age."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveWords:
    """Curves from the lowest to the highest, and the person's age and printed score."""

    curves: tuple[Curve, ...]
    age_years: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Where an age and a score lie on the page: ages evenly, scores by the logarithm of score + 1."""

    left: float
    top: float
    right: float
    bottom: float
    ages: tuple[float, float]
    most: float

    def at(self, age: float, score: float) -> tuple[float, float]:
        first, last = self.ages
        along = (age - first) / (last - first)
        up = math.log1p(score) / math.log1p(self.most)
        return self.left + along * (self.right - self.left), self.bottom - up * (self.bottom - self.top)


def draw_curves(page: Canvas, words: CurveWords, at: tuple[int, int], size: tuple[int, int]) -> None:
    """Draw the curves in a box of the page; `at` is its left upper corner, `size` its width and height."""
    (across, down), (width, height) = at, size
    ages = [age for curve in words.curves for age, _ in curve.points]
    scores = [score for curve in words.curves for _, score in curve.points]
    scale = _Scale(
        left=across + _LEFT_PX,
        top=down + 14,
        right=across + width - _RIGHT_PX,
        bottom=down + height - _BOTTOM_PX,
        ages=(min(*ages, words.age_years), max(*ages, words.age_years)),
        most=max(*scores, words.score, 10),
    )
    _axes(page, scale)
    _strokes(page, words, scale, (across, down), size)
    _names(page, words, scale)


def _axes(page: Canvas, scale: _Scale) -> None:
    for score in _DECADES:
        if score <= scale.most:
            left, height = scale.at(scale.ages[0], score)
            page.draw.line((left, height, scale.right, height), fill=(58, 62, 68))
            page.text((left - 8, height), f"{score:,}", _TICK, anchor="rm")
    first, last = scale.ages
    for age in range(math.ceil(first / 10) * 10, math.floor(last) + 1, 10):
        place, bottom = scale.at(age, 0)
        page.draw.line((place, bottom, place, bottom + 6), fill=SOFT, width=2)
        page.text((place, bottom + 8), str(age), _TICK, anchor="ma")
    page.text(((scale.left + scale.right) / 2, scale.bottom + 32), "score by age, years", _TICK, anchor="ma")


def _strokes(page: Canvas, words: CurveWords, scale: _Scale, corner: tuple[int, int], size: tuple[int, int]) -> None:
    """Curves and point, drawn large on what is there already and scaled down."""
    box = (corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
    large = page.image.crop(box).resize((size[0] * _FINE, size[1] * _FINE), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(large)

    def fine(point: tuple[float, float]) -> tuple[float, float]:
        return (point[0] - corner[0]) * _FINE, (point[1] - corner[1]) * _FINE

    for number, curve in enumerate(words.curves, start=1):
        line = [fine(scale.at(*point)) for point in curve.points]
        draw.line(line, fill=_shade(number, len(words.curves)), width=2 * _FINE + 1, joint="curve")
    x, y = fine(scale.at(words.age_years, words.score))
    for radius, colour in ((_POINT_PX + 3, DARK), (_POINT_PX, WHITE)):
        reach = radius * _FINE
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    page.image.paste(large.resize(size, Image.Resampling.LANCZOS), box[:2])


def _names(page: Canvas, words: CurveWords, scale: _Scale) -> None:
    """Percentiles at the right ends of their curves, pushed apart where they would overlap."""
    below = scale.bottom + _TICK.size_px / 2
    for number, curve in enumerate(words.curves, start=1):
        height = min(scale.at(*curve.points[-1])[1], below - _TICK.size_px)
        colour = _shade(number, len(words.curves))
        page.text((scale.right + 6, height), curve.name, Style(size_px=22, colour=colour), anchor="lm")
        below = height


def _shade(number: int, of: int) -> Colour:
    """Lower percentiles darker: the order can be read without a colour."""
    level = 110 + round(110 * number / of)
    return (level - 40, level - 10, level)
