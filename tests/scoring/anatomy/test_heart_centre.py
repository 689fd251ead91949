"""The heart's centre is corrected by the ascending aorta only where the two contradict each other."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.anatomy import find_anatomy
from scoring.anatomy.circles import Track
from scoring.anatomy.heart import AORTA_TO_CENTRE_MM, AORTA_WEIGHT, Core, centre_by_aorta, level_by_aorta
from scoring.phantom import evaluation_spec, make_phantom

ROOT_MM = 136.0


def aorta(y_mm: float, x_mm: float) -> Track:
    z = np.arange(ROOT_MM, 190.0, 3.0)
    same = np.ones_like(z)
    return Track(
        slices=np.arange(len(z)), z_mm=z, y_mm=y_mm * same, x_mm=x_mm * same, radius_mm=15 * same, share=1.3 * same
    )


def core(z_mm: float, y_mm: float, x_mm: float) -> Core:
    return Core(centre_mm=(z_mm, y_mm, x_mm), strength_mm=20.0, flank=1.0)


EXPECTED_MM = np.add((ROOT_MM, 120.0, 110.0), AORTA_TO_CENTRE_MM)


@pytest.mark.parametrize("off_mm", [(0.0, 0.0, 0.0), (14.0, 12.0, -8.0), (-18.0, -14.0, 9.0)])
def test_a_centre_where_hearts_have_it_is_left_alone(off_mm: tuple[float, float, float]) -> None:
    assert centre_by_aorta(aorta(120.0, 110.0), core(*(EXPECTED_MM + off_mm))) is None


@pytest.mark.parametrize("off_mm", [(30.0, 0.0, 0.0), (-30.0, 0.0, 0.0), (0.0, 30.0, 0.0), (0.0, 0.0, -25.0)])
def test_a_centre_far_from_the_aorta_is_sought_again_where_the_aorta_has_it(
    off_mm: tuple[float, float, float],
) -> None:
    assert centre_by_aorta(aorta(120.0, 110.0), core(*(EXPECTED_MM + off_mm))) == pytest.approx(tuple(EXPECTED_MM))


def test_a_centre_that_agrees_is_levelled_towards_the_root() -> None:
    z, y, x = EXPECTED_MM
    levelled = level_by_aorta(core(z + 10.0, y, x), aorta(120.0, 110.0))
    assert levelled.centre_mm == pytest.approx((z + 10.0 * (1 - AORTA_WEIGHT), y, x))


def test_soft_tissue_above_the_heart_does_not_take_its_place() -> None:
    phantom = make_phantom(replace(evaluation_spec(71011), matrix=256))
    anatomy = find_anatomy(phantom.volume)
    (valve,) = (look for look in phantom.truth.distractors if look.what == "aortic valve")
    assert 10.0 < valve.centre_lps_mm[2] - anatomy.centre_lps_mm[2] < 40.0
    assert anatomy.aorta_confidence > 0.9
