"""What turns HU times volume into milligrams: the factor that the images state, or an uncalibrated equivalent."""

import math
from dataclasses import dataclass

from scoring.protocol import Acquisition
from scoring.result import Finding, Severity

UNCALIBRATED_MG_PER_MM3_HU = 0.00075
"""Of the order that phantoms give at 120 kVp (0.0007 to 0.0009); used only under the name *uncalibrated*."""

PER_CM3 = (0.3, 1.5)
"""A mass factor in this range is in mg/(cm3 HU)."""

PER_MM3 = (0.0003, 0.0015)
"""A mass factor in this range is in mg/(mm3 HU)."""

MEDIUM_FROM_MM, LARGE_FROM_MM = 325.0, 375.0
"""Lateral widths midway between the phantoms of 300, 350 and 400 mm of the mass standard (McCollough 2007)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What turns HU times volume into milligrams of hydroxyapatite."""

    mg_per_mm3_hu: float = UNCALIBRATED_MG_PER_MM3_HU
    calibrated: bool = False
    source: str = "none: uncalibrated equivalent"
    findings: tuple[Finding, ...] = ()  # what was wrong with a factor that the images state


def calibration_for(acquisition: Acquisition, patient_lateral_width_mm: float | None) -> Calibration:
    """Mass calibration that the images themselves state, or the uncalibrated equivalent.

    Order: Calcium Scoring Mass Factor Patient (0018,9351), then Mass Factor Device (0018,9352) by the
    size of the patient: small below 325 mm of lateral width, large from 375 mm, medium between and where
    the width is unknown. 0 means absent. A factor per cm3 is told from one per mm3 by its size; one that
    is neither is not used, and a finding says so.

    Examples
    --------
    >>> calibration = calibration_for(Acquisition(mass_factor_device=(0.743, 0.779, 0.812)), 390.0)
    >>> calibration.calibrated, round(calibration.mg_per_mm3_hu, 6)
    (True, 0.000812)
    """
    findings: list[Finding] = []
    stated = (
        (acquisition.mass_factor_patient, "Calcium Scoring Mass Factor Patient (0018,9351)"),
        _device_factor(acquisition.mass_factor_device, patient_lateral_width_mm),
    )
    for factor, source in stated:
        if factor is None or factor == 0:
            continue
        converted = _per_mm3(factor)
        if converted is not None:
            return Calibration(mg_per_mm3_hu=converted, calibrated=True, source=source, findings=tuple(findings))
        findings.append(_unusable(factor, source))
    return Calibration(findings=tuple(findings))


def _device_factor(factors: tuple[float, ...], width_mm: float | None) -> tuple[float | None, str]:
    name = "Calcium Scoring Mass Factor Device (0018,9352)"
    if not any(factors):
        return None, name
    if len(factors) != 3:  # which size a lone value is for is not known
        return math.nan, f"{name} with {len(factors)} values instead of 3"
    if width_mm is None or not math.isfinite(width_mm):
        return factors[1], f"{name}, medium patient assumed: the lateral width is not known"
    size = int(width_mm >= MEDIUM_FROM_MM) + int(width_mm >= LARGE_FROM_MM)
    return factors[size], f"{name}, {('small', 'medium', 'large')[size]} patient ({width_mm:.0f} mm wide)"


def _per_mm3(factor: float) -> float | None:
    if PER_CM3[0] <= factor <= PER_CM3[1]:
        return factor / 1000.0
    return factor if PER_MM3[0] <= factor <= PER_MM3[1] else None


def _unusable(factor: float, source: str) -> Finding:
    given = f" is {factor:g}, which is no factor per mm3 or per cm3 of calcium" if math.isfinite(factor) else ""
    return Finding(
        code="mass_factor",
        severity=Severity.NOTE,
        sentence=f"{source}{given or ' cannot be used'}: the mass is not calibrated with it",
        measured=factor if math.isfinite(factor) else None,
        unit=None,
    )
