import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from node.pictures import LegendLine, legend_sizes, lettering, overlay, png, quiet_place, stamped
from node.pictures.overlay import grey

LINES = (
    LegendLine(words="LAD 109", colour=(230, 159, 0), marked=False),
    LegendLine(words="preliminary", colour=(200, 200, 200)),
)


def test_the_window_puts_the_threshold_in_the_middle() -> None:
    assert grey(np.array([[-2000, -250, 130, 510, 3071]], np.int16)).tolist() == [[0, 0, 127, 255, 255]]


def test_a_slice_without_labels_is_grey_and_nothing_else() -> None:
    hu = np.arange(64, dtype=np.int16).reshape(8, 8) * 10
    rgb = overlay(hu, np.zeros((8, 8), np.uint8), {1: (255, 0, 0)})
    assert (rgb == grey(hu)[..., None]).all()


def test_a_ring_lies_outside_the_mask_and_never_on_another_lesion() -> None:
    labels = np.zeros((8, 8), np.uint8)
    labels[3:5, 2:4], labels[3:5, 4:6] = 1, 2
    rgb = overlay(np.zeros((8, 8), np.int16), labels, {1: (255, 0, 0), 2: (0, 0, 255)})
    assert rgb[2, 2].tolist() == [255, 0, 0]
    assert rgb[2, 5].tolist() == [0, 0, 255]
    assert rgb[3, 4, 2] > rgb[3, 4, 0]
    assert rgb[3, 3, 0] > rgb[3, 3, 2]


def test_a_lesion_at_the_edge_of_the_image_is_drawn() -> None:
    labels = np.zeros((6, 6), np.uint8)
    labels[0, 0] = 1
    rgb = overlay(np.zeros((6, 6), np.int16), labels, {1: (255, 0, 0)})
    assert rgb[0, 1].tolist() == [255, 0, 0]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("half", ["low", "high"])
def test_the_legend_goes_where_the_heart_is_not(side: str, half: str) -> None:
    heart = np.ones((200, 240), bool)
    heart[slice(108, 200) if half == "low" else slice(0, 92), slice(0, 60) if side == "left" else slice(180, 240)] = 0
    row, column = quiet_place(heart, height=40, width=50)
    assert not heart[row : row + 40, column : column + 50].any()
    assert (row >= 100) == (half == "low")
    assert (column < 120) == (side == "left")


@given(
    heart=npst.arrays(bool, (12, 12)).map(lambda coarse: np.kron(coarse, np.ones((20, 20), bool))),
    height=st.integers(10, 110),
    width=st.integers(10, 110),
)
def test_the_legend_never_covers_the_heart_nor_what_viewers_write(heart: np.ndarray, height: int, width: int) -> None:
    """Viewers use the middle of each edge and lay a bar over the upper middle."""
    place = quiet_place(heart, height=height, width=width)
    if place is None:
        return
    covered = np.zeros_like(heart)
    covered[place[0] : place[0] + height, place[1] : place[1] + width] = True
    assert covered.sum() == height * width
    assert not (covered & heart).any()
    assert not covered[112:128].any()
    assert not covered[:, 94:146].any()


def test_the_corners_where_viewers_write_are_used_only_where_nothing_else_is_free() -> None:
    heart = np.zeros((200, 200), bool)
    assert quiet_place(heart, height=40, width=40) == (144, 2)
    heart[20:180] = True
    assert quiet_place(heart, height=18, width=40) == (180, 2)


def test_where_the_heart_fills_the_image_there_is_no_legend() -> None:
    assert quiet_place(np.ones((200, 200), bool), height=40, width=40) is None


def test_the_legend_keeps_its_size_whether_or_not_a_vessel_is_on_the_slice() -> None:
    marked = (LegendLine(words="LAD 109", colour=(230, 159, 0), marked=True), LINES[1])
    assert lettering(LINES, size_px=13).rgb.shape == lettering(marked, size_px=13).rgb.shape
    assert (lettering(LINES, size_px=13).cover != lettering(marked, size_px=13).cover).any()


def test_letters_on_small_images_stay_legible() -> None:
    assert lettering(LINES, size_px=legend_sizes(128)[0]).rgb.shape[0] >= 2 * 9


def test_stamping_touches_the_legends_place_only() -> None:
    base = np.full((100, 100, 3), 90, np.uint8)
    legend = lettering(LINES, size_px=9)
    out = stamped(base, legend, (2, 2))
    height, width = legend.rgb.shape[:2]
    changed = np.argwhere((out != base).any(axis=2))
    assert len(changed)
    assert changed.min() >= 2
    assert (changed.max(axis=0) < (2 + height, 2 + width)).all()
    assert (base == 90).all()


def test_a_legend_larger_than_the_image_is_cut() -> None:
    out = stamped(np.zeros((10, 10, 3), np.uint8), lettering(LINES, size_px=13), (0, 0))
    assert out.shape == (10, 10, 3)


def test_png_is_png() -> None:
    assert png(np.zeros((4, 4, 3), np.uint8)).startswith(b"\x89PNG\r\n")
