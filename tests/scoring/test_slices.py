from dataclasses import replace

import numpy as np
import pytest

from scoring.measures import agatston_by_slice
from scoring.phantom import demo_spec, make_phantom
from scoring.protocol import PRESETS, ScoringChoices
from scoring.result import ProtocolUsed, Score, Vessel
from scoring.score import score

USED = ProtocolUsed(
    preset="literature",
    threshold_hu=130.0,
    connectivity=8,
    minimum_area_mm2=1.0,
    minimum_pixels=1,
    slice_increment_mm=3.0,
    slice_thickness_mm=3.0,
    kvp=120.0,
    weight_steps_hu=(130.0, 200.0, 300.0, 400.0),
)


def plane(*rows: str) -> np.ndarray:
    """One slice from digits: hundreds of HU."""
    return np.array([[int(digit) * 100 for digit in row] for row in rows], np.int16)


def test_each_part_counts_its_pixels_by_its_own_maximum() -> None:
    hu = np.stack([plane("0000", "0220", "0004"), plane("0000", "0000", "0000"), plane("5002", "0002", "3000")])
    labels = np.where(hu > 0, Vessel.LAD.label, 0).astype(np.uint8)
    labels[2, 2, 0] = 9
    assert agatston_by_slice(hu, labels, USED, 0.5) == {0: 3 * 4 * 0.5, 2: 1 * 4 * 0.5 + 2 * 2 * 0.5}


def test_two_vessels_that_touch_are_two_parts() -> None:
    hu = plane("0240")[None]
    labels = np.array([[[0, 1, 2, 0]]], np.uint8)
    assert agatston_by_slice(hu, labels, USED, 1.0) == {0: 1 * 2.0 + 1 * 4.0}


def test_four_connected_pixels_that_touch_by_a_corner_are_two_parts() -> None:
    hu = plane("40", "02")[None]
    labels = np.where(hu > 0, 1, 0).astype(np.uint8)
    assert agatston_by_slice(hu, labels, replace(USED, connectivity=4), 1.0) == {0: 6.0}
    assert agatston_by_slice(hu, labels, USED, 1.0) == {0: 8.0}


def test_a_result_without_calcium_has_no_slice() -> None:
    assert agatston_by_slice(np.zeros((3, 4, 4)), np.zeros((3, 4, 4), np.uint8), USED, 1.0) == {}


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_slices_of_a_scored_scan_add_up_to_its_total(preset: str) -> None:
    phantom = make_phantom(replace(demo_spec(), matrix=256))
    result = score(
        phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices(preset=preset, percentile="none")
    )
    assert isinstance(result, Score)
    row, column = phantom.volume.pixel_spacing_mm
    sums = agatston_by_slice(phantom.volume.hu, result.labels, result.protocol, row * column)
    assert sum(sums.values()) == pytest.approx(result.total.agatston, rel=1e-9)
    assert set(sums) == set(np.flatnonzero(((result.labels > 0) & (result.labels < 9)).any(axis=(1, 2))))


def test_a_protocol_that_does_not_say_its_steps_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="does not say its weight steps"):
        agatston_by_slice(np.zeros((1, 2, 2)), np.zeros((1, 2, 2), np.uint8), replace(USED, weight_steps_hu=()), 1.0)


def test_labels_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit a volume"):
        agatston_by_slice(np.zeros((1, 2, 2)), np.zeros((2, 2, 2), np.uint8), USED, 1.0)
