from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from node.pictures import Note, RefusalWords, SummaryWords, TableRow, Tile, refusal_page, summary_page
from node.pictures.canvas import DARK, Style, broken
from node.pictures.font import font

ROW = TableRow(name="LAD", colour=(230, 159, 0), cells=("109.2", "262.9", "79.06", "1", "477"))
WORDS = SummaryWords(
    total="320",
    headline="Agatston   100-399: moderate   CAC-DRS A3/N3",
    details=("Percentile: 84th (MESA, men, white)",),
    gauge=84,
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


@pytest.mark.parametrize(("percentile", "column"), [(0, 270), (100, 970)])
def test_the_gauge_marks_the_ends_of_its_scale(percentile: int, column: int) -> None:
    rgb = summary_page(replace(WORDS, gauge=percentile))
    marks = np.argwhere((rgb[195:225, 250:1000] == (240, 240, 240)).all(axis=2))
    assert abs(marks[:, 1].mean() + 250 - column) < 3


def test_a_band_is_drawn_as_a_bar_and_not_as_a_point() -> None:
    rgb = summary_page(replace(WORDS, gauge=(75, 90)))
    marks = np.argwhere((rgb[195:225, 250:1000] == (240, 240, 240)).all(axis=2))
    assert np.ptp(marks[:, 1]) == pytest.approx(105, abs=4)


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
