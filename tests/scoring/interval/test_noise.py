from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from scoring.anatomy import Anatomy, find_anatomy
from scoring.interval import Noise, assumed_noise, measure_noise
from scoring.interval.noise import LAGS, noise_bank
from scoring.phantom import Phantom, demo_spec, make_phantom
from scoring.protocol import ScoringChoices
from scoring.result import Score
from scoring.score import score
from tests.support.phantoms import demo_phantom
from tests.support.turned import turned

PHANTOM_BLUR_MM = 0.46
"""Blur of the phantom's noise, as its own code says."""


@lru_cache(maxsize=1)
def overlapping() -> Phantom:
    """The demo's patient in slices of 3 mm every 1.5 mm."""
    return make_phantom(replace(demo_spec(), matrix=300, fov_mm=180.0, slice_increment_mm=1.5, noise_sd_hu=18.0))


def measured(phantom: Phantom) -> tuple[Noise, Anatomy]:
    anatomy = find_anatomy(phantom.volume)
    return measure_noise(phantom.volume, anatomy), anatomy


def test_the_correlation_within_a_slice_and_between_slices_is_found_in_blood() -> None:
    """Mutation: taking the slice increment for the thickness would make neighbours independent."""
    noise, anatomy = measured(overlapping())
    assert noise.measured
    assert noise.sd_hu == anatomy.blood.noise_sd_hu == pytest.approx(18.0, rel=0.1)
    slices, rows, columns = LAGS
    expected = np.exp(-((0.6 / (2 * PHANTOM_BLUR_MM)) ** 2))
    assert noise.correlation[slices, rows, columns] == pytest.approx(1.0)
    assert noise.correlation[slices, rows + 1, columns] == pytest.approx(expected, abs=0.06)
    assert noise.correlation[slices, rows, columns - 1] == pytest.approx(expected, abs=0.06)
    assert noise.correlation[slices + 1, rows, columns] == pytest.approx(0.5, abs=0.08)
    assert noise.correlation[slices + 2, rows, columns] == pytest.approx(0.0, abs=0.08)


def test_slices_that_do_not_overlap_have_noise_of_their_own() -> None:
    noise, _ = measured(demo_phantom())
    assert abs(noise.correlation[LAGS[0] + 1, LAGS[1], LAGS[2]]) < 0.08


def test_a_flipped_scan_has_the_same_noise() -> None:
    phantom = demo_phantom()
    noise, _ = measured(phantom)
    volume = turned(phantom.volume, transposed=True, flipped=(True, False, True))
    other = measure_noise(volume, find_anatomy(volume))
    assert other.sd_hu == pytest.approx(noise.sd_hu)
    assert np.allclose(other.correlation, noise.correlation, atol=1e-6)


def test_made_noise_has_the_spread_and_the_correlation_that_were_asked_for() -> None:
    noise, _ = measured(overlapping())
    bank = noise_bank(noise, np.random.default_rng(4)).astype(float)
    assert bank.std() == pytest.approx(noise.sd_hu, rel=1e-3)
    for axis, lag in ((0, (1, 0, 0)), (1, (0, 1, 0)), (2, (0, 0, 1))):
        made = (bank * np.roll(bank, 1, axis)).mean() / (bank**2).mean()
        asked = noise.correlation[tuple(most + step for most, step in zip(LAGS, lag, strict=True))]
        assert made == pytest.approx(asked, abs=0.06)


def test_where_no_blood_was_measured_the_noise_is_an_assumption() -> None:
    phantom = demo_phantom()
    anatomy = find_anatomy(phantom.volume)
    blind = replace(anatomy, blood=replace(anatomy.blood, noise_sd_hu=float("nan")))
    noise = measure_noise(phantom.volume, blind)
    assert not noise.measured
    assert noise.sd_hu == assumed_noise(phantom.volume, 20.0).sd_hu


def test_an_image_without_noise_is_no_error_and_leaves_sampling() -> None:
    phantom = make_phantom(replace(demo_spec(), matrix=256, fov_mm=220.0, noise_sd_hu=0.0))
    made = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    assert isinstance(made, Score)
    assert made.interval is not None
    low, high = made.interval.agatston
    assert low < made.total.agatston < high
    assert made.interval.covers == "noise and sampling of this scan"
