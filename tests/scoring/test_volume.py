"""The affine, and positions that become a stack or a fault."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.result import UnfitError
from scoring.volume import Volume, first_gap, plane_normal, stack_geometry

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SPACING = (0.4, 0.5)


def positions(*heights: float) -> list[tuple[float, float, float]]:
    return [(-100.0, -120.0, height) for height in heights]


@given(
    st.permutations([0.0, 1.5, 3.0, 4.5, 6.0]),
    st.sampled_from([AXIAL, (1, 0, 0, 0, -1, 0), (-1, 0, 0, 0, 1, 0), (0, 1, 0, -1, 0, 0)]),
)
def test_any_order_and_orientation_gives_one_stack_whose_affine_finds_the_positions(
    heights: list[float], orientation: tuple[float, ...]
) -> None:
    """Broken by hand: the column spacing for rows too."""
    given_positions = positions(*heights)
    stack = stack_geometry(given_positions, orientation, SPACING)
    volume = Volume(hu=np.zeros((5, 4, 4), np.int16), voxel_to_lps_mm=stack.voxel_to_lps_mm)
    assert stack.increment_mm == pytest.approx(1.5)
    assert volume.slice_increment_mm == pytest.approx(1.5)
    assert volume.pixel_spacing_mm == pytest.approx(SPACING)
    corners = volume.to_lps_mm(np.array([[index, 0, 0] for index in range(5)]))
    assert corners == pytest.approx(np.array(given_positions)[stack.order])
    assert volume.normal @ (corners[-1] - corners[0]) > 0
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    at = volume.to_lps_mm(np.array([[0, 2, 3]]))[0] - corners[0]
    assert at == pytest.approx(2 * SPACING[0] * column + 3 * SPACING[1] * row)


def test_a_tilted_gantry_keeps_its_increment_along_the_normal() -> None:
    tilt = np.radians(10)
    orientation = (1, 0, 0, 0, np.cos(tilt), np.sin(tilt))
    stack = stack_geometry([(0, 0, 3.0 * index) for index in range(4)], orientation, SPACING)
    assert stack.increment_mm == pytest.approx(3.0 * np.cos(tilt))


@pytest.mark.parametrize(
    ("points", "orientation", "code", "says"),
    [
        (positions(0, 3), AXIAL, "too_few", "2 slices"),
        (positions(0, 3, 9, 12, 15), AXIAL, "gap", "6.0 mm apart where the series steps by 3.0 mm: 1 image is missing"),
        (positions(0, 3, 6, 18, 21, 24), AXIAL, "gap", "3 images are missing"),
        (positions(0, 3, 3, 6, 9), AXIAL, "duplicate_position", "1 position holds more than one slice"),
        (positions(0, 3, 6.5, 9.5, 12.5), AXIAL, "uneven", "0.50 mm from 3.00 mm"),
        (positions(0, 3, float("nan")), AXIAL, "geometry", "is not a number"),
        (positions(0, 3, 6), (0, 1, 0, 0, 0, -1), "not_axial", "tilted 90 degrees"),
        (positions(0, 3, 6), (1, 0, 0, 1, 0, 0), "not_axial", "no unit right angle"),
        (positions(0, 3, 6), (2, 0, 0, 0, 0.5, 0), "not_axial", "lengths 2.000 and 0.500"),
        (positions(0, 3, 6), (1, 0, 0), "not_axial", "no usable"),
        (
            [*positions(0, 3), (-70.0, -120.0, 6.0), *positions(9, 12)],
            AXIAL,
            "geometry",
            "slice 3 is shifted by 30.0 mm",
        ),
    ],
)
def test_a_faulty_stack_is_refused_with_its_figure(
    points: list[tuple[float, float, float]], orientation: tuple[float, ...], code: str, says: str
) -> None:
    with pytest.raises(UnfitError) as refused:
        stack_geometry(points, orientation, SPACING)
    assert refused.value.finding.code == code
    assert says in refused.value.finding.sentence


@pytest.mark.parametrize("spacing", [(0.0, 0.4), (0.4, -0.4), (float("nan"), 0.4), (40.0, 0.4)])
def test_a_spacing_that_is_none_of_a_ct_is_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(UnfitError, match="Pixel Spacing"):
        stack_geometry(positions(0, 3, 6), AXIAL, spacing)


def test_rounded_positions_are_even_enough() -> None:
    assert stack_geometry(positions(0, 2.99, 6.01, 9.0), AXIAL, SPACING).increment_mm == pytest.approx(3.0, abs=0.02)


def test_the_first_hole_is_named_and_overlap_is_none() -> None:
    gap = first_gap([0, 3, 6, 12, 15, 21])
    assert gap is not None
    assert (gap.before, gap.step_mm, gap.increment_mm) == (2, 6.0, 3.0)
    assert first_gap([0, 1.5, 3]) is None
    assert first_gap([0, 9]) is None


def test_the_normal_is_row_cosines_times_column_cosines() -> None:
    assert plane_normal((1, 0, 0, 0, -1, 0)).tolist() == [0, 0, -1]


def test_a_volume_cannot_be_written_or_misshapen() -> None:
    volume = Volume(hu=np.zeros((2, 3, 3), np.int16), voxel_to_lps_mm=np.eye(4))
    with pytest.raises(ValueError, match="read-only"):
        volume.hu[0, 0, 0] = 1
    with pytest.raises(ValueError, match="axes"):
        Volume(hu=np.zeros((3, 3), np.int16), voxel_to_lps_mm=np.eye(4))
    with pytest.raises(ValueError, match="4 x 4"):
        Volume(hu=np.zeros((2, 3, 3), np.int16), voxel_to_lps_mm=np.eye(3))
