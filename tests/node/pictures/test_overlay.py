import numpy as np
import pytest

from node.pictures import LegendLine, lettering, overlay, png, quietest_corner, stamped
from node.pictures.overlay import grey

LINES = (LegendLine(words="LAD 109", colour=(230, 159, 0)), LegendLine(words="preliminary", colour=(200, 200, 200)))


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


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_legend_goes_where_the_heart_is_not(corner: tuple[int, int]) -> None:
    heart = np.ones((100, 120), bool)
    rows = slice(0, 40) if corner[0] == 0 else slice(60, 100)
    columns = slice(0, 50) if corner[1] == 0 else slice(70, 120)
    heart[rows, columns] = False
    row, column = quietest_corner(heart, height=30, width=40)
    assert not heart[row : row + 30, column : column + 40].any()


def test_the_legend_keeps_its_size_whether_or_not_a_vessel_is_on_the_slice() -> None:
    marked = (LegendLine(words="LAD 109", colour=(230, 159, 0), marked=True), LINES[1])
    assert lettering(LINES, rows=512).rgb.shape == lettering(marked, rows=512).rgb.shape
    assert (lettering(LINES, rows=512).cover != lettering(marked, rows=512).cover).any()


def test_letters_on_small_images_stay_legible() -> None:
    assert lettering(LINES, rows=128).rgb.shape[0] >= 2 * 9


def test_stamping_touches_the_legends_place_only() -> None:
    base = np.full((100, 100, 3), 90, np.uint8)
    legend = lettering(LINES, rows=100)
    out = stamped(base, legend, (2, 2))
    height, width = legend.rgb.shape[:2]
    changed = np.argwhere((out != base).any(axis=2))
    assert len(changed)
    assert changed.min() >= 2
    assert (changed.max(axis=0) < (2 + height, 2 + width)).all()
    assert (base == 90).all()


def test_a_legend_larger_than_the_image_is_cut() -> None:
    out = stamped(np.zeros((10, 10, 3), np.uint8), lettering(LINES, rows=512), (0, 0))
    assert out.shape == (10, 10, 3)


def test_png_is_png() -> None:
    assert png(np.zeros((4, 4, 3), np.uint8)).startswith(b"\x89PNG\r\n")
