"""What a site chooses: preset, kVp rule, percentile, and the mass calibrations of its scanners."""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

PATIENT_SIZES = ("small", "medium", "large")
"""Words for the three values of (0018,9352) and for the rings of the phantom."""


class CalibrationSource(StrEnum):
    """Where a calibration comes from, in the order in which they are preferred."""

    SCANNER_TABLE = "scanner table"
    PHANTOM_QA = "phantom QA"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationEntry:
    """What turns HU times volume into milligrams on one scanner at one voltage, kernel and patient size."""

    manufacturer: str
    model: str
    station: str | None = None  # None: every scanner of that model
    kvp: float
    kernel: str  # as the images state it; a part before a backslash also matches
    patient_size: str | None = None  # one of PATIENT_SIZES; None: every size
    mg_per_mm3_hu: float  # one per cm3 is understood too, see measures.calibration
    measured_on: date
    source: CalibrationSource

    def __post_init__(self) -> None:
        if not (self.manufacturer.strip() and self.model.strip() and self.kernel.strip()):
            raise ValueError("a calibration needs manufacturer, model and kernel: it holds for nothing else")
        if self.patient_size is not None and self.patient_size not in PATIENT_SIZES:
            raise ValueError(f"the patient size of a calibration is small, medium or large, got {self.patient_size!r}")
        for name, value in (("kvp", self.kvp), ("mg_per_mm3_hu", self.mg_per_mm3_hu)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} of a calibration must be a number above 0, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringChoices:
    """What the site chose in its configuration."""

    preset: str = "literature"  # literature | ge | philips | canon | siemens | auto (by manufacturer)
    connectivity: int | None = None  # 4 or 8; None: the preset's
    kvp_rule: str = "adapt"  # adapt | flag | refuse
    assume_kvp: float = 0.0  # used where KVP is empty; 0: refuse
    percentile: str = "mesa"  # mesa | hoff | none
    calibrations: tuple[CalibrationEntry, ...] = ()  # of the mass; used where the images state no factor
    calibration_fault: str | None = None  # a sentence: why the site's calibrations could not be read
