"""Volume and mass above a threshold of their own, against a slow scorer that follows the sentence of METHODS.md."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from scoring.candidates import find_islands
from scoring.measures import Calibration, measure
from scoring.protocol import PRESETS
from scoring.result import Vessel
from scoring.volume import Volume

PHILIPS = PRESETS["philips"]
ONE_MG = Calibration(mg_per_mm3_hu=0.001, calibrated=True, source="test")


def volume_of(hu: npt.NDArray[np.float64], pixel_mm: float = 0.5, increment_mm: float = 3.0) -> Volume:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = increment_mm, pixel_mm, pixel_mm
    return Volume(hu=hu.astype(np.float32), voxel_to_lps_mm=affine)


def slow(hu: npt.NDArray[np.float64], owners: npt.NDArray[np.uint8]) -> tuple[dict[int, tuple[int, float]], int]:
    """Pixels and sum of HU by owner, and how many more lie as near to another owner: either may take those.

    `owners` are those of every voxel, 0 where it is not scored.
    """
    found: dict[int, tuple[int, float]] = {}
    tied = 0
    for plane, owner in zip(hu, owners, strict=True):
        wide, count = ndimage.label(plane >= 112.5, np.ones((3, 3)))
        for island in range(1, count + 1):
            inside = [tuple(place) for place in np.argwhere(wide == island)]
            upper = [place for place in inside if plane[place] >= 130]
            if not any(owner[place] for place in upper):
                continue
            for place in inside:
                far = {other: (other[0] - place[0]) ** 2 + (other[1] - place[1]) ** 2 for other in upper}
                near = {int(owner[other]) for other, distance in far.items() if distance == min(far.values())}
                tied += len(near) > 1
                if len(near) == 1 and near != {0}:
                    pixels, total = found.get(min(near), (0, 0.0))
                    found[min(near)] = (pixels + 1, total + float(plane[place]))
    return found, tied


def measured(
    hu: npt.NDArray[np.float64], owner_of_column: npt.NDArray[np.uint8]
) -> tuple[dict[int, tuple[int, float]], dict[int, tuple[int, float]], int]:
    volume = volume_of(hu)
    islands = find_islands(volume.hu, PHILIPS, 0.25)
    owners = owner_of_column[islands.flat % hu.shape[2]]
    made = measure(volume, islands, owners, PHILIPS, ONE_MG)
    everywhere = np.zeros(hu.shape, np.uint8)
    counted = islands.large_enough[islands.island]
    everywhere.reshape(-1)[islands.flat[counted]] = owners[counted]
    fast = {
        vessel.label: (round(figures.volume_mm3 / 0.75), figures.mass_mg / 0.00075)
        for vessel, figures in made.vessels.items()
        if figures.agatston > 0
    }
    return fast, *slow(hu, everywhere)


def test_the_rim_between_the_thresholds_counts_in_volume_and_mass_and_not_in_agatston() -> None:
    hu = np.full((1, 7, 7), 40.0)
    hu[0, 1:6, 1:6] = 120.0
    hu[0, 2:5, 2:5] = 200.0
    volume = volume_of(hu)
    islands = find_islands(volume.hu, PHILIPS, 0.25)
    owners = np.full(islands.flat.size, Vessel.LAD.label, np.uint8)
    wide = measure(volume, islands, owners, PHILIPS, ONE_MG)
    narrow = measure(volume, islands, owners, PRESETS["ge"], ONE_MG)
    assert wide.total.agatston == narrow.total.agatston == pytest.approx(9 * 0.25 * 2)
    assert narrow.total.volume_mm3 == pytest.approx(9 * 0.75)
    assert wide.total.volume_mm3 == pytest.approx(25 * 0.75)
    assert wide.total.mass_mg == pytest.approx((9 * 200 + 16 * 120) * 0.75 * 0.001)
    assert (wide.total.mean_hu, wide.total.density_score) == (200.0, 2.0)
    assert (wide.lesions[0].volume_mm3, wide.lesions[0].mean_hu) == (pytest.approx(25 * 0.75), 200.0)
    assert wide.total.volume_isotropic_mm3 == narrow.total.volume_isotropic_mm3


def test_what_never_reaches_the_upper_threshold_counts_nothing() -> None:
    hu = np.full((2, 6, 9), 40.0)
    hu[0, 1:5, 1:4] = 125.0
    hu[0, 1:4, 6:8] = 150.0
    fast, expected, _ = measured(hu, np.full(9, 2, np.uint8))
    assert fast == expected == {2: (6, pytest.approx(900.0))}


@pytest.mark.parametrize("seed", range(40))
def test_random_slices_agree_with_the_slow_scorer(seed: int) -> None:
    """Broken by hand: the nearest bright pixel of another wider island, and of a voxel that is not scored."""
    rng = np.random.default_rng(seed)
    hu = ndimage.gaussian_filter(rng.normal(0, 1, (3, 14, 15)), (0, 1, 1)) * 90 + 105
    owner_of_column = np.array([2] * 5 + [0] * 5 + [4] * 5, np.uint8)
    fast, expected, tied = measured(np.round(hu), owner_of_column)
    assert set(fast) == set(expected)
    for label, (pixels, total) in expected.items():
        assert pixels <= fast[label][0] <= pixels + tied
        if fast[label][0] == pixels:
            assert fast[label][1] == pytest.approx(total)
