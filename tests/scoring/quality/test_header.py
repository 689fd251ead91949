"""What the header and the geometry of the stack say: tables of figures and verdicts."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring.protocol import Acquisition, Gating
from scoring.quality import LIMITS, first_reason, header_findings
from scoring.result import Demographics, Finding, Severity
from scoring.volume import Volume

GATED_3_MM = Acquisition(kvp=120.0, slice_thickness_mm=3.0, kernel="Qr36f", gating=Gating.STATED)


def stack(increment_mm: float = 3.0, tilt_degrees: float = 0.0) -> Volume:
    tilt = math.radians(tilt_degrees)
    affine = np.eye(4)
    affine[:3, 0] = np.array([0, -math.sin(tilt), math.cos(tilt)]) * increment_mm
    affine[:3, 1] = np.array([0, math.cos(tilt), math.sin(tilt)]) * 0.5
    affine[:3, 2] = [0.5, 0, 0]
    return Volume(hu=np.zeros((3, 4, 4), np.int16), voxel_to_lps_mm=affine)


def codes(findings: Iterable[Finding]) -> set[tuple[str, Severity]]:
    return {(finding.code, finding.severity) for finding in findings}


@pytest.mark.parametrize(
    ("name", "measured", "severity"),
    [
        ("contrast", 45.0, None),
        ("contrast", 61.0, Severity.NOTE),
        ("contrast", 81.0, Severity.WEAKENS),
        ("contrast", 100.0, Severity.WEAKENS),
        ("contrast", 100.5, Severity.REFUSE),
        ("noise", 20.0, None),
        ("noise", 20.5, Severity.NOTE),
        ("noise", 26.0, Severity.WEAKENS),
        ("noise", 36.0, Severity.REFUSE),
        ("thickness_thick", 3.0, None),
        ("thickness_thick", 5.0, Severity.WEAKENS),
        ("thickness_thick", 5.1, Severity.REFUSE),
        ("thickness_thin", 2.0, Severity.NOTE),
        ("thickness_thin", 1.0, Severity.WEAKENS),
        ("top", 37.0, Severity.REFUSE),
        ("bottom", 20.0, Severity.WEAKENS),
    ],
)
def test_a_figure_passes_the_limits_of_the_table(name: str, measured: float, severity: Severity | None) -> None:
    assert LIMITS[name].severity(measured) is severity


def test_a_standard_gated_scan_has_nothing_to_say_about_its_header() -> None:
    assert header_findings(stack(), GATED_3_MM, Demographics()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"slice_thickness_mm": 8.0}, ("thickness", Severity.REFUSE)),
        ({"slice_thickness_mm": 5.0}, ("thickness", Severity.WEAKENS)),
        ({"slice_thickness_mm": 1.0}, ("thickness", Severity.WEAKENS)),
        ({"slice_thickness_mm": None}, ("thickness", Severity.WEAKENS)),
        ({"kernel": "B70f"}, ("kernel", Severity.WEAKENS)),
        ({"kernel": "FC51"}, ("kernel", Severity.WEAKENS)),
        ({"kernel": "L"}, ("kernel", Severity.WEAKENS)),
        ({"kernel": "BONEPLUS"}, ("kernel", Severity.WEAKENS)),
        ({"gating": Gating.NOT_GATED}, ("gating", Severity.WEAKENS)),
        ({"gating": Gating.NOT_STATED}, ("gating", Severity.NOTE)),
        ({"contrast_stated": True}, ("contrast", Severity.WEAKENS)),
    ],
    ids=str,
)
def test_a_departure_from_the_standard_is_said(change: dict[str, Any], expected: tuple[str, Severity]) -> None:
    acquisition = replace(GATED_3_MM, **change)
    thickness = acquisition.slice_thickness_mm or 3.0
    assert expected in codes(header_findings(stack(thickness), acquisition, Demographics()))


@pytest.mark.parametrize(
    "kernel", ["B35f", "Qr36f", "I30f\\3", "FC12", "STANDARD", "SOFT", "XCA", "B", "Sa36f", "Br40d", ""]
)
def test_a_soft_kernel_is_not_called_sharp(kernel: str) -> None:
    assert header_findings(stack(), replace(GATED_3_MM, kernel=kernel), Demographics()) == []


@pytest.mark.parametrize(
    ("increment", "severity"),
    [(1.5, Severity.NOTE), (3.2, Severity.WEAKENS), (3.6, Severity.REFUSE)],
    ids=["overlap", "small gap", "gap"],
)
def test_the_increment_is_held_against_the_thickness(increment: float, severity: Severity) -> None:
    found = header_findings(stack(increment), GATED_3_MM, Demographics())
    assert codes(found) == {("increment", severity)}
    assert found[0].measured == pytest.approx(increment)


def test_a_tilted_stack_is_named_with_its_angle() -> None:
    (finding,) = header_findings(stack(tilt_degrees=7.0), GATED_3_MM, Demographics())
    assert (finding.code, finding.severity) == ("tilt", Severity.WEAKENS)
    assert finding.measured == pytest.approx(7.0, abs=0.1)


def test_withheld_demographics_are_passed_on_as_said() -> None:
    said = "age 240 is no age of a person"
    (finding,) = header_findings(stack(), GATED_3_MM, Demographics(withheld=said))
    assert finding.sentence == said


def test_of_several_refusals_the_first_of_the_fixed_order_is_the_reason() -> None:
    refusals = [
        Finding(code=code, severity=Severity.REFUSE, sentence=code)
        for code in ("thickness", "noise", "coverage", "kvp")
    ]
    assert first_reason(refusals).code == "coverage"
    assert first_reason([replace(refusals[0], severity=Severity.WEAKENS)]) is None
