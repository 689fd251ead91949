"""`score` on whole phantoms: the right vessels, the same answer however the scan lies, a refusal with its reason."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.phantom import Distractor, Look, Phantom, PhantomSpec, demo_spec, make_phantom
from scoring.protocol import ScoringChoices
from scoring.result import Score, Severity, Unfit, Vessel
from scoring.score import score
from scoring.volume import Volume

SMALL = 256


def answer(phantom: Phantom, volume: Volume | None = None) -> Score | Unfit:
    return score(volume or phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())


def scored(phantom: Phantom, volume: Volume | None = None) -> Score:
    found = answer(phantom, volume)
    assert isinstance(found, Score), found
    return found


@pytest.fixture(scope="module")
def patient() -> Phantom:
    return make_phantom(replace(demo_spec(), matrix=SMALL))


def test_every_vessel_gets_its_own_calcium(patient: Phantom) -> None:
    found = scored(patient)
    for vessel in Vessel:
        assert found.vessels[vessel].agatston == pytest.approx(patient.truth.vessels[vessel], rel=0.1, abs=1.0), vessel


def test_the_total_is_the_sum_of_the_vessels_and_of_the_lesions(patient: Phantom) -> None:
    found = scored(patient)
    assert found.total.agatston == pytest.approx(sum(one.agatston for one in found.vessels.values()))
    assert found.total.agatston == pytest.approx(sum(lesion.agatston for lesion in found.lesions))


def test_calcium_of_the_aortic_wall_and_valve_is_listed_and_not_counted(patient: Phantom) -> None:
    found = scored(patient)
    assert {entry.what for entry in found.excluded} & {"aortic wall", "aortic valve"}
    assert sum(entry.agatston for entry in found.excluded) > 50


def test_a_heart_without_plaque_is_zero_although_its_aorta_is_calcified() -> None:
    wall = Distractor(what=Look.AORTIC_WALL)
    found = scored(make_phantom(PhantomSpec(seed=11, matrix=SMALL, distractors=(wall,))))
    assert (found.total.agatston, found.risk.category) == (0.0, "0")


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["slices", "rows", "columns"])
def test_a_scan_stored_the_other_way_round_gives_the_same_answer(patient: Phantom, axis: int) -> None:
    affine = patient.volume.voxel_to_lps_mm.copy()
    affine[:3, 3] += affine[:3, axis] * (patient.volume.hu.shape[axis] - 1)
    affine[:3, axis] *= -1
    turned = Volume(hu=np.flip(patient.volume.hu, axis).copy(), voxel_to_lps_mm=affine)
    here, there = scored(patient), scored(patient, turned)
    assert {v: m.agatston for v, m in there.vessels.items()} == pytest.approx(
        {v: m.agatston for v, m in here.vessels.items()}
    )


def test_a_scan_with_contrast_is_refused_with_the_blood_that_was_measured() -> None:
    found = answer(make_phantom(PhantomSpec(seed=11, matrix=SMALL, blood_hu=250.0)))
    assert isinstance(found, Unfit)
    assert found.reason.code == "contrast"
    assert found.reason.measured == pytest.approx(250, abs=15)


def test_a_scan_that_is_all_noise_is_refused_for_it() -> None:
    found = answer(make_phantom(PhantomSpec(seed=11, matrix=SMALL, noise_sd_hu=60.0)))
    assert isinstance(found, Unfit)
    assert found.reason.code == "noise"


def test_a_heart_cut_at_the_top_is_refused_for_coverage() -> None:
    found = answer(make_phantom(PhantomSpec(seed=11, matrix=SMALL, above_mm=10.0)))
    assert isinstance(found, Unfit)
    assert found.reason.code in ("coverage", "no_heart")


@pytest.mark.parametrize("hu", [-1000, 0, 3071], ids=["air", "water", "all bone"])
def test_something_that_is_no_chest_is_refused(patient: Phantom, hu: int) -> None:
    cube = Volume(hu=np.full((30, 64, 64), hu, np.int16), voxel_to_lps_mm=np.diag([3.0, 3.0, 3.0, 1.0])[[2, 1, 0, 3]])
    found = answer(patient, cube)
    assert isinstance(found, Unfit)
    assert found.reason.severity is Severity.REFUSE


def test_slices_thicker_than_five_millimetres_are_refused(patient: Phantom) -> None:
    acquisition = replace(patient.acquisition, slice_thickness_mm=6.0)
    found = score(patient.volume, acquisition, patient.demographics, ScoringChoices())
    assert isinstance(found, Unfit)
    assert (found.reason.code, found.reason.measured) == ("thickness", 6.0)


def test_a_tube_voltage_without_a_rule_is_refused(patient: Phantom) -> None:
    acquisition = replace(patient.acquisition, kvp=None)
    found = score(patient.volume, acquisition, patient.demographics, ScoringChoices())
    assert isinstance(found, Unfit)
    assert found.reason.code == "kvp"


def test_every_lesion_carries_its_evidence_and_a_confidence(patient: Phantom) -> None:
    found = scored(patient)
    assert found.lesions
    assert all(lesion.evidence and 0 < lesion.confidence <= 1 for lesion in found.lesions)
