"""Every code that scoring can put beside a result is raised by a test that makes its fault."""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import scoring
from scoring.anatomy import find_anatomy
from scoring.measures import calibration_for
from scoring.phantom import Phantom
from scoring.plausible import check_volume
from scoring.protocol import PRESETS, Acquisition, Gating, ScoringChoices, protocol_for
from scoring.quality import ScoredLesion, header_findings, image_findings, result_findings
from scoring.quality.limits import REASON_ORDER
from scoring.result import Demographics, Finding, UnfitError
from scoring.volume import Volume, stack_geometry
from tests.support.faults import FAULTS, findings_of, with_hu
from tests.support.phantoms import demo_phantom

ROOMS = Path(scoring.__file__).parent
AXIAL = (1, 0, 0, 0, 1, 0)
GATED_3_MM = Acquisition(kvp=120.0, slice_thickness_mm=3.0, kernel="Qr36f", gating=Gating.STATED)
SPECK = ScoredLesion(agatston=1.5, peak_hu=140.0, area_mm2=1.2, slices=1, confidence=0.9)
LESION = ScoredLesion(agatston=20.0, peak_hu=500.0, area_mm2=8.0, slices=2, confidence=0.9)


def codes_in(source: str) -> set[str]:
    """Codes that a module writes: `Finding(code="...")`, also by `partial` or a helper, and `UnfitError("...")`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        written = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        if isinstance(node.func, ast.Name) and node.func.id == "UnfitError" and node.args:
            written.append(node.args[0])
        found |= {part.value for part in written if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def header(**changes: object) -> list[Finding]:
    acquisition = replace(GATED_3_MM, **changes)  # type: ignore[arg-type]
    return header_findings(
        demo_phantom().volume, acquisition, Demographics(withheld="an age of 240 years is no age of a person")
    )


def leaning(volume: Volume) -> Volume:
    angle = np.radians(8.0)
    about_x = np.eye(4)
    about_x[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return Volume(hu=np.array(volume.hu), voxel_to_lps_mm=about_x @ volume.voxel_to_lps_mm)


def unfit(make: Callable[[], object]) -> list[Finding]:
    with pytest.raises(UnfitError) as raised:
        make()
    return [raised.value.finding]


def stack(heights: Iterable[float], orientation: tuple[float, ...] = AXIAL, pixel_mm: float = 0.4) -> list[Finding]:
    points = [(0.0, 0.0, height) for height in heights]
    return unfit(lambda: stack_geometry(points, orientation, (pixel_mm, pixel_mm)))


def result(*lesions: ScoredLesion) -> list[Finding]:
    thick = replace(GATED_3_MM, slice_thickness_mm=5.0)
    return result_findings(lesions, [], thick, PRESETS["literature"], noise_sd_hu=12.0, unresolved=0)


def without_aorta(phantom: Phantom) -> list[Finding]:
    anatomy = replace(find_anatomy(phantom.volume), ascending=None)
    return image_findings(phantom.volume, anatomy, PRESETS["literature"])


def of_water(phantom: Phantom) -> list[Finding]:
    return unfit(lambda: find_anatomy(with_hu(phantom.volume, np.zeros(phantom.volume.hu.shape))))


def implausible(hu: np.ndarray) -> list[Finding]:
    affine = demo_phantom().volume.voxel_to_lps_mm.copy()
    return unfit(lambda: check_volume(Volume(hu=hu, voxel_to_lps_mm=affine)))


RAISED: dict[str, Callable[[], Iterable[Finding]]] = {
    "thickness": lambda: header(slice_thickness_mm=8.0),
    "increment": lambda: header(slice_thickness_mm=4.0),
    "kernel": lambda: header(kernel="B70f"),
    "gating": lambda: header(gating=Gating.NOT_GATED),
    "demographics": header,
    "tilt": lambda: header_findings(leaning(demo_phantom().volume), GATED_3_MM, Demographics()),
    "kvp": lambda: unfit(lambda: protocol_for(ScoringChoices(), Acquisition(kvp=140.0))),
    "mass_factor": lambda: calibration_for(replace(GATED_3_MM, mass_factor_patient=7.0), None).findings,
    "anatomy": lambda: without_aorta(demo_phantom()),
    "not_judged": lambda: without_aorta(demo_phantom()),
    "no_heart": lambda: of_water(demo_phantom()),
    "zero": result,
    "specks": lambda: result(LESION, SPECK),
    "zero_or_one_uncertain": lambda: result(SPECK),
    "too_few": lambda: stack([0, 3]),
    "gap": lambda: stack([0, 3, 6, 15, 18]),
    "uneven": lambda: stack([0, 3, 6.5, 9, 12]),
    "duplicate_position": lambda: stack([0, 3, 3, 6]),
    "not_axial": lambda: stack([0, 3, 6], (1, 0, 0, 0, 0, -1)),
    "geometry": lambda: stack([0, 3, 6], pixel_mm=40.0),
    "pixels": lambda: implausible(np.where(demo_phantom().volume.hu > 400, np.float32("nan"), np.float32(0))),
    "rescale": lambda: implausible(demo_phantom().volume.hu + np.int16(1024)),
    **{code: lambda fault=fault: findings_of(fault) for fault, (_, raised) in FAULTS.items() for code, _ in raised},
}
"""How each code is raised; faults of the image come from their own table."""

IN_ANOTHER_TEST = {"segmentation": "tests/scoring/coronary/test_given.py"}
"""Raised where a SEG object is at hand."""


@pytest.mark.parametrize("code", sorted(RAISED))
def test_the_fault_raises_the_code(code: str) -> None:
    findings = [finding for finding in RAISED[code]() if finding.code == code]
    assert findings
    assert all(len(finding.sentence) > 20 for finding in findings)


def test_no_code_of_scoring_is_without_a_test_that_raises_it() -> None:
    written = set().union(*(codes_in(file.read_text(encoding="utf-8")) for file in ROOMS.rglob("*.py")))
    assert len(written) > 25
    assert written - set(RAISED) - set(IN_ANOTHER_TEST) == set()
    assert set(REASON_ORDER) <= written


def test_the_tests_named_for_other_codes_hold_them() -> None:
    for code, file in IN_ANOTHER_TEST.items():
        assert f'"{code}"' in (ROOMS.parent / file).read_text(encoding="utf-8")


def test_a_new_code_would_be_seen() -> None:
    assert codes_in('Finding(code="new")\nUnfitError("other", "x")\nf(code="third")') == {"new", "other", "third"}
