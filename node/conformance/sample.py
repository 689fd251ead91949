"""Made-up results, small and complete, from which the tables of objects are taken.

Two scans that agree in nothing but the rules show which values of an object are fixed and which belong to the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from node.facts import Report, SourceHeader, SourceSlice
from node.reports import ReportChoices, build
from scoring.result import (
    Demographics,
    Excluded,
    Finding,
    Interval,
    LabelVolume,
    Lesion,
    Measures,
    Percentile,
    ProtocolUsed,
    RescanLimit,
    Risk,
    Score,
    Severity,
    Uncertain,
    Unfit,
    Vessel,
)

SCORED, SCORED_OTHERWISE, ZERO, REFUSED = "with calcium", "mass not calibrated", "without calcium", "refused"

_WEAKENS = Finding(code="noise", severity=Severity.WEAKENS, sentence="noise is 26 HU", measured=26.0, unit="HU")
_NOTE = Finding(code="gating", severity=Severity.NOTE, sentence="the header says nothing of ECG gating")
_REFUSES = Finding(code="contrast", severity=Severity.REFUSE, sentence="blood measures 312 HU", measured=312.0)
_ALSO = Finding(code="thickness", severity=Severity.REFUSE, sentence="slices are 8 mm thick", measured=8.0, unit="mm")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """In what two scans differ."""

    number: int
    size: int
    slices: int
    spacing_mm: float
    increment_mm: float
    body_part: str
    rows_run: float  # y of the column cosines: with the patient's back, or against it
    vessels: tuple[Vessel, Vessel]
    created: datetime

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.slices, self.size, self.size)


_FIRST = _Scan(
    number=1,
    size=48,
    slices=8,
    spacing_mm=0.5,
    increment_mm=3.0,
    body_part="CHEST",
    rows_run=1.0,
    vessels=(Vessel.LAD, Vessel.RCA),
    created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
_SECOND = _Scan(
    number=2,
    size=64,
    slices=9,
    spacing_mm=0.7,
    increment_mm=2.5,
    body_part="HEART",
    rows_run=-1.0,
    vessels=(Vessel.LCX, Vessel.RCA),
    created=_FIRST.created + timedelta(days=400, hours=5, minutes=6, seconds=7),
)


def samples() -> dict[str, tuple[Report, ...]]:
    """Every object of each kind of result."""
    return {
        SCORED: _built(_scored(_FIRST, _labels(_FIRST)), _FIRST),
        SCORED_OTHERWISE: _built(_scored(_SECOND, _labels(_SECOND)), _SECOND),
        ZERO: _built(_scored(_FIRST, np.zeros(_FIRST.shape, np.uint8)), _FIRST),
        REFUSED: _built(_refused(_FIRST), _FIRST),
    }


def plane_keywords() -> frozenset[str]:
    """Attributes of a CT image's plane, which overlay images repeat."""
    return frozenset(str(element.keyword) for element in _plane(_FIRST, 0))


def _built(result: Score | Unfit, scan: _Scan) -> tuple[Report, ...]:
    hu = np.where(result.labels > 0, np.int16(300), np.int16(30)) if isinstance(result, Score) else None
    choices = ReportChoices(
        created=scan.created, software_version=f"{scan.number}.0", device_serial_number=f"SITE-{scan.number}"
    )
    return build(result, hu, _source(scan), choices).reports


def _labels(scan: _Scan) -> LabelVolume:
    """Two arteries with calcium on several slices."""
    labels = np.zeros(scan.shape, np.uint8)
    middle, (one, other) = scan.size // 2, scan.vessels
    labels[3:5, middle : middle + 3, middle - 6 : middle - 2] = one.label
    labels[4 : 5 + scan.number, middle + 6 : middle + 9, middle + 2 : middle + 5] = other.label
    return labels


def _scored(scan: _Scan, labels: LabelVolume) -> Score:
    vessels = {vessel: _measures(int((labels == vessel.label).sum()), scan) for vessel in Vessel}
    total = _measures(int((labels > 0).sum()), scan)
    heart = np.zeros(scan.shape, np.bool_)
    heart[1:-1, 4:-4, 4:-4] = True
    return Score(
        protocol=_protocol(scan),
        total=total,
        vessels=vessels,
        lesions=tuple(_lesion(vessel, vessels[vessel], labels) for vessel in Vessel if vessels[vessel].lesions),
        excluded=(
            Excluded(what="aortic wall", agatston=9.0, centre_lps_mm=(0.0, 0.0, 0.0), confidence=0.9, evidence=()),
        ),
        uncertain=Uncertain(lesions=1, agatston=total.agatston / 4) if total.lesions else Uncertain(),
        risk=_risk(total),
        quality=(_WEAKENS, _NOTE) if total.lesions else (_NOTE,),
        labels=labels,
        heart=heart,
        demographics=Demographics(age_years=50 + scan.number, sex="M", ethnic_group="white"),
        interval=_interval(total, RescanLimit(agatston=40.0, source="a published study")),
        vessel_intervals={vessel: _interval(vessels[vessel], None) for vessel in Vessel},
    )


def _refused(scan: _Scan) -> Unfit:
    return Unfit(reason=_REFUSES, quality=(_REFUSES, _ALSO, _WEAKENS, _NOTE), protocol=_protocol(scan))


def _protocol(scan: _Scan) -> ProtocolUsed:
    return ProtocolUsed(
        preset="literature",
        threshold_hu=130.0,
        connectivity=8,
        minimum_area_mm2=1.0,
        minimum_pixels=1,
        slice_increment_mm=scan.increment_mm,
        slice_thickness_mm=scan.increment_mm,
        kvp=120.0,
        weight_steps_hu=(130.0, 200.0, 300.0, 400.0),
        volume_threshold_hu=130.0,
    )


def _measures(voxels: int, scan: _Scan) -> Measures:
    if not voxels:
        return Measures(mass_calibrated=scan is _FIRST)
    volume = voxels * scan.spacing_mm**2 * scan.increment_mm
    return Measures(
        agatston=10.0 * volume,
        volume_mm3=volume,
        volume_isotropic_mm3=1.1 * volume,
        mass_mg=0.2 * volume,
        mass_calibrated=scan is _FIRST,
        density_score=3.0,
        lesions=1,
        peak_hu=300.0 + scan.number,
        mean_hu=250.0,
    )


def _lesion(vessel: Vessel, measures: Measures, labels: LabelVolume) -> Lesion:
    return Lesion(
        id=vessel.label,
        vessel=vessel,
        agatston=measures.agatston,
        volume_mm3=measures.volume_mm3,
        mass_mg=measures.mass_mg,
        peak_hu=measures.peak_hu or 0.0,
        mean_hu=measures.mean_hu or 0.0,
        centre_lps_mm=(0.0, 0.0, 0.0),
        slices=tuple(int(index) for index in np.flatnonzero((labels == vessel.label).any(axis=(1, 2)))),
        confidence=0.9,
        evidence=(),
    )


def _risk(total: Measures) -> Risk:
    has = total.lesions > 0
    percentile = Percentile(value=84, band=None, population="a named population", source="a published table")
    return Risk(
        category="100–399" if has else "0",
        category_scheme="0/1–99/100–399/≥400",
        cac_drs="A2/N2" if has else "A0",
        very_high=False,
        percentile=percentile if has else replace(percentile, value=0),
        percentile_withheld=None,
        arterial_age_years=70.0,
    )


def _interval(measures: Measures, limit: RescanLimit | None) -> Interval:
    return Interval(
        level=0.95,
        agatston=(0.8 * measures.agatston, 1.2 * measures.agatston),
        covers="noise and sampling of this scan",
        category_probability={"0": 0.0, "1–99": 0.0, "100–399": 1.0, "≥400": 0.0},
        published_rescan_limit=limit,
    )


def _source(scan: _Scan) -> SourceHeader:
    return SourceHeader(
        context=_elements(
            SpecificCharacterSet="ISO_IR 100",
            StudyDate=f"2025010{scan.number}",
            StudyTime=f"0{scan.number}0000",
            AccessionNumber=f"A{scan.number}",
            StudyID=str(scan.number),
            PatientName=f"Somebody^{scan.number}",
            PatientID=f"P{scan.number}",
            PatientBirthDate=f"1970010{scan.number}",
            PatientSex="MF"[scan.number - 1],
        ),
        equipment=_elements(
            Manufacturer=f"Maker {scan.number}",
            ManufacturerModelName=f"Model {scan.number}",
            StationName=f"CT{scan.number}",
            DeviceSerialNumber=f"{scan.number}",
            SoftwareVersions=f"VA{scan.number}",
            InstitutionName=f"Hospital {scan.number}",
            AcquisitionDate=f"2025010{scan.number}",
            AcquisitionTime=f"0{scan.number}0000",
        ),
        study_instance_uid=f"1.2.{scan.number}.1",
        series_instance_uid=f"1.2.{scan.number}.2",
        frame_of_reference_uid=f"1.2.{scan.number}.3",
        series_number=scan.number,
        series_description=f"Calcium {scan.number}",
        rows=scan.size,
        columns=scan.size,
        kernel="B35f",
        body_part=scan.body_part,
        slices=tuple(_slice(scan, index) for index in range(scan.slices)),
    )


def _slice(scan: _Scan, index: int) -> SourceSlice:
    return SourceSlice(
        sop_class_uid=CTImageStorage,
        sop_instance_uid=f"1.2.{scan.number}.4.{index}",
        frame_number=None,
        instance_number=scan.number + scan.slices - index,
        plane=_plane(scan, index),
    )


def _plane(scan: _Scan, index: int) -> Dataset:
    at: Mapping[str, str | int | Sequence[float]] = {
        "ImagePositionPatient": [-10.0 * scan.number, -10.0, scan.increment_mm * index],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, scan.rows_run, 0.0],
        "PixelSpacing": [scan.spacing_mm, scan.spacing_mm],
        "SliceThickness": str(scan.increment_mm),
        "SliceLocation": str(scan.increment_mm * index),
        "PositionReferenceIndicator": "",
        "AcquisitionNumber": scan.number,
        "AcquisitionDate": f"2025010{scan.number}",
        "AcquisitionTime": f"0{scan.number}0000",
        "PatientPosition": "HFS",
    }
    return _elements(**at)


def _elements(**values: str | int | Sequence[float]) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds
