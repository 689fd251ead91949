"""SourceHeader: what a report repeats of the scanned series, element by element as it came."""

from collections.abc import Iterable, Sequence

from pydicom.dataset import Dataset

from node.facts import SourceHeader, SourceSlice
from node.reading.attributes import CONVERSION_FAULTS, text, whole

CONTEXT = (
    "SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName", "StudyDescription", "PatientName", "PatientID", "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence", "PatientBirthDate", "PatientSex", "PatientAge",
    "PatientSize", "PatientWeight", "EthnicGroup", "PatientComments", "StudyInstanceUID", "StudyID",
    "PatientIdentityRemoved", "DeidentificationMethod", "ClinicalTrialSponsorName", "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID", "TimezoneOffsetFromUTC", "RequestAttributesSequence", "ReferencedRequestSequence",
)  # fmt: skip
"""Patient, study and request attributes that every report carries verbatim."""

EQUIPMENT = (
    "SpecificCharacterSet", "Manufacturer", "ManufacturerModelName", "StationName", "DeviceSerialNumber",
    "SoftwareVersions", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "DeviceUID",
    "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ProtocolName",
)  # fmt: skip

PLANE = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
    "FrameOfReferenceUID", "PositionReferenceIndicator", "Laterality", "PatientPosition", "AcquisitionNumber",
    "AcquisitionDate", "AcquisitionTime", "ContentDate", "ContentTime", "Rows", "Columns",
)  # fmt: skip


def source_header(planes: Sequence[Dataset], frame_numbers: Sequence[int | None]) -> SourceHeader:
    """Header of a series from the flat headers of its slices, in the order of the volume."""
    first = planes[0]
    return SourceHeader(
        context=verbatim(first, CONTEXT),
        equipment=verbatim(first, EQUIPMENT),
        study_instance_uid=text(first, "StudyInstanceUID"),
        series_instance_uid=text(first, "SeriesInstanceUID"),
        frame_of_reference_uid=text(first, "FrameOfReferenceUID") or None,
        series_number=whole(first, "SeriesNumber"),
        series_description=text(first, "SeriesDescription"),
        rows=whole(first, "Rows") or 0,
        columns=whole(first, "Columns") or 0,
        kernel=text(first, "ConvolutionKernel"),
        body_part=text(first, "BodyPartExamined"),
        slices=tuple(
            _source_slice(plane, frame_number, place)
            for place, (plane, frame_number) in enumerate(zip(planes, frame_numbers, strict=True), 1)
        ),
    )


def _source_slice(plane: Dataset, frame_number: int | None, place: int) -> SourceSlice:
    instance_number = whole(plane, "InstanceNumber")
    return SourceSlice(
        sop_class_uid=text(plane, "SOPClassUID"),
        sop_instance_uid=text(plane, "SOPInstanceUID"),
        frame_number=frame_number,
        instance_number=place if instance_number is None else instance_number,
        plane=verbatim(plane, PLANE),
    )


def verbatim(header: Dataset, keywords: Iterable[str]) -> Dataset:
    """Copy of the named elements, those that can be read; the character set comes along where it is named."""
    kept = Dataset()
    for keyword in keywords:
        try:
            if keyword in header:
                kept[keyword] = header[keyword]
        except CONVERSION_FAULTS:
            continue
    return kept
