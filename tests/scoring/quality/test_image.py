"""What the image shows: one fault a test, and silence where there is none."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from scoring.anatomy import find_anatomy
from scoring.phantom import demo_spec, make_phantom, random_spec
from scoring.protocol import PRESETS
from scoring.quality import LIMITS, image_findings
from scoring.result import Finding, Severity, Vessel
from scoring.volume import Volume
from tests.support.faults import (
    blanked,
    doubled,
    fine_phantom,
    mirrored_in_the_body,
    overflowing,
    repeated,
    rod,
    rods,
    stepped,
    streaked,
)
from tests.support.phantoms import brighter, demo_phantom, empty_phantom, noisier, slices_of
from tests.support.real_series import real_series
from tests.support.shared import needs_shared
from tests.support.turned import turned

LITERATURE = PRESETS["literature"]


def findings_in(volume: Volume) -> list[Finding]:
    """Findings of the image, without the line that stands on every result."""
    return [found for found in image_findings(volume, find_anatomy(volume), LITERATURE) if found.code != "not_judged"]


def codes(findings: Iterable[Finding]) -> set[tuple[str, Severity]]:
    return {(finding.code, finding.severity) for finding in findings}


def in_frame(x: float, y: float, z: float) -> np.ndarray:
    """A place of the fine phantom's heart, canonical millimetres to LPS."""
    return fine_phantom().patient.frame.to_lps(np.array([[x, y, z]], float))[0]


def centre(volume: Volume) -> np.ndarray:
    return np.array(find_anatomy(volume).centre_lps_mm)


def stented(vessel: Vessel) -> Volume:
    """A tube of 3 mm and 14 mm long in place of a stretch of an artery."""
    course = fine_phantom().patient.tree.main[vessel]
    stretch = course.between(min(12.0, course.length_mm - 14), min(26.0, course.length_mm)).points_lps_mm
    return rod(fine_phantom().volume, stretch, 1.75, 2200.0, wall_mm=0.4)


@cache
def clipped(clips: int) -> Volume:
    """Clips of 3 mm along a graft over the front of the heart, 16 mm apart."""
    places = [(-10 + 12 * k, -52 + 2 * k, 52 - 13 * k) for k in range(clips)]
    ends = [np.stack([in_frame(x - 1, y, z), in_frame(x + 1, y, z)]) for x, y, z in places]
    return rods(fine_phantom().volume, ends, 1.1, 6000.0)


@cache
def wired(volume: Volume, count: int) -> Volume:
    """Wires through the sternum."""
    places = [(x, -84, z) for z in np.linspace(-20, 40, count) for x in (0.0,)]
    lines = [np.stack([in_frame(x - 9, y, z), in_frame(x + 9, y, z)]) for x, y, z in places]
    return rods(volume, lines, 0.7, 6000.0)


def with_lead() -> Volume:
    """From the superior vena cava to the apex of the right ventricle."""
    way = [(-42, 14, 60), (-38, 12, 10), (-20, -5, -15), (10, -34, -27)]
    return rod(fine_phantom().volume, np.stack([in_frame(*place) for place in way]), 1.0, 6000.0)


FAULTS: dict[str, tuple[Callable[[], Volume], str, Severity]] = {
    "a little contrast": (lambda: brighter(demo_phantom().volume, 30.0), "contrast", Severity.NOTE),
    "contrast": (lambda: brighter(demo_phantom().volume, 70.0), "contrast", Severity.REFUSE),
    "noise": (lambda: noisier(demo_phantom().volume, 38.0), "noise", Severity.REFUSE),
    "no top": (lambda: slices_of(demo_phantom().volume, slice(0, 30)), "coverage", Severity.REFUSE),
    "no apex": (lambda: slices_of(demo_phantom().volume, slice(16, None)), "coverage", Severity.WEAKENS),
    "mirrored in the body": (lambda: mirrored_in_the_body(fine_phantom().volume), "mirrored", Severity.REFUSE),
    "a step of 4 mm": (lambda: stepped(demo_phantom().volume, 4.0), "motion_possible", Severity.WEAKENS),
    "seen twice, 5 mm apart": (lambda: doubled(demo_phantom().volume, 5.0), "motion_possible", Severity.WEAKENS),
    "streaks": (lambda: streaked(demo_phantom().volume, 25.0), "streak", Severity.WEAKENS),
    "a lead": (with_lead, "metal", Severity.WEAKENS),
    "clips": (lambda: clipped(4), "cabg_possible", Severity.WEAKENS),
    "a clip and wires": (lambda: wired(clipped(1), 4), "cabg_possible", Severity.WEAKENS),
    "wires alone": (lambda: wired(fine_phantom().volume, 4), "cabg_possible", Severity.NOTE),
    "wires as metal": (lambda: wired(fine_phantom().volume, 4), "metal", Severity.NOTE),
    "a stent across the slices": (lambda: stented(Vessel.RCA), "stent_possible", Severity.WEAKENS),
    "a stent along the slices": (lambda: stented(Vessel.LAD), "stent_possible", Severity.WEAKENS),
    "values at the highest": (
        lambda: rod(fine_phantom().volume, [in_frame(0, -20, 0)], 4.0, 9000.0),
        "saturation",
        Severity.WEAKENS,
    ),
    "values that wrapped": (
        lambda: overflowing(fine_phantom().volume, in_frame(0, -20, 0)),
        "saturation",
        Severity.WEAKENS,
    ),
    "a hole in the heart": (
        lambda: blanked(fine_phantom().volume, in_frame(0, -10, 0), 6.0),
        "padding",
        Severity.REFUSE,
    ),
    "a slice twice": (lambda: repeated(demo_phantom().volume), "duplicates", Severity.REFUSE),
}


@cache
def findings_of(fault: str) -> tuple[Finding, ...]:
    """Findings of one fault of the table, looked for once a process."""
    return tuple(findings_in(FAULTS[fault][0]()))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_is_found_with_its_severity(fault: str) -> None:
    _, code, severity = FAULTS[fault]
    assert (code, severity) in codes(findings_of(fault))


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
        ("mirrored in the body", "mirrored", -60.0, -10.0),
    ],
)
def test_the_figure_is_that_of_the_fault(fault: str, code: str, low: float, high: float) -> None:
    finding = next(found for found in findings_of(fault) if found.code == code)
    assert finding.measured is not None
    assert low <= finding.measured <= high


@pytest.mark.parametrize(
    "scan",
    [
        lambda: demo_phantom().volume,
        lambda: empty_phantom().volume,
        lambda: fine_phantom().volume,
        lambda: make_phantom(replace(random_spec(21), matrix=256)).volume,
        lambda: make_phantom(replace(random_spec(22), matrix=256, fov_mm=330.0)).volume,
        lambda: turned(demo_phantom().volume, transposed=True, flipped=(True, True, False)),
    ],
    ids=["demo", "no calcium", "fine pixels", "random", "wide field of view", "stored the other way round"],
)
def test_a_clean_phantom_raises_nothing(scan: Callable[[], Volume]) -> None:
    assert findings_in(scan()) == []


def test_dense_plaque_is_no_metal_no_stent_and_no_graft() -> None:
    heavy = [replace(plaque, density_hu=1300.0, radius_mm=2.0, length_mm=14.0) for plaque in demo_spec().plaques]
    scan = make_phantom(replace(demo_spec(), matrix=400, fov_mm=200.0, distractors=(), plaques=tuple(heavy)))
    assert scan.truth.agatston > 800
    assert findings_in(scan.volume) == []


def test_two_clips_are_no_row_of_a_graft() -> None:
    assert "cabg_possible" not in {finding.code for finding in findings_in(clipped(2))}


def test_a_solid_rod_is_no_stent() -> None:
    course = fine_phantom().patient.tree.main[Vessel.RCA].between(12.0, 26.0).points_lps_mm
    assert findings_in(rod(fine_phantom().volume, course, 1.75, 1100.0)) == []


def test_a_heart_on_the_right_with_its_aorta_on_the_left_is_scored_with_a_caveat() -> None:
    volume = mirrored_in_the_body(fine_phantom().volume)
    anatomy = find_anatomy(volume)
    assert anatomy.descending is not None
    beside = anatomy.centre_mm[0] + np.linspace(-10, 40, len(anatomy.descending.z_mm))
    left = replace(anatomy.descending, z_mm=beside, x_mm=np.full(len(beside), anatomy.chest.spine_mm[1] + 20.0))
    found = image_findings(volume, replace(anatomy, descending=left), LITERATURE)
    assert ("mirrored", Severity.WEAKENS) in codes(found)


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
