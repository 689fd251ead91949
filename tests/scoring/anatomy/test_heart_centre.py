"""The heart's centre is corrected by the ascending aorta only where the two contradict each other."""

import numpy as np
import pytest

from scoring.anatomy.circles import Track
from scoring.anatomy.heart import AORTA_TO_CENTRE_MM, Core, centre_by_aorta


def aorta(y_mm: float, x_mm: float) -> Track:
    z = np.arange(100.0, 180.0, 3.0)
    same = np.ones_like(z)
    return Track(
        slices=np.arange(len(z)), z_mm=z, y_mm=y_mm * same, x_mm=x_mm * same, radius_mm=15 * same, share=1.3 * same
    )


def core(y_mm: float, x_mm: float) -> Core:
    return Core(centre_mm=(100.0, y_mm, x_mm), strength_mm=20.0, flank=1.0)


@pytest.mark.parametrize("off_mm", [(0.0, 0.0), (12.0, -8.0), (-14.0, 9.0)])
def test_a_centre_where_hearts_have_it_is_left_alone(off_mm: tuple[float, float]) -> None:
    y, x = 120.0 + AORTA_TO_CENTRE_MM[0] + off_mm[0], 110.0 + AORTA_TO_CENTRE_MM[1] + off_mm[1]
    assert centre_by_aorta(aorta(120.0, 110.0), core(y, x)) is None


def test_a_centre_far_behind_the_aorta_is_sought_again_where_the_aorta_has_it() -> None:
    y, x = 120.0 + AORTA_TO_CENTRE_MM[0], 110.0 + AORTA_TO_CENTRE_MM[1]
    assert centre_by_aorta(aorta(120.0, 110.0), core(y + 30.0, x)) == pytest.approx((y, x))
