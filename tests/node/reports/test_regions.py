import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from node.reports.regions import enveloped, outlined, outlines


def crossings(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Pixels inside by the even-odd rule: upright edges to the left of each pixel centre are counted."""
    inside = np.zeros(shape, int)
    for polygon in polygons:
        for (column, row), (next_column, next_row) in itertools.pairwise(polygon):
            if column == next_column:
                low, high = sorted((int(row), int(next_row)))
                inside[low:high, int(column) :] += 1
    return inside % 2 == 1


masks = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks)
def test_filling_the_outlines_gives_the_mask_back(mask: np.ndarray) -> None:
    """Mutation: turning left instead of right at a corner, or tracing pixel centres, is seen here."""
    assert (crossings(outlines(mask), mask.shape) == mask).all()


@given(masks)
def test_outlines_are_closed_and_stay_inside_the_image(mask: np.ndarray) -> None:
    for polygon in outlines(mask):
        assert (polygon[0] == polygon[-1]).all()
        assert polygon.min() >= 0
        assert (polygon.max(axis=0) <= (mask.shape[1], mask.shape[0])).all()


@given(masks)
def test_every_part_and_every_hole_has_one_outline(mask: np.ndarray) -> None:
    parts = ndimage.label(mask)[1]
    holes = ndimage.label(np.pad(~mask, 1, constant_values=True), np.ones((3, 3)))[1] - 1
    assert len(outlines(mask)) == parts + holes


def test_an_empty_mask_has_no_outline() -> None:
    assert outlines(np.zeros((4, 4), bool)) == []


def test_regions_come_in_the_order_of_the_slices_named() -> None:
    labels = np.zeros((3, 8, 8), np.uint8)
    labels[0, 2, 2] = labels[2, 4, 4] = 3
    assert [region.slice_index for region in outlined(labels, 3, (2, 0))] == [2, 0]


def test_an_envelope_has_few_points_and_holds_nearly_all_of_the_region() -> None:
    rows, columns = np.mgrid[:200, :200]
    heart = ((rows - 100) / 70) ** 2 + ((columns - 90) / 80) ** 2 < 1
    (region,) = enveloped(heart[None])
    assert len(region.polygon) == 25
    assert region.polygon[:, 0].min() >= 10
    assert region.polygon[:, 0].max() <= 171


def test_the_largest_slice_of_a_heart_stands_first() -> None:
    heart = np.zeros((3, 20, 20), bool)
    heart[0, 5:8, 5:8] = heart[1, 2:18, 2:18] = heart[2, 5:9, 5:9] = True
    assert [region.slice_index for region in enveloped(heart)] == [1, 2, 0]
