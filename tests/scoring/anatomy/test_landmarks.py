import numpy as np
import pytest

from scoring.anatomy import find_anatomy, landmarks
from scoring.result import Landmark
from scoring.volume import Volume
from tests.support.phantoms import empty_phantom
from tests.support.turned import turned


def disc(volume: Volume, mark: Landmark) -> np.ndarray:
    """HU of the inner half of a circle."""
    step_row, step_column = volume.pixel_spacing_mm
    rows, columns = np.indices(volume.hu.shape[1:])
    off = np.hypot((rows - mark.row) * step_row, (columns - mark.column) * step_column)
    return volume.hu[mark.slice_index][off < mark.radius_mm / 2]


def in_space(volume: Volume, mark: Landmark) -> np.ndarray:
    return volume.to_lps_mm(np.array([[mark.slice_index, mark.row, mark.column]]))[0]


def test_circles_of_both_aortas_hold_blood() -> None:
    volume = empty_phantom().volume
    marks = landmarks(find_anatomy(volume))
    assert {mark.what for mark in marks} == {"ascending aorta", "descending aorta"}
    assert all(20 < np.median(disc(volume, mark)) < 60 for mark in marks)


@pytest.mark.parametrize("flipped", [(True, False, False), (False, True, False), (False, False, True)])
def test_circles_lie_at_the_same_place_in_a_turned_scan(flipped: tuple[bool, bool, bool]) -> None:
    volume = empty_phantom().volume
    other = turned(volume, transposed=True, flipped=flipped)
    here = sorted((mark.what, *in_space(volume, mark)[::-1]) for mark in landmarks(find_anatomy(volume)))
    there = sorted((mark.what, *in_space(other, mark)[::-1]) for mark in landmarks(find_anatomy(other)))
    assert [one[0] for one in here] == [one[0] for one in there]
    assert np.allclose([one[1:] for one in here], [one[1:] for one in there], atol=1.0)
