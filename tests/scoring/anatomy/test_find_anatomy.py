from functools import lru_cache

import numpy as np
import pytest

from scoring.anatomy import Anatomy, Places, find_anatomy
from scoring.result import UnfitError
from scoring.volume import Volume
from tests.support.inserted_plaque import readings
from tests.support.phantoms import brighter, demo_phantom
from tests.support.real_series import real_series
from tests.support.shared import needs_shared
from tests.support.turned import turned

REAL_HEARTS = ["chest-philips-5mm", "petct-siemens-overlap"]


@lru_cache(maxsize=2)
def anatomy_of(name: str) -> Anatomy:
    return find_anatomy(real_series(name)[0])


def places_of(anatomy: Anatomy, volume: Volume, points_lps_mm: list[list[float]]) -> Places:
    inverse = np.linalg.inv(volume.voxel_to_lps_mm)
    points = np.array(points_lps_mm, float)
    voxels = (np.concatenate([points, np.ones((len(points), 1))], 1) @ inverse.T)[:, :3]
    return anatomy.at(anatomy.millimetres(voxels))


@pytest.mark.parametrize(
    ("transposed", "flipped"),
    [(False, (True, False, True)), (True, (True, True, False))],
)
def test_the_order_of_rows_columns_and_slices_does_not_matter(
    *, transposed: bool, flipped: tuple[bool, bool, bool]
) -> None:
    # Broken by hand: without the flip of the coarse grid the centre moves by centimetres.
    volume = demo_phantom().volume
    plain, other = find_anatomy(volume), find_anatomy(turned(volume, transposed=transposed, flipped=flipped))
    assert other.centre_lps_mm == pytest.approx(plain.centre_lps_mm, abs=1e-6)
    assert other.blood.noise_sd_hu == pytest.approx(plain.blood.noise_sd_hu, rel=1e-6)
    mask = np.transpose(plain.heart(), (0, 2, 1) if transposed else (0, 1, 2))
    mask = np.flip(mask, [axis for axis in range(3) if flipped[axis]])
    assert np.array_equal(other.heart(), mask)


def test_blood_and_noise_are_measured_in_the_vessels() -> None:
    phantom = demo_phantom()
    blood = find_anatomy(phantom.volume).blood
    assert blood.hu == pytest.approx(42.0, abs=4.0)
    assert blood.noise_sd_hu == pytest.approx(15.0, abs=2.5)


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL_HEARTS)
def test_the_centre_of_a_real_heart_lies_in_the_middle_of_its_box(name: str) -> None:
    box = readings(name)["heart_box"]
    middle = [sum(box[axis]) / 2 for axis in "xyz"]
    assert anatomy_of(name).centre_lps_mm == pytest.approx(middle, abs=20.0)


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL_HEARTS)
def test_coronary_courses_of_real_hearts_lie_near_fat_and_the_surface(name: str) -> None:
    volume, _ = real_series(name)
    anatomy = anatomy_of(name)
    for vessel, segments in readings(name)["vessels"].items():
        points = [point for segment in segments if segment["certain"] for point in segment["points"]]
        places = places_of(anatomy, volume, points)
        assert np.median(places.fat) < (9.0 if vessel == "LM" else 5.5), vessel
        assert np.abs(places.outside).max() < 10.0, vessel


@needs_shared
@pytest.mark.real_data
def test_the_aortic_circles_lie_on_the_aortas_of_a_real_chest() -> None:
    name = "chest-philips-5mm"
    volume, _ = real_series(name)
    anatomy = anatomy_of(name)
    landmarks = readings(name)["landmarks"]
    ascending = places_of(anatomy, volume, landmarks["ascending_aorta"])
    descending = places_of(anatomy, volume, landmarks["descending_aorta"])
    assert anatomy.aorta_confidence > 0.5
    assert np.hypot(*ascending.from_aorta.T).max() < 6.0
    assert descending.descending_wall.max() < -5.0  # inside the circle


@needs_shared
@pytest.mark.real_data
def test_a_chest_whose_aorta_cannot_be_traced_is_not_trusted() -> None:
    assert anatomy_of("petct-siemens-overlap").aorta_confidence < 0.5


def test_bright_blood_is_refused_with_its_level() -> None:
    with pytest.raises(UnfitError) as raised:
        find_anatomy(brighter(demo_phantom().volume, 250.0))
    assert raised.value.finding.code == "contrast"
    assert raised.value.finding.measured == pytest.approx(292.0, abs=20.0)


@pytest.mark.parametrize(
    "hu",
    [
        np.zeros((3, 16, 16), np.int16),
        np.full((40, 64, 64), -1000, np.int16),
        np.full((40, 64, 64), 40, np.int16),
        np.full((5, 8, 8), np.nan, np.float32),
        np.full((10, 300, 5), 1000, np.int16),
    ],
    ids=["tiny", "air", "a block of tissue", "no numbers", "a strip of bone"],
)
def test_what_is_no_chest_has_no_heart(hu: np.ndarray) -> None:
    affine = np.array([[0, 0, 0.7, 0], [0, 0.7, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
    with pytest.raises(UnfitError) as raised:
        find_anatomy(Volume(hu=hu, voxel_to_lps_mm=affine))
    assert raised.value.finding.code == "no_heart"


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["qrm-canon", "apex-siemens-no-heart"])
def test_a_real_scan_without_a_heart_is_refused(name: str) -> None:
    with pytest.raises(UnfitError) as raised:
        find_anatomy(real_series(name)[0])
    assert raised.value.finding.code in {"no_heart", "coverage"}
