"""Hand-made results with their CT header: what reports are built from, small and complete."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian

from node.facts import SourceHeader, SourceSlice
from node.reports import Built, ReportChoices, build
from scoring.result import (
    Demographics,
    Excluded,
    Finding,
    Interval,
    Lesion,
    Measures,
    Percentile,
    ProtocolUsed,
    RescanLimit,
    Risk,
    Score,
    Severity,
    Spread,
    Uncertain,
    Unfit,
    Vessel,
)

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHOICES = ReportChoices(created=CREATED, software_version="0.1.0", device_serial_number="SITE-1")

PROTOCOL = ProtocolUsed(
    preset="literature",
    threshold_hu=130.0,
    connectivity=8,
    minimum_area_mm2=1.0,
    minimum_pixels=1,
    slice_increment_mm=3.0,
    slice_thickness_mm=3.0,
    kvp=120.0,
    weight_steps_hu=(130.0, 200.0, 300.0, 400.0),
)
MESA = Percentile(value=84, band=None, population="MESA, men, white, 55 years", source="McClelland 2006")
NOISE = Finding(
    code="noise",
    severity=Severity.WEAKENS,
    sentence="Noise in the blood pool is 26.4 HU, above 25 HU: specks may be noise.",
    measured=26.4,
    unit="HU",
)
GATING = Finding(
    code="gating", severity=Severity.NOTE, sentence="The header says nothing of ECG gating; the field of view is small."
)
CONTRAST = Finding(
    code="contrast",
    severity=Severity.REFUSE,
    sentence="Blood in the aorta measures 312 HU, above 100 HU: the series has contrast medium; send the plain series.",
    measured=312.0,
    unit="HU",
)

_PLAQUES = (  # vessel, row share, column share, radius share, HU
    (Vessel.LAD, 0.33, 0.58, 0.020, 430),
    (Vessel.LCX, 0.48, 0.74, 0.016, 270),
    (Vessel.RCA, 0.47, 0.30, 0.024, 660),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCase:
    """Everything `build` takes."""

    result: Score | Unfit
    hu: np.ndarray
    source: SourceHeader

    def built(self, choices: ReportChoices = CHOICES) -> Built:
        """All objects of this case."""
        return build(self.result, self.hu, self.source, choices)


def datasets(built: Built) -> dict[str, Dataset]:
    """Every report read back, by file name."""
    return {report.file_name: pydicom.dcmread(io.BytesIO(report.data)) for report in built.reports}


def positive(*, slices: int = 10, size: int = 128, calibrated: bool = True, **header: object) -> ReportCase:
    """Calcium in three vessels and in the aorta, one caveat, one note, a percentile."""
    hu, labels, heart = _scan(slices, size, _PLAQUES)
    score = _score(hu, labels, heart, size=size, calibrated=calibrated)
    return ReportCase(result=score, hu=hu, source=source_header(slices=slices, size=size, **header))


def zero(*, slices: int = 8, size: int = 128, **header: object) -> ReportCase:
    """No coronary calcium; some in the aorta."""
    hu, labels, heart = _scan(slices, size, ())
    score = replace(_score(hu, labels, heart, size=size, calibrated=False), quality=(GATING,))
    return ReportCase(result=score, hu=hu, source=source_header(slices=slices, size=size, **header))


def refused(*, slices: int = 8, size: int = 128, heart: bool = False, **header: object) -> ReportCase:
    """A contrast scan."""
    hu, _, found = _scan(slices, size, ())
    unfit = Unfit(
        reason=CONTRAST,
        quality=(CONTRAST, GATING),
        protocol=PROTOCOL,
        heart=found if heart else None,
        demographics=Demographics(age_years=55, sex="M"),
    )
    return ReportCase(result=unfit, hu=hu, source=source_header(slices=slices, size=size, **header))


def scored(case: ReportCase, **changes: object) -> ReportCase:
    """The same case with other fields of its Score."""
    if not isinstance(case.result, Score):
        raise TypeError("only a scored case has a Score to change")
    return replace(case, result=replace(case.result, **changes))


def source_header(
    *,
    slices: int = 8,
    size: int = 128,
    enhanced: bool = False,
    frame_of_reference_uid: str | None = "1.2.826.0.1.3680043.9.1.4",
    without: tuple[str, ...] = (),
    fov_mm: float = 180.0,
    **person: object,
) -> SourceHeader:
    """A CT header; `person` overrides attributes, `without` leaves some out. Elements come from bytes, undecoded."""
    planes = [_plane(index, slices, size, fov_mm) for index in range(slices)]
    return SourceHeader(
        context=_read_back(_context(person, without)),
        equipment=_read_back(_equipment()),
        study_instance_uid="1.2.826.0.1.3680043.9.1.1",
        series_instance_uid="1.2.826.0.1.3680043.9.1.2",
        frame_of_reference_uid=frame_of_reference_uid,
        series_number=2,
        series_description="CaSc 3.0",
        rows=size,
        columns=size,
        kernel="B35f",
        body_part="CHEST",
        slices=tuple(
            SourceSlice(
                sop_class_uid=EnhancedCTImageStorage if enhanced else CTImageStorage,
                sop_instance_uid="1.2.826.0.1.3680043.9.1.3" + ("" if enhanced else f".{index + 1}"),
                frame_number=index + 1 if enhanced else None,
                instance_number=1 if enhanced else slices - index,
                plane=plane,
            )
            for index, plane in enumerate(planes)
        ),
    )


def ct_images(case: ReportCase) -> list[bytes]:
    """The CT images themselves, as files, for judges that compare series of one study."""
    out = []
    for one, plane in zip(case.source.slices, case.hu, strict=True):
        ds = Dataset()
        for elements in (case.source.context, one.plane):
            ds.update(elements)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = one.sop_class_uid, one.sop_instance_uid, "CT"
        ds.Manufacturer, ds.KVP = "ACME", "120"
        ds.StudyInstanceUID = case.source.study_instance_uid
        ds.SeriesInstanceUID, ds.SeriesNumber = case.source.series_instance_uid, 2
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = case.source.frame_of_reference_uid, None
        ds.InstanceNumber, ds.BodyPartExamined = one.instance_number, "CHEST"
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = plane.shape
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleIntercept, ds.RescaleSlope, ds.PixelData = "0", "1", plane.tobytes()
        ds["PixelData"].VR = "OW"
        out.append(_file(ds))
    return out


def _scan(
    slices: int, size: int, plaques: Iterable[tuple[Vessel, float, float, float, int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """HU, labels and heart: an ellipse of muscle in fat, lungs beside it, a spine behind it, plaques where told."""
    rows, columns = (np.mgrid[:size, :size] + 0.5) / size
    heart = ((columns - 0.52) / 0.27) ** 2 + ((rows - 0.47) / 0.20) ** 2 < 1
    muscle = ((columns - 0.52) / 0.23) ** 2 + ((rows - 0.47) / 0.16) ** 2 < 1
    body = ((columns - 0.5) / 0.52) ** 2 + ((rows - 0.5) / 0.46) ** 2 < 1
    lungs = (np.abs(columns - 0.5) > 0.06) & (((columns - 0.5) / 0.43) ** 2 + ((rows - 0.5) / 0.38) ** 2 < 1)
    plane = np.full((size, size), -1000.0)
    plane[body], plane[lungs], plane[heart], plane[muscle] = 30, -860, -95, 42
    plane[(columns - 0.5) ** 2 + (rows - 0.82) ** 2 < 0.07**2] = 180
    hu = np.repeat(plane[None], slices, axis=0)
    labels = np.zeros(hu.shape, np.uint8)
    middle = slices // 2
    for number, (vessel, row, column, radius, level) in enumerate(plaques):
        spot = (columns - column) ** 2 + (rows - row) ** 2 < radius**2
        for index in (middle - 1 + number, middle + number):
            hu[index][spot], labels[index][spot] = level, vessel.label
    aorta = (columns - 0.40) ** 2 + (rows - 0.70) ** 2 < 0.015**2
    hu[middle][aorta], labels[middle][aorta] = 500, 9
    hu += np.random.default_rng(7).normal(0, 12, hu.shape)
    hearts = np.repeat(heart[None], slices, axis=0)
    hearts[0] = hearts[-1] = False
    return np.round(hu).clip(-1024, 3071).astype(np.int16), labels, hearts


def _score(hu: np.ndarray, labels: np.ndarray, heart: np.ndarray, *, size: int, calibrated: bool) -> Score:
    area = (180 / size) ** 2
    vessels = {vessel: _measures(hu, labels == vessel.label, area, calibrated=calibrated) for vessel in Vessel}
    total = _sum(vessels, calibrated=calibrated)
    has = bool(total.lesions)
    risk = Risk(
        category="≥400" if total.agatston >= 399.5 else "100–399" if has else "0",
        category_scheme="0/1–99/100–399/≥400",
        cac_drs="A3/N3" if has else "A0",
        very_high=False,
        percentile=MESA if has else replace(MESA, value=0),
        percentile_withheld=None,
        arterial_age_years=88.7 if has else 39.1,
    )
    return Score(
        protocol=PROTOCOL,
        total=total,
        vessels=vessels,
        lesions=tuple(_lesion(n, v, vessels[v], labels) for n, v in enumerate(Vessel, 1) if vessels[v].lesions),
        excluded=(
            Excluded(
                what="aortic wall",
                agatston=88.0,
                centre_lps_mm=(1.0, 2.0, 3.0),
                confidence=0.9,
                evidence=("behind the heart",),
            ),
        ),
        uncertain=Uncertain(lesions=1, agatston=vessels[Vessel.LCX].agatston) if has else Uncertain(),
        risk=risk,
        quality=(NOISE, GATING),
        labels=labels,
        heart=heart,
        demographics=Demographics(age_years=55, sex="M", ethnic_group="white"),
        interval=_interval(total.agatston, RescanLimit(agatston=140.0, source="Chung 2008, BMI 27")),
        vessel_intervals={vessel: _interval(vessels[vessel].agatston, None) for vessel in Vessel},
        spread=Spread(vessels_involved=3, diffusivity=0.4, left_main=False, left_main_share=0.0) if has else Spread(),
    )


def _interval(agatston: float, limit: RescanLimit | None) -> Interval:
    sure = {"0": 1.0, "1–99": 0.0, "100–399": 0.0, "≥400": 0.0}
    return Interval(
        level=0.95,
        agatston=(0.85 * agatston, 1.2 * agatston),
        covers="noise and sampling of this scan",
        category_probability={"0": 0.0, "1–99": 0.0, "100–399": 0.25, "≥400": 0.75} if agatston else sure,
        published_rescan_limit=limit,
    )


def _measures(hu: np.ndarray, mask: np.ndarray, area: float, *, calibrated: bool) -> Measures:
    if not mask.any():
        return Measures(mass_calibrated=calibrated)
    volume = float(mask.sum()) * area * 3.0
    peak = float(hu[mask].max())
    return Measures(
        agatston=float(mask.sum()) * area * min(4, peak // 100) / 3.0,
        volume_mm3=volume,
        volume_isotropic_mm3=volume * 1.07,
        mass_mg=volume * float(hu[mask].mean()) * 0.00075,
        mass_calibrated=calibrated,
        density_score=min(4.0, peak // 100),
        lesions=1,
        peak_hu=peak,
    )


def _sum(vessels: Mapping[Vessel, Measures], *, calibrated: bool) -> Measures:
    parts = list(vessels.values())
    peaks = [part.peak_hu for part in parts if part.peak_hu is not None]
    return Measures(
        agatston=sum(part.agatston for part in parts),
        volume_mm3=sum(part.volume_mm3 for part in parts),
        volume_isotropic_mm3=sum(part.volume_isotropic_mm3 for part in parts),
        mass_mg=sum(part.mass_mg for part in parts),
        mass_calibrated=calibrated,
        density_score=3.1 if peaks else None,
        lesions=sum(part.lesions for part in parts),
        peak_hu=max(peaks, default=None),
    )


def _lesion(number: int, vessel: Vessel, measures: Measures, labels: np.ndarray) -> Lesion:
    slices = np.flatnonzero((labels == vessel.label).any(axis=(1, 2)))
    return Lesion(
        id=number,
        vessel=vessel,
        agatston=measures.agatston,
        volume_mm3=measures.volume_mm3,
        mass_mg=measures.mass_mg,
        peak_hu=measures.peak_hu or 0.0,
        mean_hu=221.0,
        centre_lps_mm=(12.1, -80.3, 155.0),
        slices=tuple(int(index) for index in slices),
        confidence=0.97,
        evidence=("in epicardial fat",),
    )


def _context(person: Mapping[str, object], without: tuple[str, ...]) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20260102", "030000", "ACC0001", "1"
    ds.StudyDescription, ds.ReferringPhysicianName = "CT cardiac calcium score", "Referrer^R"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Sample^Case", "S-1", "19710101"
    ds.PatientSex, ds.PatientAge = "M", "055Y"
    for keyword, value in person.items():
        setattr(ds, keyword, value)
    for keyword in without:
        del ds[keyword]
    return ds


def _equipment() -> Dataset:
    ds = Dataset()
    ds.Manufacturer, ds.ManufacturerModelName, ds.StationName = "ACME", "Scanner 1", "CT1"
    ds.DeviceSerialNumber, ds.SoftwareVersions, ds.InstitutionName = "4711", ["VA1", "VA2"], "Hospital"
    ds.AcquisitionDate, ds.AcquisitionTime = "20260102", "030100"
    return ds


def _plane(index: int, slices: int, size: int, fov_mm: float) -> Dataset:
    spacing = fov_mm / size
    ds = Dataset()
    ds.ImagePositionPatient = [-90, -90, 1000 - 3 * slices + 3 * index]
    ds.ImageOrientationPatient, ds.PixelSpacing = [1, 0, 0, 0, 1, 0], [spacing, spacing]
    ds.SliceThickness, ds.AcquisitionNumber, ds.PatientPosition = "3", 1, "HFS"
    ds.AcquisitionDate, ds.AcquisitionTime = "20260102", "030100"
    return ds


def _read_back(ds: Dataset) -> Dataset:
    """The data set as a reader hands it on: elements that were never decoded."""
    buffer = io.BytesIO()
    ds.save_as(buffer, implicit_vr=False, little_endian=True)
    return pydicom.dcmread(io.BytesIO(buffer.getvalue()), force=True)


def _file(ds: Dataset) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
