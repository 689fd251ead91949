"""A drawn phantom: other scanners' pixels, slices, voltages and noise; what is missing, cut or no phantom at all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.protocol import Acquisition
from scoring.qa import Handedness, Measured, PhantomQa, QaChoices, QaVerdict, examine
from scoring.volume import Volume
from tests.support.phantoms import demo_phantom
from tests.support.qrm_phantom import HU_PER_MG_CM3, QrmScan, qrm_volume

GE = QaChoices(preset="ge")


def examined(scan: QrmScan, choices: QaChoices = GE) -> PhantomQa:
    made = examine(qrm_volume(scan), scan.acquisition, choices)
    assert made is not None
    return made


def farthest_off_mm(measured: Measured, scan: QrmScan) -> float:
    return max(
        float(np.linalg.norm(np.subtract(one.centre_lps_mm, scan.insert_lps_mm(one.density_mg_cm3, one.diameter_mm))))
        for one in measured.inserts
    )


def own_factor(measured: Measured) -> float:
    assert measured.rods is not None
    return measured.rods.mg_per_mm3_hu


@pytest.mark.parametrize(
    "scan",
    [
        QrmScan(),
        QrmScan(size="large", noise_sd_hu=22.0),
        QrmScan(turned_degrees=47.0, tilt_degrees=(4.0, -5.0), centre_mm=(8.0, -6.0, 2.3)),
        QrmScan(thickness_mm=0.5, increment_mm=0.5, pixel_mm=0.6, matrix=200, noise_sd_hu=40.0),
        QrmScan(thickness_mm=5.0, increment_mm=5.0, turned_degrees=10.0),
        QrmScan(thickness_mm=3.0, increment_mm=1.5),
        QrmScan(pixel_mm=0.35, matrix=340, turned_degrees=-70.0),
        QrmScan(pixel_mm=0.98, matrix=160),
        QrmScan(kvp=80, noise_sd_hu=25.0),
        QrmScan(kvp=100),
        QrmScan(kvp=140, size="large", noise_sd_hu=24.0),
    ],
    ids=["small", "large", "tilted", "thin", "thick", "overlap", "fine", "coarse", "80 kVp", "100 kVp", "140 kVp"],
)
def test_any_scanner_finds_every_insert_and_its_own_factor(scan: QrmScan) -> None:
    measured = examined(scan).measured
    assert farthest_off_mm(measured, scan) < 1.0
    assert own_factor(measured) == pytest.approx(1e-3 / HU_PER_MG_CM3[scan.kvp], rel=0.03)
    assert measured.noise_sd_hu == pytest.approx(scan.noise_sd_hu, rel=0.15)
    assert measured.placement.handedness is Handedness.AS_MADE
    assert measured.placement.water_agrees
    assert not any(one.cut for one in measured.inserts)
    assert measured.insert(800, 5).mass_error_percent == pytest.approx(0.0, abs=35.0)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    turned=st.floats(0.0, 360.0),
    tilt=st.tuples(st.floats(-8.0, 8.0), st.floats(-8.0, 8.0)),
    shift=st.tuples(st.floats(-12.0, 12.0), st.floats(-12.0, 12.0), st.floats(-3.0, 3.0)),
    mirrored=st.booleans(),
    side=st.sampled_from([1, -1]),
    seed=st.integers(0, 1000),
)
def test_any_pose_is_found_with_the_right_densities(
    turned: float,
    tilt: tuple[float, float],
    shift: tuple[float, float, float],
    mirrored: bool,  # noqa: FBT001 - drawn by hypothesis
    side: int,
    seed: int,
) -> None:
    scan = QrmScan(
        turned_degrees=turned,
        tilt_degrees=tilt,
        centre_mm=shift,
        mirrored=mirrored,
        rods_mm=36.0 * side,
        slices_mm=(-21.0, 54.0) if side > 0 else (-54.0, 21.0),
        pixel_mm=0.7,
        matrix=200,
        seed=seed,
    )
    measured = examined(scan).measured
    assert farthest_off_mm(measured, scan) < 1.0
    assert measured.placement.handedness is (Handedness.MIRRORED if mirrored == (side > 0) else Handedness.AS_MADE)
    assert measured.placement.water_agrees is not False


def test_without_rods_the_masses_are_uncalibrated_and_not_judged() -> None:
    made = examined(QrmScan(rods=False))
    measured = made.measured
    assert measured.rods is None
    assert (measured.factor.mg_per_mm3_hu, measured.factor.calibrated) == (0.00075, False)
    assert measured.placement.handedness is Handedness.UNKNOWN
    assert measured.noise_in == "the body of the insert"
    assert measured.noise_sd_hu == pytest.approx(15.0, rel=0.1)
    assert made.judgement.verdict is QaVerdict.WARN
    assert any("uncalibrated" in sentence for sentence in made.judgement.sentences)
    assert not any("off the known" in sentence for sentence in made.judgement.sentences)


@pytest.mark.parametrize("missing", [((200, 3),), ((400, 5),), ((400, 5), (200, 3))])
def test_an_insert_that_vanishes_fails_the_scan_by_name(missing: tuple[tuple[int, int], ...]) -> None:
    scan = QrmScan(missing=missing)
    made = examined(scan)
    assert farthest_off_mm(made.measured, scan) < 1.0
    assert {one for one in TABLE if not made.measured.insert(*one).found} == set(missing)
    assert made.judgement.verdict is QaVerdict.FAIL
    assert made.judgement.sentences[0].startswith(f"{6 - len(missing)} of the 6 inserts")
    for density, diameter in missing:
        assert f"{density} mg/cm3, {diameter} mm" in made.judgement.sentences[0]


TABLE = [(density, diameter) for density in (800, 400, 200) for diameter in (5, 3)]


def test_a_scan_that_begins_within_the_inserts_fails_and_says_they_are_cut() -> None:
    made = examined(QrmScan(slices_mm=(0.0, 54.0)))
    assert {one.name for one in made.measured.inserts if one.cut} == {
        "800 mg/cm3, 5 mm", "400 mg/cm3, 5 mm", "200 mg/cm3, 5 mm"
    }  # fmt: skip
    assert made.judgement.verdict is QaVerdict.FAIL
    assert "is cut: scan the whole phantom" in made.judgement.sentences[0]


def test_an_image_that_ends_within_an_insert_fails_and_says_which_is_cut() -> None:
    """Turned by 180 degrees the arm of 800 mg/cm3 points to the first column."""
    whole = qrm_volume(QrmScan())
    affine = whole.voxel_to_lps_mm.copy()
    affine[0, 3] += 45 * 0.5
    cut = Volume(hu=np.ascontiguousarray(whole.hu[:, :, 45:]), voxel_to_lps_mm=affine)
    made = examine(cut, QrmScan().acquisition, GE)
    assert made is not None
    assert [one.name for one in made.measured.inserts if one.cut] == ["800 mg/cm3, 5 mm"]
    assert made.judgement.verdict is QaVerdict.FAIL


@pytest.mark.parametrize(
    ("size", "matrix", "width_mm"), [("small", 380, 300.0), ("medium", 440, 350.0), ("large", 490, 400.0)]
)
def test_the_ring_is_told_by_the_width_of_the_body_whatever_lies_under_it(
    size: str, matrix: int, width_mm: float
) -> None:
    scan = QrmScan(size=size, pixel_mm=0.9, matrix=matrix, couch=True, slices_mm=(-12.0, 12.0), rods=False)
    placement = examined(scan).measured.placement
    assert placement.size == size
    assert placement.lateral_width_mm == pytest.approx(width_mm, abs=6.0)


@pytest.mark.parametrize("matrix", [150, 240, 300])
def test_a_body_that_the_field_of_view_cuts_has_no_size_unless_it_is_stated(matrix: int) -> None:
    scan = QrmScan(pixel_mm=0.9, matrix=matrix, slices_mm=(-12.0, 12.0), rods=False)
    made = examined(scan)
    assert made.measured.placement.size is None
    assert "cuts the phantom" in made.judgement.sentences[-1]
    assert examined(scan, replace(GE, stated_size="large")).measured.placement.size == "large"


def test_low_voltage_is_measured_with_its_own_threshold() -> None:
    made = examined(QrmScan(kvp=80, noise_sd_hu=10.0))
    assert made.measured.protocol.threshold_hu == 177.0
    assert any("80 kVp" in sentence for sentence in made.judgement.sentences)


@pytest.mark.parametrize("kvp", [None, 140.0, 9999.0])
def test_a_voltage_without_a_rule_is_measured_with_130_hu_and_said(kvp: float | None) -> None:
    made = examine(qrm_volume(QrmScan()), Acquisition(kvp=kvp, manufacturer="ACME"), GE)
    assert made is not None
    assert made.measured.protocol.threshold_hu == 130.0
    assert any("130 HU as at 120 kVp" in sentence for sentence in made.judgement.sentences)


def test_noise_far_from_the_inserts_counts_for_none() -> None:
    """Sixty HU of noise make islands all over the body: whole-body sums would be wrong by far more than this."""
    noisy, quiet = (examined(QrmScan(noise_sd_hu=sd, pixel_mm=0.7, matrix=200)).measured for sd in (45.0, 5.0))
    assert noisy.insert(800, 5).volume_mm3 < 1.4 * quiet.insert(800, 5).volume_mm3
    assert noisy.insert(200, 1).volume_mm3 < 12.0


def test_a_person_is_no_phantom() -> None:
    person = demo_phantom()
    assert examine(person.volume, person.acquisition, GE) is None


@pytest.mark.parametrize(
    "hu",
    [
        np.full((20, 64, 64), -1000, np.int16),
        np.zeros((3, 1, 1), np.int16),
        np.full((12, 90, 90), 3071, np.int16),
        np.full((12, 90, 90), np.nan, np.float32),
        np.random.default_rng(3).normal(40, 300, (12, 128, 128)).astype(np.float32),
    ],
    ids=["air", "one pixel", "saturated", "no numbers", "noise alone"],
)
def test_no_phantom_is_no_phantom(hu: np.ndarray) -> None:
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = 3.0, 0.7, 0.7
    assert examine(Volume(hu=hu, voxel_to_lps_mm=affine), Acquisition(kvp=120.0), GE) is None


def test_numbers_that_are_none_outside_the_inserts_do_no_harm() -> None:
    whole = qrm_volume(QrmScan())
    hu = whole.hu.astype(np.float32)
    hu[:, :6] = np.nan
    made = examine(Volume(hu=hu, voxel_to_lps_mm=whole.voxel_to_lps_mm.copy()), QrmScan().acquisition, GE)
    assert made is not None
    assert made.measured.insert(800, 5).agatston == examined(QrmScan()).measured.insert(800, 5).agatston
