"""What the image shows: one fault a test, and silence where there is none."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from scoring.anatomy import find_anatomy
from scoring.phantom import demo_spec, make_phantom, random_spec
from scoring.protocol import PRESETS
from scoring.quality import LIMITS, image_findings
from scoring.quality.sides import mirrored
from scoring.result import Finding, Severity, Vessel
from scoring.volume import Volume
from tests.support.faults import FAULTS, clipped, findings_in, findings_of, fine_phantom, rod, rods
from tests.support.phantoms import demo_phantom, empty_phantom, noisier
from tests.support.real_series import real_series
from tests.support.shared import needs_shared
from tests.support.turned import turned

LITERATURE = PRESETS["literature"]


def codes(findings: Iterable[Finding]) -> set[tuple[str, Severity]]:
    return {(finding.code, finding.severity) for finding in findings}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_is_found_with_its_severity(fault: str) -> None:
    assert FAULTS[fault][1] <= codes(findings_of(fault))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_finding_names_its_figure_and_a_refusal_says_what_to_do(fault: str) -> None:
    for finding in findings_of(fault):
        assert finding.measured is not None
        assert math.isfinite(finding.measured)
        if finding.unit in {"mm", "HU", "ml", "voxels", "slices", "pieces of metal"}:
            assert f"{finding.measured:.{1 if finding.unit == 'ml' else 0}f}" in finding.sentence or (
                f"{finding.measured:.1f}" in finding.sentence
            )
        assert finding.sentence.startswith("not scored: ") is (finding.severity is Severity.REFUSE)
        if finding.severity is Severity.REFUSE:
            assert "; send " in finding.sentence or "have the score read" in finding.sentence


@pytest.mark.parametrize(
    ("fault", "code", "low", "high"),
    [
        ("a step of 4 mm", "motion_possible", 3.2, 5.0),
        ("seen twice, 5 mm apart", "motion_possible", 2.5, 5.5),
        ("a stent across the slices", "stent_possible", 8.0, 18.0),
        ("a lead", "metal", 90.0, 160.0),
        ("clips", "cabg_possible", 3.0, 4.0),
        ("wires alone", "cabg_possible", 3.0, 4.0),
        ("mirrored", "mirrored", -60.0, -10.0),
    ],
)
def test_the_figure_is_that_of_the_fault(fault: str, code: str, low: float, high: float) -> None:
    finding = next(found for found in findings_of(fault) if found.code == code)
    assert finding.measured is not None
    assert low <= finding.measured <= high


@pytest.mark.parametrize(
    "scan",
    [
        lambda: empty_phantom().volume,
        lambda: fine_phantom().volume,
        lambda: make_phantom(replace(random_spec(22), matrix=256, fov_mm=330.0)).volume,
        lambda: turned(demo_phantom().volume, transposed=True, flipped=(True, True, False)),
    ],
    ids=["no calcium", "fine pixels", "another person, wide field of view", "stored the other way round"],
)
def test_a_clean_phantom_raises_nothing(scan: Callable[[], Volume]) -> None:
    assert findings_in(scan()) == ()


def test_dense_plaque_is_no_metal_no_stent_and_no_graft() -> None:
    heavy = [replace(plaque, density_hu=1300.0, radius_mm=2.0, length_mm=14.0) for plaque in demo_spec().plaques]
    scan = make_phantom(replace(demo_spec(), matrix=360, fov_mm=190.0, distractors=(), plaques=tuple(heavy)))
    assert scan.truth.agatston > 800
    assert findings_in(scan.volume) == ()


def test_two_clips_are_no_row_of_a_graft() -> None:
    assert "cabg_possible" not in {finding.code for finding in findings_in(clipped(2))}


def test_calcium_on_opposite_walls_is_no_stent() -> None:
    course = fine_phantom().patient.tree.main[Vessel.LAD].between(12.0, 26.0).points_lps_mm
    run = course[-1] - course[0]
    across = np.cross(run, [0.0, 0.0, 1.0])
    across *= 1.7 / np.linalg.norm(across)
    walls = rods(fine_phantom().volume, [course + across, course - across], 0.7, 1300.0)
    assert findings_in(walls) == ()


def test_a_solid_rod_is_no_stent() -> None:
    course = fine_phantom().patient.tree.main[Vessel.RCA].between(12.0, 26.0).points_lps_mm
    assert findings_in(rod(fine_phantom().volume, course, 1.75, 1100.0)) == ()


@pytest.mark.parametrize(
    ("percent", "aorta_seen", "severity"),
    [
        (25.0, True, None),
        (-5.0, True, Severity.WEAKENS),
        (-5.0, False, Severity.WEAKENS),
        (-20.0, True, Severity.WEAKENS),
        (-20.0, False, Severity.REFUSE),
        (float("nan"), True, None),
    ],
    ids=str,
)
def test_a_heart_on_the_right_is_refused_unless_the_aorta_descends_on_the_left(
    percent: float, severity: Severity | None, *, aorta_seen: bool
) -> None:
    anatomy = find_anatomy(demo_phantom().volume)
    found = mirrored(anatomy if aorta_seen else replace(anatomy, descending=None), percent)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_a_protocol_without_a_minimum_size_bears_less_noise() -> None:
    volume = noisier(demo_phantom().volume, 17.0)
    anatomy = find_anatomy(volume)
    finer = volume.voxel_to_lps_mm.copy()
    finer[:, 1:3] /= 2  # half the pixel: the smallest island of a protocol without a minimum shrinks with it
    volume = Volume(hu=volume.hu, voxel_to_lps_mm=finer)
    by_protocol = {
        name: next(
            finding.severity for finding in image_findings(volume, anatomy, PRESETS[name]) if finding.code == "noise"
        )
        for name in ("literature", "siemens")
    }
    assert by_protocol == {"literature": Severity.NOTE, "siemens": Severity.WEAKENS}


def test_what_no_check_sees_and_what_this_scan_does_not_show_is_said() -> None:
    volume = demo_phantom().volume
    anatomy = find_anatomy(volume)
    usual = image_findings(volume, anatomy, LITERATURE)[-1]
    assert (usual.code, usual.severity) == ("not_judged", Severity.NOTE)
    assert "Not known" not in usual.sentence
    lungs = np.zeros_like(anatomy.chest.lungs)
    blind = replace(anatomy, chest=replace(anatomy.chest, lungs=lungs), centre_mm=(anatomy.centre_mm[0], 20.0, 20.0))
    assert "the side of the heart" in image_findings(volume, blind, LITERATURE)[-1].sentence


def test_blood_and_noise_and_aorta_that_could_not_be_measured_weaken() -> None:
    volume = demo_phantom().volume
    anatomy = find_anatomy(volume)
    nothing = replace(anatomy.blood, hu=float("nan"), noise_sd_hu=float("nan"))
    found = image_findings(volume, replace(anatomy, blood=nothing, ascending=None), LITERATURE)
    assert {("contrast", Severity.WEAKENS), ("noise", Severity.WEAKENS), ("anatomy", Severity.WEAKENS)} <= codes(found)


@needs_shared
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["chest-philips-5mm", "petct-siemens-overlap"])
def test_a_real_heart_without_metal_or_surgery_raises_none_of_their_signs(name: str) -> None:
    found = {finding.code for finding in findings_in(real_series(name)[0])}
    assert not found & {"metal", "stent_possible", "cabg_possible", "mirrored", "streak", "saturation", "duplicates"}


def test_every_limit_has_a_source_and_its_levels_rise() -> None:
    for name, limit in LIMITS.items():
        levels = [level for level in (limit.note, limit.weakens, limit.refuse) if level is not None]
        assert limit.source, name
        assert levels == sorted(levels, reverse=limit.below), name
        assert levels, name
