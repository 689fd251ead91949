import math
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from node.pictures import (
    Curve,
    CurveWords,
    Note,
    RefusalWords,
    SummaryWords,
    TableRow,
    Tile,
    refusal_page,
    summary_page,
)
from node.pictures.canvas import DARK, WHITE, Style, broken
from node.pictures.font import font

ROW = TableRow(name="LAD", colour=(230, 159, 0), cells=("109.2", "262.9", "79.06", "1", "477"))
WORDS = SummaryWords(
    total="320",
    headline=("Agatston score", "100-399: moderate", "CAC-DRS A3/N3"),
    details=("Percentile: 84th (MESA, men, white)",),
    gauge=84,
    curve=None,
    heads=("Agatston", "volume mm³", "mass mg*", "lesions", "peak HU"),
    rows=(ROW,) * 4 + (replace(ROW, name="Total", colour=None),),
    notes=(),
    tiles=(),
    without_tiles="No coronary calcium found.",
    foot=("CT series 2 · calcium-node 0.1.0", "literature: 130 HU"),
)
TILE = Tile(rgb=np.full((40, 40, 3), 200, np.uint8), caption="LAD  image 7", colour=(230, 159, 0))
LONG = Note(words="Caveat: " + "the noise of the blood pool is high and specks may be noise " * 4, warns=True)


def blank(rgb: np.ndarray) -> np.ndarray:
    return (rgb == DARK).all(axis=2)


def test_the_upper_middle_stays_free_for_the_viewers_bar() -> None:
    assert blank(summary_page(WORDS))[:110, 400:640].all()
    assert blank(refusal_page(RefusalWords(reasons=(("Contrast", "312 HU"),), notes=(), foot=())))[:110, 400:640].all()


@pytest.mark.parametrize("tiles", [0, 1, 3, 4])
@pytest.mark.parametrize("notes", [0, 1, 3, 20])
def test_nothing_runs_out_of_the_page_or_into_the_foot(tiles: int, notes: int) -> None:
    """The margins and the line above the foot stay as they are, however much there is to say."""
    words = replace(WORDS, notes=(LONG,) * notes, tiles=(TILE,) * tiles)
    free = blank(summary_page(words))
    assert free[:, :38].all()
    assert free[:, 988:].all()
    assert free[929:935].all()


def test_a_long_refusal_stays_above_the_foot() -> None:
    reasons = tuple(("A reason", "a sentence that goes on and on " * 12) for _ in range(8))
    free = blank(refusal_page(RefusalWords(reasons=reasons, notes=(LONG,) * 9, foot=("foot",))))
    assert free[929:935].all()
    assert free[:, 988:].all()


def test_a_montage_keeps_its_room_when_there_is_much_to_say() -> None:
    crowded = summary_page(replace(WORDS, notes=(LONG,) * 20, tiles=(TILE,)))
    assert int((crowded == 200).all(axis=2).sum()) > 120 * 120


def white(rgb: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Places (row, column) of pure white in a part of the page."""
    found = np.argwhere((rgb[rows, columns] == WHITE).all(axis=2))
    return found + np.array([rows.start, columns.start])


@pytest.mark.parametrize(("percentile", "column"), [(0, 48), (100, 970)])
def test_the_gauge_marks_the_ends_of_its_scale(percentile: int, column: int) -> None:
    marks = white(summary_page(replace(WORDS, gauge=percentile)), slice(245, 275), slice(30, 1000))
    assert abs(marks[:, 1].mean() - column) < 3


def test_a_band_is_drawn_as_a_bar_and_not_as_a_point() -> None:
    marks = white(summary_page(replace(WORDS, gauge=(75, 90))), slice(245, 275), slice(30, 1000))
    assert np.ptp(marks[:, 1]) == pytest.approx(138, abs=4)


CURVES = tuple(
    Curve(name=name, points=tuple((age, slope * (age - 45)) for age in range(45, 85)))
    for name, slope in (("25th", 2.0), ("50th", 10.0), ("75th", 30.0), ("90th", 90.0))
)
PLACE = slice(112, 356), slice(590, 985)


@pytest.mark.parametrize("age", [45, 60, 84])
@pytest.mark.parametrize("score", [0, 37, 3000])
def test_the_persons_point_lies_at_age_and_score(age: int, score: int) -> None:
    """Mutation: drawing the point against a linear axis is seen here."""
    words = replace(WORDS, curve=CurveWords(curves=CURVES, age_years=age, score=score))
    marks = white(summary_page(words), *PLACE)
    row, column = marks.mean(axis=0)
    left, right, top, bottom = 590 + 66, 984 - 56, 112 + 14, 112 + 244 - 58
    assert column == pytest.approx(left + (age - 45) / 39 * (right - left), abs=2.5)
    assert row == pytest.approx(bottom - math.log1p(score) / math.log1p(90 * 39) * (bottom - top), abs=2.5)


def test_a_score_above_every_curve_stays_inside_the_picture() -> None:
    words = replace(WORDS, curve=CurveWords(curves=CURVES, age_years=62, score=20_000))
    rgb = summary_page(words)
    assert len(white(rgb, *PLACE)) > 120
    assert blank(rgb)[:110, 400:640].all()


def test_a_person_beyond_the_table_is_still_drawn_inside() -> None:
    rgb = summary_page(replace(WORDS, curve=CurveWords(curves=CURVES, age_years=95, score=10)))
    assert blank(rgb)[:, 988:].all()
    assert len(white(rgb, *PLACE)) > 120


def test_names_of_curves_that_lie_together_are_pushed_apart() -> None:
    flat = tuple(Curve(name=name, points=((30.0, 1.0), (90.0, 1.0))) for name in ("25th", "50th", "75th", "90th"))
    rgb = summary_page(replace(WORDS, curve=CurveWords(curves=flat, age_years=60, score=500)))
    free = blank(rgb)[112:300, 936:985].all(axis=1)
    gaps = np.count_nonzero(np.diff(free.astype(int)) == -1)
    assert gaps >= 3


def test_words_break_at_blanks_and_a_long_word_inside() -> None:
    style = Style(size_px=22)
    lines = broken("short words and " + "x" * 200, style, width_px=300)
    assert lines[0] == "short words and"
    assert all(style.face.getlength(line) <= 300 for line in lines)
    assert "".join(lines[1:]) == "x" * 200


def test_the_font_is_shipped_with_its_licence_and_has_the_letters_of_many_scripts() -> None:
    names = {entry.name for entry in (files("node.pictures") / "fonts").iterdir()}
    assert {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE_DEJAVU"} <= names
    missing = bytes(font(20).getmask("\ufffe"))
    assert all(bytes(font(20).getmask(letter)) != missing for letter in "Aäßœłñ≥³·Яω")
